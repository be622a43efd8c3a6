//! The home's defaults: as they are written, and replaced for some tenants first or for all.

use crate::boundary::{
    Applications, AppliedTo, Boundary, Defaults, Difference, HostNames, NotSigned, RequireSigned,
    Rollout, Roster,
};
use crate::caller::Caller;
use crate::model::{Digest, Instant, TenantId, Text};
use crate::open::Casemate;
use crate::setup::SetupError;
use crate::store::{Home, StoreError};
use crate::triage::NotStarted;
use crate::written::Problems;
use std::sync::Arc;
use std::time::Duration;

/// How long a change of the defaults waits for whoever works on one of the tenants.
const WAIT: Duration = Duration::from_secs(1);
/// How often the files are read again where they do not belong together: they may be changing.
const READINGS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(20);

/// The defaults of a home as they are written now.
#[derive(Debug)]
pub struct HomeDefaults {
    current: Result<Option<Arc<Defaults>>, Problems>,
    first: First,
    signing: Signing,
}

/// Whether boundaries have to be signed, and by what that is judged.
#[derive(Debug)]
enum Signing {
    NotWanted,
    Wanted(Roster, Applications),
    /// It cannot be read.
    Unknown(Problems),
}

impl Signing {
    fn read(home: &Home, roster: &Roster, besides: RequireSigned) -> Result<Self, StoreError> {
        let text = home.text(RequireSigned::FILE)?;
        let required = match RequireSigned::parse(text.as_deref()) {
            Ok(required) => required.or(besides),
            Err(problems) => return Ok(Self::Unknown(problems)),
        };
        if !required.boundaries {
            return Ok(Self::NotWanted);
        }
        let text = home.text(Applications::FILE)?;
        Ok(match Applications::parse(text.as_deref()) {
            Ok(applications) => Self::Wanted(roster.clone(), applications),
            Err(problems) => Self::Unknown(problems),
        })
    }
}

/// Whether some tenants have other defaults first.
#[derive(Debug)]
enum First {
    /// None have.
    None,
    /// These have.
    Some(Rollout, Result<Arc<Defaults>, NotNext>),
    /// It cannot be read which.
    Unknown(Problems),
}

/// Why what is rolled out to some tenants is in effect for none.
#[derive(Debug)]
enum NotNext {
    Missing,
    OtherDigest(Digest),
    Wrong(Problems),
}

impl HomeDefaults {
    /// Reads them; `besides` is what has to be signed whatever `host.toml` says.
    pub(crate) fn read(
        home: &Home,
        host: &HostNames,
        roster: &Roster,
        besides: RequireSigned,
    ) -> Result<Self, StoreError> {
        let mut readings = 0;
        loop {
            let signing = Signing::read(home, roster, besides)?;
            let read = Self::read_once(home, host, signing)?;
            readings += 1;
            // Somebody may be replacing them just now, one file after the other.
            let torn = matches!(
                &read.first,
                First::Some(_, Err(NotNext::Missing | NotNext::OtherDigest(_)))
            );
            if !torn || readings == READINGS {
                return Ok(read);
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn read_once(home: &Home, host: &HostNames, signing: Signing) -> Result<Self, StoreError> {
        // Before the others: what takes effect for all is written before this goes.
        let rollout = home.text(Rollout::FILE)?;
        let first = match rollout.as_deref().map(Rollout::parse) {
            None => First::None,
            Some(Err(problems)) => First::Unknown(problems),
            Some(Ok(rollout)) => {
                let next = match home.defaults(Defaults::NEXT)? {
                    None => Err(NotNext::Missing),
                    Some(text) => next(&rollout, &text, host),
                };
                First::Some(rollout, next)
            }
        };
        let current = match home.defaults(Defaults::FILE)? {
            None => Ok(None),
            Some(text) => Defaults::parse(&text, host).map(|d| Some(Arc::new(d))),
        };
        Ok(Self {
            current,
            first,
            signing,
        })
    }

    /// That an operator signed the text that was applied to it, where that is wanted.
    pub(super) fn is_signed(
        &self,
        to: &AppliedTo,
        file: &'static str,
        text: &str,
    ) -> Result<(), NotStarted> {
        match &self.signing {
            Signing::NotWanted => Ok(()),
            Signing::Unknown(problems) => Err(NotStarted::HomeFile(problems.clone())),
            Signing::Wanted(roster, applications) => {
                let signed = applications.signed(roster, to, text);
                signed
                    .map(drop)
                    .map_err(|why| NotStarted::NotSigned { file, why })
            }
        }
    }

    /// The defaults that are in effect for a tenant; none where there are none for it.
    ///
    /// # Errors
    /// Where they do not hold, so that nothing is known of what they deny. Those for all tenants and
    /// the file that says who has others first stop all; those for some first stop these.
    pub fn of(&self, tenant: &TenantId) -> Result<Option<Arc<Defaults>>, NotStarted> {
        self.is_there()?;
        let found = self.stated(tenant)?;
        if let Some(defaults) = &found {
            self.is_signed(&AppliedTo::Defaults, defaults.file(), defaults.text())?;
        }
        Ok(found)
    }

    /// That defaults which were applied are there, where boundaries have to be signed: a file that is
    /// gone is no signed one.
    fn is_there(&self) -> Result<(), NotStarted> {
        let Signing::Wanted(_, applications) = &self.signing else {
            return Ok(());
        };
        let gone = matches!((&self.current, &self.first), (Ok(None), First::None));
        match gone && applications.of(&AppliedTo::Defaults).next().is_some() {
            true => Err(NotStarted::NotSigned {
                file: Defaults::FILE,
                why: NotSigned::Gone,
            }),
            false => Ok(()),
        }
    }

    fn stated(&self, tenant: &TenantId) -> Result<Option<Arc<Defaults>>, NotStarted> {
        let current = match &self.current {
            Ok(current) => current,
            Err(problems) => return Err(NotStarted::Defaults(problems.clone())),
        };
        match &self.first {
            First::Unknown(problems) => Err(NotStarted::Defaults(problems.clone())),
            First::Some(rollout, next) if rollout.tenants.contains(tenant) => match next {
                Ok(next) => Ok(Some(next.clone())),
                Err(why) => {
                    let why = Text::capped(&why.said(), 1_000);
                    Err(NotStarted::Rollout(tenant.clone(), why))
                }
            },
            First::None | First::Some(_, _) => Ok(current.clone()),
        }
    }

    /// Those for all tenants; none where there are none.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn current(&self) -> Result<Option<&Defaults>, &Problems> {
        self.current.as_ref().map(Option::as_deref)
    }

    /// Who has others first; none where nobody has.
    ///
    /// # Errors
    /// All that is wrong with the file that says so.
    pub fn rollout(&self) -> Result<Option<&Rollout>, &Problems> {
        match &self.first {
            First::None => Ok(None),
            First::Some(rollout, _) => Ok(Some(rollout)),
            First::Unknown(problems) => Err(problems),
        }
    }

    /// Why those that some tenants are to have first are in effect for none of these; none where they
    /// are, or where there are none.
    pub fn next_error(&self) -> Option<String> {
        match &self.first {
            First::Some(_, Err(why)) => Some(why.said()),
            First::None | First::Some(_, Ok(_)) | First::Unknown(_) => None,
        }
    }
}

impl NotNext {
    fn said(&self) -> String {
        let (next, rollout) = (Defaults::NEXT, Rollout::FILE);
        match self {
            Self::Missing => format!("`{next}` is not there, and `{rollout}` names it"),
            Self::OtherDigest(found) => {
                format!("`{next}` has sha256:{found}, which is not the digest in `{rollout}`")
            }
            Self::Wrong(problems) => problems.to_string(),
        }
    }
}

fn next(rollout: &Rollout, text: &str, host: &HostNames) -> Result<Arc<Defaults>, NotNext> {
    let digest = Digest::of(text.as_bytes());
    if digest != rollout.digest {
        return Err(NotNext::OtherDigest(digest));
    }
    Defaults::parse_next(text, host)
        .map(Arc::new)
        .map_err(NotNext::Wrong)
}

/// What a file would change where it took the place of the defaults, for some tenants first or for
/// all. Made by [`Casemate::plan_defaults`].
#[derive(Clone, Debug, serde::Serialize)]
pub struct DefaultsPlan {
    #[serde(skip)]
    text: String,
    /// The digest of the file.
    digest: Digest,
    /// The tenants that would have it first, with those that have another first already; none where
    /// all would.
    first: Vec<TenantId>,
    /// Every tenant of the home.
    tenants: Vec<TenantChange>,
}

/// What a change of the defaults is for one tenant.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct TenantChange {
    /// The tenant.
    pub tenant: TenantId,
    /// Whether it would take effect for this tenant now, or is only told.
    pub now: bool,
    /// What would change; none where the tenant's own file does not hold.
    pub difference: Option<Difference>,
    /// Why the tenant does not start, before or after.
    pub error: Option<String>,
    /// The digests of what is and would be in effect.
    #[serde(skip)]
    digests: [Option<Digest>; 2],
}

impl DefaultsPlan {
    /// The tenants that would have it first; none where all would.
    pub fn first(&self) -> &[TenantId] {
        &self.first
    }

    /// What it is for each tenant of the home, in the order of their ids.
    pub fn tenants(&self) -> &[TenantChange] {
        &self.tenants
    }

    /// The digest of the file.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// Defaults that were applied.
#[derive(Debug)]
pub struct DefaultsApplied {
    /// The tenants for which something else is in effect now, each with why that is not in its trail
    /// yet; none where it is.
    pub tenants: Vec<(TenantId, Option<NotStarted>)>,
}

impl Casemate {
    /// The home's defaults as they are written now, also by another process.
    ///
    /// # Errors
    /// When a file cannot be read. One that is wrong is told by [`HomeDefaults::of`].
    pub fn defaults(&self) -> Result<HomeDefaults, StoreError> {
        let besides = self.settings().require_signed;
        HomeDefaults::read(self.home(), &self.host_names(), self.roster(), besides)
    }

    /// What a text would change where it took the place of the defaults: for these tenants first, or
    /// for all where none is named. Nothing is changed. Tenants that have others first already have
    /// these first, too.
    ///
    /// # Errors
    /// When the text does not hold, there is no such tenant, or the home cannot be read.
    pub fn plan_defaults(
        &self,
        text: &str,
        first: &[TenantId],
    ) -> Result<DefaultsPlan, SetupError> {
        let parse = match first {
            [] => Defaults::parse,
            _ => Defaults::parse_next,
        };
        let new = parse(text, &self.host_names()).map_err(SetupError::Boundary)?;
        let new = Arc::new(new);
        let defaults = self.defaults()?;
        let mut union = first.to_vec();
        for tenant in first {
            self.home().tenant(tenant)?;
        }
        if let (false, Ok(Some(rollout))) = (first.is_empty(), defaults.rollout()) {
            union.extend(rollout.tenants.iter().cloned());
        }
        union.sort();
        union.dedup();
        let as_of = self.settings().clock.now();
        let mut tenants = Vec::new();
        for tenant in self.tenants()? {
            let now = union.is_empty() || union.contains(&tenant);
            tenants.push(self.changed(tenant, now, &defaults, &new, as_of)?);
        }
        Ok(DefaultsPlan {
            text: text.to_owned(),
            digest: new.digest(),
            first: union,
            tenants,
        })
    }

    fn changed(
        &self,
        tenant: TenantId,
        now: bool,
        defaults: &HomeDefaults,
        new: &Arc<Defaults>,
        as_of: Instant,
    ) -> Result<TenantChange, SetupError> {
        let scope = self.home().tenant(&tenant)?;
        let own = self.own_boundary(&scope);
        let in_effect = defaults.of(&tenant);
        let error = match (&own, &in_effect) {
            (Err(error), _) | (Ok(_), Err(error)) => Some(error.to_string()),
            (Ok(_), Ok(_)) => None,
        };
        let after = own
            .as_ref()
            .ok()
            .map(|own| own.clone().under(Some(new.clone())));
        let before = own.ok().zip(in_effect.ok());
        let before = before.map(|(own, defaults)| own.under(defaults));
        Ok(TenantChange {
            tenant,
            now,
            difference: after
                .as_ref()
                .map(|after| Difference::between(before.as_ref(), after, as_of)),
            error,
            digests: [&before, &after].map(|b| b.as_ref().map(Boundary::digest)),
        })
    }

    /// Replaces the defaults as it was planned: for some tenants first, or for all, which ends that
    /// some have others first. It is recorded in the trail of each tenant for which something else is
    /// in effect, and takes effect for starts after it. Who did it is written into `applied.toml` of
    /// the home first, with the operator's OpenSSH signature over the text for
    /// [`Purpose::Defaults`](crate::boundary::Purpose::Defaults), where there is one.
    ///
    /// # Errors
    /// When the person is no operator, the signature is wanted and missing or does not hold, what is in effect is not what the plan was made against, or a
    /// file cannot be written.
    pub fn apply_defaults(
        &self,
        plan: &DefaultsPlan,
        by: &Caller,
        signature: Option<&str>,
    ) -> Result<DefaultsApplied, SetupError> {
        self.may_apply(&AppliedTo::Defaults, &plan.text, by, signature)?;
        let alone = self.home().lock()?;
        let again = self.plan_defaults(&plan.text, &plan.first)?;
        let digests = |plan: &DefaultsPlan| -> Vec<_> {
            let each = plan.tenants.iter();
            each.map(|t| (t.tenant.clone(), t.now, t.digests)).collect()
        };
        if again.first != plan.first || digests(&again) != digests(plan) {
            return Err(SetupError::ChangedMeanwhile);
        }
        self.note_applied(AppliedTo::Defaults, &plan.text, by, signature)?;
        let home = self.home();
        if plan.first.is_empty() {
            home.replace_text(Defaults::FILE, &plan.text)?;
            // Those that had it first go by the same bytes until this is gone.
            home.remove_text(Rollout::FILE)?;
            home.remove_text(Defaults::NEXT)?;
        } else {
            home.replace_text(Defaults::NEXT, &plan.text)?;
            let rollout = Rollout {
                digest: plan.digest,
                tenants: plan.first.clone(),
                by: Text::capped(by.id(), 254),
                at: self.settings().clock.now(),
            };
            home.replace_text(Rollout::FILE, &rollout.text())?;
        }
        drop(alone);
        let changed = plan.tenants.iter().filter(|t| {
            let [before, after] = t.digests;
            t.now && after.is_some() && before != after
        });
        let record = |t: &TenantChange| {
            let not_recorded = self.record_boundary(&t.tenant, WAIT).err();
            (t.tenant.clone(), not_recorded)
        };
        Ok(DefaultsApplied {
            tenants: changed.map(record).collect(),
        })
    }
}
