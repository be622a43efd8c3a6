//! What a value is, decided once and the same way for every source.

use crate::model::{Field, Observable, ObservableKind as Kind, Text};
use std::net::{IpAddr, SocketAddr};

/// The most bytes kept of a command line, a message or a URL.
pub const LONG_TEXT_BYTES: usize = 4096;
/// The most bytes kept of any other field.
pub const TEXT_BYTES: usize = 512;
/// The most observables an alert has; a source's own list is cut there.
pub const MOST_OBSERVABLES: usize = 256;

/// An address, and the port behind it where the source wrote one there.
pub(super) fn address(text: &str) -> Option<(&str, Option<&str>)> {
    let bare = text.split_once('%').map_or(text, |(ip, _zone)| ip);
    if bare.parse::<IpAddr>().is_ok() {
        return Some((text, None));
    }
    text.parse::<SocketAddr>().ok()?;
    let (ip, port) = text.rsplit_once(':')?;
    let ip = ip.trim_start_matches('[').trim_end_matches(']');
    Some((ip, Some(port)))
}

/// A domain name without a port and a final dot; an address or a single label is none.
pub(super) fn domain(text: &str) -> Option<&str> {
    let name = match text.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        Some(_) => return None,
        None => text,
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    let labels = |name: &str| {
        name.split('.').all(|l| {
            !l.is_empty()
                && l.len() <= 63
                && l.chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
        })
    };
    (name.contains('.') && name.len() <= 253 && labels(name) && name.parse::<IpAddr>().is_err())
        .then_some(name)
}

/// A hash in hexadecimal: MD5, SHA-1, SHA-256, SHA-384 or SHA-512 by its length.
fn is_hash(text: &str) -> bool {
    matches!(text.len(), 32 | 40 | 64 | 96 | 128) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The best hash in a list such as Sysmon's `MD5=..,SHA256=..`.
pub(super) fn best_hash(text: &str) -> Option<&str> {
    text.split([',', ' '])
        .filter(|one| !one.starts_with("IMPHASH"))
        .map(|one| one.rsplit_once(['=', ':']).map_or(one, |(_, hash)| hash))
        .filter(|hash| is_hash(hash) && !hash.bytes().all(|b| b == b'0'))
        .max_by_key(|hash| hash.len())
}

/// The host in a URL that has a scheme.
pub(super) fn url_host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    Some(
        authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host),
    )
}

/// The last part of a path, of either family of systems.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The ids of ATT&CK techniques in a text such as `PowerShell (T1059.001)`, the most exact of each: vendors write ids of their own
/// beside them, such as CrowdStrike's `CST0007`, and a technique beside its sub-technique.
pub(super) fn techniques(text: &str) -> String {
    let digits = |t: &str, n| t.len() == n && t.bytes().all(|b| b.is_ascii_digit());
    let is = |word: &&str| {
        word.strip_prefix('T')
            .is_some_and(|id| match id.split_once('.') {
                Some((technique, sub)) => digits(technique, 4) && digits(sub, 3),
                None => digits(id, 4),
            })
    };
    let split = |c: char| !c.is_ascii_alphanumeric() && c != '.';
    let words = text.split(split).map(|word| word.trim_matches('.'));
    let all: Vec<&str> = words.filter(is).take(32).collect();
    let mut exact: Vec<&str> = Vec::new();
    for id in &all {
        let refined = |other: &&str| other.split_once('.').is_some_and(|(whole, _)| whole == *id);
        if !exact.contains(id) && !all.iter().any(refined) {
            exact.push(id);
        }
    }
    exact.join(" ")
}

/// Whether an address says which machine it is: not a loopback, link-local or unspecified one, which
/// every machine has.
pub(super) fn tells_machine(ip: &str) -> bool {
    let bare = ip.split_once('%').map_or(ip, |(ip, _zone)| ip);
    match bare.parse() {
        Ok(IpAddr::V4(ip)) => !(ip.is_loopback() || ip.is_link_local() || ip.is_unspecified()),
        Ok(IpAddr::V6(ip)) => {
            !(ip.is_loopback() || ip.is_unicast_link_local() || ip.is_unspecified())
        }
        Err(_) => false,
    }
}

/// The kind a value really has and its bare form, given the kind its place suggests; none where it
/// is no value one can pivot on.
pub(super) fn typed(kind: Kind, value: &str) -> Option<(Kind, &str)> {
    match kind {
        Kind::Ip => address(value).map(|(ip, _)| (Kind::Ip, ip)),
        Kind::Domain => match address(value) {
            Some((ip, _)) => Some((Kind::Ip, ip)),
            None => domain(value).map(|name| (Kind::Domain, name)),
        },
        Kind::Host => match address(value) {
            Some((ip, _)) => Some((Kind::Ip, ip)),
            None => Some((Kind::Host, value)),
        },
        Kind::Hash => best_hash(value).map(|hash| (Kind::Hash, hash)),
        Kind::Url => url_host(value).map(|_| (Kind::Url, value)),
        Kind::User | Kind::Process => Some((kind, value)),
    }
}

/// The kind of thing a field names, where one can pivot on it.
pub(super) const fn kind_of(field: Field) -> Option<Kind> {
    match field {
        Field::HostName => Some(Kind::Host),
        Field::HostIp | Field::SourceIp | Field::DestinationIp => Some(Kind::Ip),
        Field::UserName => Some(Kind::User),
        Field::ProcessName | Field::ProcessParent => Some(Kind::Process),
        Field::ProcessHash | Field::FileHash => Some(Kind::Hash),
        Field::Url => Some(Kind::Url),
        Field::Domain => Some(Kind::Domain),
        Field::Product
        | Field::Severity
        | Field::RuleId
        | Field::RuleName
        | Field::RuleCategory
        | Field::RuleTechnique
        | Field::ProcessPath
        | Field::ProcessCommandLine
        | Field::SourcePort
        | Field::DestinationPort
        | Field::Protocol
        | Field::FilePath
        | Field::Message
        | Field::Observables => None,
    }
}

pub(super) const fn most_bytes(field: Field) -> usize {
    match field {
        Field::ProcessCommandLine | Field::Message | Field::Url => LONG_TEXT_BYTES,
        Field::Product
        | Field::Severity
        | Field::RuleId
        | Field::RuleName
        | Field::RuleCategory
        | Field::RuleTechnique
        | Field::HostName
        | Field::HostIp
        | Field::UserName
        | Field::ProcessName
        | Field::ProcessPath
        | Field::ProcessHash
        | Field::ProcessParent
        | Field::SourceIp
        | Field::SourcePort
        | Field::DestinationIp
        | Field::DestinationPort
        | Field::Protocol
        | Field::Domain
        | Field::FilePath
        | Field::FileHash
        | Field::Observables => TEXT_BYTES,
    }
}

/// An observable of the source's own list; a hash in lower case, as in a field.
pub(super) fn observable(kind: Kind, value: &str) -> Option<Observable> {
    let (kind, value) = typed(kind, value.trim_ascii())?;
    let most = match kind {
        Kind::Url => LONG_TEXT_BYTES,
        Kind::Ip | Kind::Domain | Kind::Hash | Kind::User | Kind::Host | Kind::Process => {
            TEXT_BYTES
        }
    };
    let value = match kind {
        Kind::Hash => Text::capped(&value.to_ascii_lowercase(), most),
        Kind::Ip | Kind::Domain | Kind::Url | Kind::User | Kind::Host | Kind::Process => {
            Text::capped(value, most)
        }
    };
    (!value.as_str().is_empty()).then_some(Observable {
        kind,
        value,
        field: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_typed_by_what_it_is() {
        for (kind, value, want) in [
            (
                Kind::Ip,
                "192.168.10.21:80",
                Some((Kind::Ip, "192.168.10.21")),
            ),
            (
                Kind::Ip,
                "[2001:db8::1]:443",
                Some((Kind::Ip, "2001:db8::1")),
            ),
            (Kind::Ip, "2001:db8::1", Some((Kind::Ip, "2001:db8::1"))),
            (Kind::Ip, "fe80::1%eth0", Some((Kind::Ip, "fe80::1%eth0"))),
            (Kind::Ip, "any", None),
            (
                Kind::Domain,
                "10.0.0.77:8080",
                Some((Kind::Ip, "10.0.0.77")),
            ),
            (
                Kind::Domain,
                "mail.example.com.",
                Some((Kind::Domain, "mail.example.com")),
            ),
            (
                Kind::Domain,
                "mail.example.com:8443",
                Some((Kind::Domain, "mail.example.com")),
            ),
            (Kind::Domain, "localhost", None),
            (Kind::Domain, "a b.example", None),
            (Kind::Host, "srv-01", Some((Kind::Host, "srv-01"))),
            (Kind::Host, "10.1.1.1", Some((Kind::Ip, "10.1.1.1"))),
            (
                Kind::Hash,
                "d41d8cd98f00b204e9800998ecf8427e",
                Some((Kind::Hash, "d41d8cd98f00b204e9800998ecf8427e")),
            ),
            (Kind::Hash, "notahash", None),
            (Kind::Url, "/login.php", None),
            (Kind::Url, "http://x/y", Some((Kind::Url, "http://x/y"))),
        ] {
            assert_eq!(typed(kind, value), want, "{value}");
        }
    }

    #[test]
    fn techniques_are_those_of_attack_and_the_most_exact() {
        for (text, want) in [
            ("T1059", "T1059"),
            ("T1110, T1110.001 T1110.003", "T1110.001 T1110.003"),
            ("T1003 T1003 CST0007 TA0006 T12345 T1059.1", "T1003"),
            ("Process Injection", ""),
            ("", ""),
        ] {
            assert_eq!(techniques(text), want, "{text}");
        }
    }

    #[test]
    fn an_address_every_machine_has_tells_none() {
        for ip in ["10.0.0.5", "2001:db8::1", "192.0.2.1"] {
            assert!(tells_machine(ip), "{ip}");
        }
        for ip in [
            "127.0.0.1",
            "::1",
            "fe80::1%eth0",
            "169.254.3.4",
            "0.0.0.0",
            "srv",
            "",
        ] {
            assert!(!tells_machine(ip), "{ip}");
        }
    }

    #[test]
    fn the_longest_of_several_hashes_is_taken_and_never_the_import_hash() {
        let sha1 = "a".repeat(40);
        let text = format!(
            "SHA1={sha1},MD5={},IMPHASH={}",
            "b".repeat(32),
            "c".repeat(64)
        );
        assert_eq!(best_hash(&text), Some(sha1.as_str()));
        assert_eq!(best_hash(&"0".repeat(40)), None);
    }
}
