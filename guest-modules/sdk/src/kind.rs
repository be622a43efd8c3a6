use crate::{
    Alerts, Batch, Earlier, Enrichment, Finding, Gap, Group, Grouped, Instant, Sentence, Settings,
};

/// A module that groups alerts. Export it with [`export_grouper!`](crate::export_grouper).
pub trait Grouper {
    /// Places every alert of the batch, in order.
    fn group(as_of: Instant, settings: &Settings, batch: &Batch) -> Grouped;
}

/// A module that adds facts to alerts. Export it with [`export_enricher!`](crate::export_enricher).
pub trait Enricher {
    /// Facts about the alerts of the batch, in row order; at most 32 per alert.
    fn enrich(as_of: Instant, settings: &Settings, batch: &Batch) -> Vec<Enrichment>;
}

/// A module that drafts a case's summary. Export it with [`export_drafter!`](crate::export_drafter).
pub trait Drafter {
    /// The draft: 1 to 128 sentences, in reading order.
    fn draft(as_of: Instant, settings: &Settings, dossier: &Dossier) -> Vec<Sentence>;
}

/// All a drafter is handed.
#[derive(Clone, Debug)]
pub struct Dossier {
    /// Representative alerts; row `r` is evidence `r`.
    pub alerts: Batch,
    /// The case's groups by the time of their first alert; never empty.
    pub groups: Vec<Group>,
    /// What enrichment found.
    pub findings: Vec<Finding>,
    /// By time, the latest first; at most 16.
    pub earlier: Vec<Earlier>,
    /// What is missing and why; may be empty.
    pub gaps: Vec<Gap>,
}

#[doc(hidden)]
impl From<crate::bindings::drafter::exports::casemate::soc::drafting::Dossier> for Dossier {
    fn from(d: crate::bindings::drafter::exports::casemate::soc::drafting::Dossier) -> Self {
        let alerts: Alerts = d.alerts;
        Self {
            alerts: alerts.into(),
            groups: d.groups,
            findings: d.findings,
            earlier: d.earlier,
            gaps: d.gaps,
        }
    }
}

/// Makes a type the module's [`Grouper`]. Natively it expands to nothing.
#[macro_export]
macro_rules! export_grouper {
    ($module:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::private::grouper as world;
            struct Exported;
            impl world::exports::casemate::soc::grouping::Guest for Exported {
                fn group(
                    as_of: $crate::Instant,
                    settings: ::std::vec::Vec<$crate::private::Setting>,
                    batch: $crate::Alerts,
                ) -> $crate::Grouped {
                    $crate::private::start();
                    <$module as $crate::Grouper>::group(
                        as_of,
                        &settings.into(),
                        &$crate::Batch::from(batch),
                    )
                }
            }
    world::export!(Exported with_types_in $crate::private::grouper);
        };
    };
}

/// Makes a type the module's [`Enricher`]. Natively it expands to nothing.
#[macro_export]
macro_rules! export_enricher {
    ($module:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::private::enricher as world;
            struct Exported;
            impl world::exports::casemate::soc::enriching::Guest for Exported {
                fn enrich(
                    as_of: $crate::Instant,
                    settings: ::std::vec::Vec<$crate::private::Setting>,
                    batch: $crate::Alerts,
                ) -> ::std::vec::Vec<$crate::Enrichment> {
                    $crate::private::start();
                    <$module as $crate::Enricher>::enrich(
                        as_of,
                        &settings.into(),
                        &$crate::Batch::from(batch),
                    )
                }
            }
    world::export!(Exported with_types_in $crate::private::enricher);
        };
    };
}

/// Makes a type the module's [`Drafter`]. Natively it expands to nothing.
#[macro_export]
macro_rules! export_drafter {
    ($module:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::private::drafter as world;
            struct Exported;
            impl world::exports::casemate::soc::drafting::Guest for Exported {
                fn draft(
                    as_of: $crate::Instant,
                    settings: ::std::vec::Vec<$crate::private::Setting>,
                    dossier: world::exports::casemate::soc::drafting::Dossier,
                ) -> ::std::vec::Vec<$crate::Sentence> {
                    $crate::private::start();
                    <$module as $crate::Drafter>::draft(as_of, &settings.into(), &dossier.into())
                }
            }
    world::export!(Exported with_types_in $crate::private::drafter);
        };
    };
}
