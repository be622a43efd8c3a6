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

/// The words that most sources use: Elastic's `kibana.alert.severity`, `low` to `critical`
/// (elastic.co, "Detection alert schema"); Wazuh 5's `wazuh.rule.level`, `informational` to
/// `critical` (documentation.wazuh.com, 5.0, "Rules"); SentinelOne's `ruleInfo.severity` and that of
/// its unified alerts, `INFO` or `LOW` to `CRITICAL` (its API's own reference).
pub(super) fn word(text: &str) -> Severity {
    match text.to_ascii_lowercase().as_str() {
        "informational" | "info" => Severity::Informational,
        "low" => Severity::Low,
        "medium" => Severity::Medium,
        "high" => Severity::High,
        "critical" => Severity::Critical,
        "fatal" => Severity::Fatal,
        _ => Severity::Unknown,
    }
}

/// ECS's `event.severity`: a number of the source's own scale, so unknown, save for the four that
/// Elastic's own products and integrations write for their words, which are those of its detection
/// rules' default risk scores: 21 low, 47 medium, 73 high, 99 critical.
pub(super) fn ecs(number: &str) -> Severity {
    match number {
        "21" => Severity::Low,
        "47" => Severity::Medium,
        "73" => Severity::High,
        "99" => Severity::Critical,
        text => word(text),
    }
}

/// CrowdStrike's `severity_name`, or its `severity` from 1 to 100 in the bands of Falcon's console:
/// informational up to 19, low up to 39, medium up to 59, high up to 79, critical above. Numbers below
/// 10 are unknown without a name: older events count 1 to 5 upwards, those of cloud posture 1 to 3
/// downwards.
pub(super) fn crowdstrike(text: &str) -> Severity {
    match text.parse::<u8>() {
        Ok(10..=19) => Severity::Informational,
        Ok(20..=39) => Severity::Low,
        Ok(40..=59) => Severity::Medium,
        Ok(60..=79) => Severity::High,
        Ok(80..=100) => Severity::Critical,
        Ok(_) => Severity::Unknown,
        Err(_) => word(text),
    }
}

/// SentinelOne's threats have no severity; `confidenceLevel` stands for it. That a malicious one is
/// high and a suspicious one medium is ours: the vendor documents no such thing.
pub(super) fn sentinelone_confidence(text: &str) -> Severity {
    match text.to_ascii_lowercase().as_str() {
        "malicious" => Severity::High,
        "suspicious" => Severity::Medium,
        _ => Severity::Unknown,
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

    #[test]
    fn a_word_is_that_word_and_a_number_of_no_known_scale_is_unknown() {
        for f in [word, ecs, crowdstrike] {
            assert_eq!(f("HIGH"), Severity::High);
            assert_eq!(f("Informational"), Severity::Informational);
            for odd in ["", "-1", "3", "255", "99999999999999999999", "severe"] {
                assert_eq!(f(odd), Severity::Unknown, "{odd}");
            }
        }
        assert_eq!(ecs("73"), Severity::High);
        let bands = [("10", "informational"), ("20", "low"), ("59", "medium")];
        for (number, want) in bands
            .into_iter()
            .chain([("79", "high"), ("100", "critical")])
        {
            assert_eq!(crowdstrike(number).word(), want);
        }
        assert_eq!(sentinelone_confidence("malicious"), Severity::High);
        assert_eq!(sentinelone_confidence("n/a"), Severity::Unknown);
    }
}
