//! What each source's severity is in OCSF's words; one table a source.

use crate::model::Severity;

/// OCSF's own `severity_id`.
pub(super) fn ocsf(id: &str) -> Severity {
    id.parse().map_or(Severity::Unknown, Severity::from_ocsf_id)
}

/// Wazuh's rule level, 0 to 16 (documentation.wazuh.com, "Rules classification"), in the bands in
/// which Wazuh's own dashboard counts alerts: low 0 to 6, medium 7 to 11, high 12 to 14, critical
/// 15 and above. A level that nothing is documented for is unknown.
pub(super) fn wazuh(level: &str) -> Severity {
    match level.parse::<u8>() {
        Ok(0..=6) => Severity::Low,
        Ok(7..=11) => Severity::Medium,
        Ok(12..=14) => Severity::High,
        Ok(15 | 16) => Severity::Critical,
        Ok(_) | Err(_) => Severity::Unknown,
    }
}

/// Suricata's `alert.severity`: the rule's priority, 1 the most severe, 1 to 255
/// (docs.suricata.io, "Meta Keywords", `priority`); what the ones in use mean is Snort's default
/// classification, from which Suricata's `classification.config` comes: 1 high, 2 medium, 3 low,
/// 4 very low.
pub(super) fn suricata(priority: &str) -> Severity {
    match priority.parse::<u8>() {
        Ok(1) => Severity::High,
        Ok(2) => Severity::Medium,
        Ok(3) => Severity::Low,
        Ok(4..=255) => Severity::Informational,
        Ok(0) | Err(_) => Severity::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_has_the_word_its_source_gives_it() {
        let words = |f: fn(&str) -> Severity, from: u16, to: u16| {
            (from..=to)
                .map(|n| f(&n.to_string()).word().chars().next().unwrap())
                .collect::<String>()
        };
        assert_eq!(words(wazuh, 0, 18), "lllllllmmmmmhhhccuu");
        assert_eq!(words(suricata, 0, 5), "uhmlii");
        assert_eq!(words(ocsf, 0, 7), "uilmhcfu");
        for f in [wazuh, suricata, ocsf] {
            for odd in ["", "-1", "high", "99999999999999999999", "3.5"] {
                assert_eq!(f(odd), Severity::Unknown, "{odd}");
            }
        }
        assert_eq!(ocsf("99"), Severity::Unknown);
    }
}
