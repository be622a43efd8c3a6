//! What an alert says, sorted into what names it: its rule, its subject, its details, its circumstances.

use std::net::IpAddr;

use casemate_sdk::{Alert, Batch, Field};

use crate::digest::{Digest, FastMap};

/// The rule: who says it. A title or a severity of its own makes a rule of its own, so that nothing
/// critical hides in what is low, and no single id of a forwarding sensor hides many detectors.
const RULE: [Field; 4] = [
    Field::Product,
    Field::Severity,
    Field::RuleId,
    Field::RuleName,
];
/// What a process alert is known by: details.
const PROCESS: [Field; 5] = [
    Field::ProcessName,
    Field::ProcessPath,
    Field::ProcessHash,
    Field::ProcessCommandLine,
    Field::ProcessParent,
];
/// Details too, except in network alerts: a scan or a password guesser changes them with every step.
const OBJECT: [Field; 5] = [
    Field::UserName,
    Field::FilePath,
    Field::FileHash,
    Field::Url,
    Field::Domain,
];
const SUBJECT: [Field; 4] = [
    Field::HostName,
    Field::HostIp,
    Field::DestinationIp,
    Field::SourceIp,
];
const FIELDS: usize = RULE.len() + PROCESS.len() + OBJECT.len() + SUBJECT.len() + 1;

/// What one or more alerts of a batch say, each part by its digest.
#[derive(Clone, Debug)]
pub(crate) struct Says {
    /// Rule, subject, details and circumstances: all it says.
    pub(crate) variant: Digest,
    /// Rule, subject and details.
    pub(crate) key: Digest,
    /// The machine, address or account it is about.
    pub(crate) subject: Digest,
    /// Rule and circumstances: the same elsewhere.
    pub(crate) rule: Digest,
    /// The detector's family; none where the detector is generic.
    pub(crate) family: Option<Digest>,
    /// The account, unless it's one that every machine has.
    pub(crate) user: Option<Digest>,
    /// A hash of a file or of the process.
    pub(crate) hash: Option<Digest>,
    /// The other side of the traffic.
    pub(crate) peer: Option<Digest>,
    /// Circumstances: what may change within one happening. Equal digests, equal circumstances.
    pub(crate) around: Digest,
    /// Whether it has details.
    pub(crate) detailed: bool,
    /// Whether it has circumstances.
    pub(crate) around_known: bool,
}

/// Sorts the alerts of a batch by what they say.
pub(crate) struct Sorter<'a> {
    batch: &'a Batch,
    columns: [Option<&'a [u32]>; FIELDS],
    known: FastMap<[u32; FIELDS], u32>,
    /// The distinct things said, in order of arrival.
    pub(crate) said: Vec<Says>,
}

impl<'a> Sorter<'a> {
    /// For a batch.
    pub(crate) fn new(batch: &'a Batch) -> Self {
        let mut columns = [None; FIELDS];
        let fields = RULE.iter().chain(&PROCESS).chain(&OBJECT).chain(&SUBJECT);
        for (slot, field) in columns.iter_mut().zip(fields.chain(&[Field::RuleCategory])) {
            *slot = batch.column(*field);
        }
        Self {
            batch,
            columns,
            known: FastMap::default(),
            said: Vec::new(),
        }
    }

    /// The index of what the alert says in `said`.
    pub(crate) fn sort(&mut self, alert: &Alert<'_>) -> u32 {
        let row = alert.row();
        let mut values = [0; FIELDS];
        for (to, column) in values.iter_mut().zip(&self.columns) {
            *to = column.and_then(|c| c.get(row)).copied().unwrap_or(0);
        }
        let next = u32::try_from(self.said.len()).unwrap_or(u32::MAX);
        let index = *self.known.entry(values).or_insert(next);
        if index == next {
            self.said.push(read(self.batch, alert));
        }
        index
    }
}

fn read(_batch: &Batch, alert: &Alert<'_>) -> Says {
    let get = |field: &Field| alert.get(*field).as_bytes();
    let rule = RULE.iter().map(get);
    let [name, own, to, from] = SUBJECT.map(|f| alert.get(f));
    let user = alert.get(Field::UserName);
    let (kind, subject) = if !name.is_empty() {
        ("host", name)
    } else if !own.is_empty() {
        ("host", own)
    } else if !to.is_empty() || !from.is_empty() {
        ("host", concerned(to, from))
    } else {
        ("user", user)
    };
    let here = |address: &str| address == subject || address == own;
    let peers = [from, to].map(|a| if here(a) { "" } else { a });
    let network =
        (!to.is_empty() || !from.is_empty()) && PROCESS.iter().all(|f| alert.key(*f) == 0);
    let object = || OBJECT.iter().map(get);
    let nothing = [&b""[..]; OBJECT.len()];
    let (fixed, changing): (Vec<_>, Vec<_>) = if network {
        (nothing.to_vec(), object().collect())
    } else {
        (object().collect(), nothing.to_vec())
    };
    let details: Vec<_> = PROCESS.iter().map(get).chain(fixed).collect();
    let around: Vec<_> = peers.iter().map(|p| p.as_bytes()).chain(changing).collect();
    let detailed = details.iter().any(|d| !d.is_empty());
    let around_known = around.iter().any(|d| !d.is_empty());
    let named = [kind.as_bytes(), subject.as_bytes()];
    let key: Vec<_> = rule.clone().chain(named).chain(details).collect();
    let hash = [Field::FileHash, Field::ProcessHash].map(|f| alert.get(f));
    let hash = hash.into_iter().find(|h| !h.is_empty());
    let one = |domain, text: &str| Digest::of(domain, [text.as_bytes()]);
    Says {
        variant: Digest::of(b'v', key.iter().chain(&around).copied()),
        key: Digest::of(b'k', key),
        subject: Digest::of(b's', named),
        rule: Digest::of(b'r', rule.chain(around.iter().copied())),
        family: family(alert.get(Field::RuleCategory), alert.rule_id()).map(|f| one(b'f', f)),
        user: Some(user).filter(|u| !everywhere(u)).map(|u| one(b'u', u)),
        hash: hash.map(|h| Digest::of(b'h', [h.to_ascii_lowercase().as_bytes()])),
        peer: peers.iter().find(|p| !p.is_empty()).map(|p| one(b'p', p)),
        around: Digest::of(b'a', around),
        detailed,
        around_known,
    }
}

/// Which end of a connection an alert is about: the one that is ours; where both or neither are, the
/// one the traffic went to.
fn concerned<'a>(to: &'a str, from: &'a str) -> &'a str {
    if to.is_empty() || (!ours(to) && ours(from)) {
        from
    } else {
        to
    }
}

/// Whether an address is one of a private network.
fn ours(address: &str) -> bool {
    match address.parse() {
        Ok(IpAddr::V4(a)) => a.is_private() || a.is_link_local() || a.is_loopback(),
        Ok(IpAddr::V6(a)) => a.is_unique_local() || a.is_unicast_link_local() || a.is_loopback(),
        Err(_) => false,
    }
}

/// The family of a detector: its category; else the middle of an id such as `S-Dns-Qry3`. None where
/// it's generic.
fn family<'a>(category: &'a str, rule_id: &'a str) -> Option<&'a str> {
    if !category.is_empty() {
        return Some(category);
    }
    let mut parts = rule_id.split('-');
    let (Some(_), Some(middle), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    Some(middle).filter(|m| !m.eq_ignore_ascii_case("all"))
}

/// Accounts that every machine has: sharing one means nothing.
fn everywhere(user: &str) -> bool {
    const NAMES: [&str; 7] = [
        "",
        "-",
        "root",
        "system",
        "local service",
        "network service",
        "localsystem",
    ];
    let name = user.rsplit('\\').next().unwrap_or_default();
    name.ends_with('$') || NAMES.iter().any(|n| n.eq_ignore_ascii_case(name))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use casemate_sdk::BatchBuilder;

    fn says(fields: &[(Field, &str)]) -> Says {
        let mut b = BatchBuilder::new(&Field::ALL);
        b.alert(1, 0);
        for (field, text) in fields {
            b.set(*field, text);
        }
        let batch = b.build();
        read(&batch, &batch.alert(0).unwrap())
    }

    #[test]
    fn ports_are_no_part_of_what_an_alert_says() {
        let port = |port| {
            says(&[
                (Field::DestinationIp, "10.0.0.1"),
                (Field::DestinationPort, port),
            ])
            .variant
        };
        assert_eq!(port("22"), port("23"));
    }

    #[test]
    fn each_detail_makes_a_key_of_its_own() {
        let base = [
            (Field::RuleId, "r"),
            (Field::HostName, "h"),
            (Field::ProcessName, "p"),
        ];
        let plain = says(&base);
        for field in PROCESS.iter().chain(&OBJECT).chain(&RULE) {
            let mut with = base.to_vec();
            with.push((*field, "x"));
            assert_ne!(says(&with).key, plain.key, "{}", field.name());
        }
    }

    #[test]
    fn the_subject_of_traffic_is_our_end_of_it() {
        let subject =
            |from, to| says(&[(Field::SourceIp, from), (Field::DestinationIp, to)]).subject;
        assert_eq!(
            subject("10.0.0.1", "192.0.2.1"),
            subject("192.0.2.1", "10.0.0.1")
        );
        assert_eq!(
            subject("10.0.0.1", "10.0.0.2"),
            subject("192.0.2.1", "10.0.0.2")
        );
        assert_ne!(
            subject("10.0.0.1", "10.0.0.2"),
            subject("10.0.0.2", "10.0.0.1")
        );
    }

    #[test]
    fn in_network_alerts_peer_user_and_url_are_circumstances() {
        let guess = |user| {
            says(&[
                (Field::HostName, "h"),
                (Field::SourceIp, "192.0.2.1"),
                (Field::UserName, user),
            ])
        };
        assert_eq!(guess("a").key, guess("b").key);
        assert_ne!(guess("a").variant, guess("b").variant);
        assert!(!guess("a").detailed && guess("a").around_known);
    }
}
