//! The sources, one table a file. A new source is a variant of [`Source`], a file here and a line
//! below; everything else follows from its table.

mod aws;
mod cef;
mod crowdstrike;
mod crowdstrike_streams;
mod elastic;
mod entities;
mod eve;
mod graph;
mod guardduty;
mod leef;
mod ocsf;
mod securityhub;
mod sentinel;
mod sentinelone;
mod wazuh;

use super::table::Table;
use crate::model::Source;

/// The table of a source.
pub(super) const fn table(source: Source) -> &'static Table {
    match source {
        Source::Ocsf => &ocsf::TABLE,
        Source::Wazuh => &wazuh::TABLE,
        Source::Eve => &eve::TABLE,
        Source::Elastic => &elastic::TABLE,
        Source::Crowdstrike => &crowdstrike::TABLE,
        Source::SentinelOne => &sentinelone::TABLE,
        Source::Graph => &graph::TABLE,
        Source::Sentinel => &sentinel::TABLE,
        Source::GuardDuty => &guardduty::TABLE,
        Source::SecurityHub => &securityhub::TABLE,
        Source::Cef => &cef::TABLE,
        Source::Leef => &leef::TABLE,
    }
}

/// Whether the source's documents come with their keys in several cases and with objects as text:
/// AWS writes its own interfaces' answers in `PascalCase` and its events in `camelCase`, Microsoft its
/// tables so and so, with `dynamic` columns as text.
pub(super) const fn is_loose(source: Source) -> bool {
    match source {
        Source::Graph | Source::Sentinel | Source::GuardDuty | Source::SecurityHub => true,
        Source::Ocsf
        | Source::Wazuh
        | Source::Eve
        | Source::Elastic
        | Source::Crowdstrike
        | Source::SentinelOne
        | Source::Cef
        | Source::Leef => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_has_its_own_table_where_it_is_looked_for() {
        for (number, source) in Source::ALL.iter().enumerate() {
            assert_eq!(*source as usize, number);
            assert_eq!(table(*source).source, *source);
            if is_loose(*source) {
                let compiled = super::super::table::Compiled::of(*source);
                assert!(compiled.names.spelled_once(), "{source:?}");
            }
        }
    }
}
