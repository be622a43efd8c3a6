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
/// its unified alerts, `INFO` or `LOW` to `CRITICAL` (its API's own reference); Microsoft's, in any
/// case: Graph's `alertSeverity`, Defender's and Sentinel's (learn.microsoft.com, "alert resource
/// type"; "Incidents - Get").
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

/// GuardDuty's value (docs.aws.amazon.com, "Severity levels for GuardDuty findings"): low 1.0 to 3.9
/// (once 0.1 to 3.9), medium 4.0 to 6.9, high 7.0 to 8.9, critical 9.0 to 10.0; others are reserved.
pub(super) fn guardduty(value: &str) -> Severity {
    match value.parse::<f64>() {
        Ok(v) if v > 0.0 && v < 4.0 => Severity::Low,
        Ok(v) if (4.0..7.0).contains(&v) => Severity::Medium,
        Ok(v) if (7.0..9.0).contains(&v) => Severity::High,
        Ok(v) if (9.0..=10.0).contains(&v) => Severity::Critical,
        Ok(_) | Err(_) => Severity::Unknown,
    }
}

/// ASFF's `Severity.Label`, or where it is absent `Severity.Normalized` (docs.aws.amazon.com, Security
/// Hub API, "Severity"): 0 informational, 1 to 39 low, 40 to 69 medium, 70 to 89 high, 90 to 100
/// critical.
pub(super) fn securityhub(label: &str) -> Severity {
    match label.parse::<u8>() {
        Ok(0) => Severity::Informational,
        Ok(1..=39) => Severity::Low,
        Ok(40..=69) => Severity::Medium,
        Ok(70..=89) => Severity::High,
        Ok(90..=100) => Severity::Critical,
        Ok(_) => Severity::Unknown,
        Err(_) => word(label),
    }
}

/// CEF's severity (ArcSight, "Implementing ArcSight Common Event Format", version 25): 0 to 3 low,
/// 4 to 6 medium, 7 and 8 high, 9 and 10 very high, or these words.
pub(super) fn cef(severity: &str) -> Severity {
    match severity.parse::<u8>() {
        Ok(0..=3) => Severity::Low,
        Ok(4..=6) => Severity::Medium,
        Ok(7 | 8) => Severity::High,
        Ok(9 | 10) => Severity::Critical,
        Ok(_) => Severity::Unknown,
        Err(_) => match severity.to_ascii_lowercase().as_str() {
            "very-high" | "very high" => Severity::Critical,
            text => word(text),
        },
    }
}

/// LEEF's `sev`, 1 to 10, 10 the most severe (ibm.com, "Predefined LEEF event attributes"). No bands
/// are documented; these are CEF's.
pub(super) fn leef(severity: &str) -> Severity {
    match severity.parse::<u8>() {
        Ok(0) => Severity::Unknown,
        Ok(_) | Err(_) => cef(severity),
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
        assert_eq!(words(guardduty, 0, 11), "ulllmmmhhccu");
        assert_eq!(words(cef, 0, 11), "llllmmmhhccu");
        assert_eq!(words(leef, 0, 11), "ulllmmmhhccu");
        assert_eq!(guardduty("8.9"), Severity::High);
        assert_eq!(guardduty("NaN"), Severity::Unknown);
        assert_eq!(words(securityhub, 0, 1), "il");
        assert_eq!(words(securityhub, 39, 40), "lm");
        assert_eq!(words(securityhub, 69, 70), "mh");
        assert_eq!(words(securityhub, 89, 90), "hc");
        assert_eq!(words(securityhub, 100, 101), "cu");
        assert_eq!(securityhub("CRITICAL"), Severity::Critical);
        assert_eq!(word("unknownFutureValue"), Severity::Unknown);
        assert_eq!(word("Informational"), Severity::Informational);
        assert_eq!(cef("Very-High"), Severity::Critical);
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
