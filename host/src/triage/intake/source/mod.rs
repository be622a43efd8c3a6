//! The sources, one table a file. A new source is a variant of [`Source`], a file here and a line
//! below; everything else follows from its table.

mod crowdstrike;
mod crowdstrike_streams;
mod elastic;
mod eve;
mod ocsf;
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
        Source::Graph => &ocsf::TABLE,
        Source::Sentinel => &ocsf::TABLE,
        Source::GuardDuty => &ocsf::TABLE,
        Source::SecurityHub => &ocsf::TABLE,
        Source::Cef => &ocsf::TABLE,
        Source::Leef => &ocsf::TABLE,
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
        }
    }
}
