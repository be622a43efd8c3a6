use std::fmt;

use super::{Digest, Field, Instant, Severity, Text};

/// The tenant's own running number of an alert, from 1; never reused.
pub type AlertNumber = u64;

/// One normalised signal from one source.
///
/// What the source's document holds beside this stays in its bytes, which the store keeps whole.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Alert {
    /// Who the source is and what it calls this alert.
    pub identity: Identity,
    /// The form its document was taken as.
    pub format: Source,
    /// When it happened, by the source; see [`Alert::basis`].
    pub time: Instant,
    /// What [`Alert::time`] rests on.
    pub basis: TimeBasis,
    /// When whoever reported it saw it or wrote it down, where the source says so beside the time of
    /// the event.
    pub observed: Option<Instant>,
    /// The source's severity in OCSF's words; never changed.
    pub severity: Severity,
    /// The source's severity as it was written, for example `12` or `High`.
    pub source_severity: Text,
    /// SHA-256 of the source's bytes.
    pub digest: Digest,
    /// Its fields, in the order of the field list, each at most once and never empty. `severity`
    /// and `observables` are members of their own and not in here.
    pub fields: Vec<(Field, Text)>,
    /// Values one can pivot on, each (kind, value) once: those of the fields in the order of the
    /// field list, then those of the source's own list in its order.
    pub observables: Vec<Observable>,
}

/// What makes two documents the same alert: the source's product and the source's own id; where it
/// has none, the digest of its bytes stands for the id.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Identity {
    /// The product that raised it, for example `Suricata`.
    pub product: Text,
    /// The source's own id, if it has one.
    pub id: Option<Text>,
}

/// What an alert's time rests on.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum TimeBasis {
    /// The source's time of the event, with its zone or counted from the epoch.
    Event,
    /// The source's time of the event without a zone; UTC is assumed.
    EventZoneAssumed,
    /// The source gives no time of the event; the time at which it was observed stands for it.
    Observed,
    /// As [`TimeBasis::Observed`], written without a zone; UTC is assumed.
    ObservedZoneAssumed,
}

/// How an alert's time lies beside the host's clock when it was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case", tag = "is", content = "by_ms")]
pub enum Timing {
    /// Neither of the others.
    OnTime,
    /// It happened so many milliseconds before it was taken in: more than [`Timing::LATE_MS`].
    Late(u64),
    /// It happens so many milliseconds after it was taken in, more than [`Timing::AHEAD_MS`]: the
    /// source's clock or the host's is wrong, or a zone was assumed that it is not.
    Ahead(u64),
}

impl Timing {
    /// Alerts older than an hour are late: most sources deliver within minutes.
    pub const LATE_MS: u64 = 60 * 60 * 1000;
    /// Clocks that are kept right differ by far less than five minutes.
    pub const AHEAD_MS: u64 = 5 * 60 * 1000;
}

impl fmt::Display for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnTime => f.write_str("on time"),
            Self::Late(ms) => write!(f, "late by {}", span(*ms)),
            Self::Ahead(ms) => write!(f, "ahead of the host's clock by {}", span(*ms)),
        }
    }
}

/// A span of time in the two largest units.
fn span(ms: u64) -> String {
    let seconds = ms / 1000;
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min {seconds} s"),
        (0, hours) => format!("{hours} h {minutes} min"),
        (days, hours) => format!("{days} d {hours} h"),
    }
}

macro_rules! sources {
    ($($(#[doc = $doc:literal])* $variant:ident $word:literal $name:literal,)*) => {
        /// The form a document was taken as. Each has one table of its fields in `triage::intake`.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize,
            serde::Deserialize,
        )]
        pub enum Source { $($(#[doc = $doc])* #[serde(rename = $word)] $variant,)* }

        impl Source {
            /// All of them, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The one word for it, as `--from` takes it.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What a person calls such a document.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

// The order is part of the store's form: a new one goes to the end.
sources! {
    /// OCSF Detection Finding (class 2004) or Security Finding (class 2001).
    Ocsf "ocsf" "OCSF finding",
    /// Wazuh 4 `alerts.json`.
    Wazuh "wazuh" "Wazuh 4 alert",
    /// Suricata EVE.
    Eve "eve" "Suricata EVE alert",
    /// Elastic Security alert, or another ECS document that is one.
    Elastic "elastic" "Elastic Security alert",
    /// CrowdStrike Falcon alert or detection.
    Crowdstrike "crowdstrike" "CrowdStrike Falcon alert",
    /// SentinelOne threat or alert.
    SentinelOne "sentinelone" "SentinelOne alert",
    /// Microsoft Graph security alert: Defender and what it gathers.
    Graph "graph" "Microsoft Graph security alert",
    /// Microsoft Sentinel incident or alert.
    Sentinel "sentinel" "Microsoft Sentinel incident or alert",
    /// AWS GuardDuty finding, in its own form.
    GuardDuty "guardduty" "AWS GuardDuty finding",
    /// AWS Security Hub finding, in its own form (ASFF).
    SecurityHub "securityhub" "AWS Security Hub finding",
    /// Common Event Format.
    Cef "cef" "CEF event",
    /// Log Event Extended Format.
    Leef "leef" "LEEF event",
}

impl Source {
    /// The form that word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|s| s.word() == word)
    }
}

/// A typed value in an alert that one can pivot on.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Observable {
    /// Its type.
    pub kind: ObservableKind,
    /// Its text, as the source wrote it.
    pub value: Text,
    /// The field it stands in; none where only the source's own list of observables has it.
    pub field: Option<Field>,
}

/// What kind of thing an observable is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each says itself what it is")]
pub enum ObservableKind {
    Ip,
    Domain,
    Hash,
    User,
    Host,
    Process,
    Url,
}

impl ObservableKind {
    /// The lower-case word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Domain => "domain",
            Self::Hash => "hash",
            Self::User => "user",
            Self::Host => "host",
            Self::Process => "process",
            Self::Url => "url",
        }
    }
}

impl Alert {
    /// The value of a field, if the alert has it. `severity` is given as its OCSF word.
    pub fn field(&self, field: Field) -> Option<&str> {
        if field == Field::Severity {
            return Some(self.severity.word());
        }
        self.fields
            .iter()
            .find(|(f, _)| *f == field)
            .map(|(_, v)| v.as_str())
    }

    /// How its time lies beside when it was taken in.
    pub fn timing(&self, taken_in: Instant) -> Timing {
        let (event, host) = (self.time.millis(), taken_in.millis());
        let apart = event.abs_diff(host);
        if event > host && apart > Timing::AHEAD_MS {
            Timing::Ahead(apart)
        } else if event < host && apart > Timing::LATE_MS {
            Timing::Late(apart)
        } else {
            Timing::OnTime
        }
    }

    /// The source's own id, else the digest of its bytes.
    pub fn own_id(&self) -> String {
        match &self.identity.id {
            Some(id) => id.to_string(),
            None => format!("sha256:{}", self.digest),
        }
    }

    /// The digest under which the same alert is recognised when it is delivered again.
    pub fn key(&self) -> Digest {
        let id = self.own_id();
        Digest::of_parts(&[self.identity.product.as_str().as_bytes(), id.as_bytes()])
    }
}

impl serde::Serialize for Field {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            to.serialize_str(self.name())
        } else {
            to.serialize_u8(*self as u8)
        }
    }
}

impl<'de> serde::Deserialize<'de> for Field {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let found = if from.is_human_readable() {
            Self::parse(&<String as serde::Deserialize>::deserialize(from)?)
        } else {
            Self::ALL
                .get(usize::from(<u8 as serde::Deserialize>::deserialize(from)?))
                .copied()
        };
        found.ok_or_else(|| serde::de::Error::custom("no such field"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert_at(ms: i64) -> Alert {
        let identity = Identity {
            product: Text::capped("P", 8),
            id: None,
        };
        Alert {
            identity,
            format: Source::Ocsf,
            time: Instant::from_millis(ms),
            basis: TimeBasis::Event,
            observed: None,
            severity: Severity::Low,
            source_severity: Text::default(),
            digest: Digest::of(b""),
            fields: Vec::new(),
            observables: Vec::new(),
        }
    }

    #[test]
    fn an_alert_that_is_late_or_ahead_says_by_how_much() {
        let now = 1_795_212_000_000_i64;
        let timing = |ms: i64| alert_at(ms).timing(Instant::from_millis(now)).to_string();
        assert_eq!(timing(now), "on time");
        assert_eq!(timing(now - 3_600_000), "on time");
        assert_eq!(timing(now - 3_600_001), "late by 1 h 0 min");
        assert_eq!(timing(now - 90_061_000), "late by 1 d 1 h");
        assert_eq!(timing(now + 300_000), "on time");
        assert_eq!(
            timing(now + 301_000),
            "ahead of the host's clock by 5 min 1 s"
        );
        assert_eq!(timing(i64::MIN), "late by 106752011945 d 5 h");
    }

    #[test]
    fn each_source_has_a_word_of_its_own() {
        for source in Source::ALL {
            assert_eq!(Source::parse(source.word()), Some(*source));
        }
        assert_eq!(Source::parse("csv"), None);
    }
}
