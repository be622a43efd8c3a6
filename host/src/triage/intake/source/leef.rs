//! Log Event Extended Format, version 1.0 and 2.0.
//!
//! It has no id of an event and no name of a rule: the identity is the digest of the bytes, and the
//! name is what many write as `name`, else the event id. `identHostName` is the machine an account was
//! seen on.

use crate::model::{Field, ObservableKind, Source};
use crate::triage::intake::gathered::Gathered;
use crate::triage::intake::line::{PRODUCT, RULE, SYSLOG_TIME, VENDOR};
use crate::triage::intake::severity;
use crate::triage::intake::table::{Row, Table, To, any, field, take};
use crate::triage::intake::time;
use crate::triage::intake::tree::Object;

pub(super) const TABLE: Table = Table {
    source: Source::Leef,
    origin: "ibm.com, \"Log Event Extended Format (LEEF)\", \"Predefined LEEF event attributes\"",
    because: "`LEEF:1.0|` or `LEEF:2.0|` at its beginning or behind a syslog header",
    is: |_| false,
    checks: &[],
    check: any,
    product: None,
    rows: &[
        Row::Call(&[VENDOR, PRODUCT], super::cef::product),
        take(To::Product, &[PRODUCT, VENDOR]),
        Row::Call(&["devTime", "devTimeFormat"], own_time),
        take(To::Event, &["devTime"]),
        take(To::Observed, &[SYSLOG_TIME]),
        take(To::Severity(severity::leef), &["sev"]),
        field(Field::RuleId, &[RULE]),
        field(Field::RuleName, &["name", "eventName", "ruleName", RULE]),
        field(Field::RuleCategory, &["cat"]),
        field(Field::Message, &["msg", "message", "reason"]),
        field(Field::HostName, &["identHostName", "identNetBios"]),
        field(Field::UserName, &["usrName", "accountName"]),
        take(To::Seen(ObservableKind::User), &["accountName"]),
        take(To::Endpoint(Field::SourceIp, Field::SourcePort), &["src"]),
        field(Field::SourcePort, &["srcPort"]),
        take(
            To::Endpoint(Field::DestinationIp, Field::DestinationPort),
            &["dst"],
        ),
        field(Field::DestinationPort, &["dstPort"]),
        field(Field::HostIp, &["identSrc"]),
        field(Field::Protocol, &["proto"]),
        field(Field::Url, &["url"]),
        field(Field::Domain, &["domain"]),
        field(Field::FilePath, &["filePath", "fileName", "fname"]),
        field(Field::FileHash, &["fileHash", "sha256", "sha1", "md5"]),
        take(To::Seen(ObservableKind::Ip), &["srcPreNAT"]),
        take(To::Seen(ObservableKind::Ip), &["srcPostNAT"]),
        take(To::Seen(ObservableKind::Ip), &["dstPreNAT"]),
        take(To::Seen(ObservableKind::Ip), &["dstPostNAT"]),
    ],
};

/// The time in the form the event says it has. Where that is none we can read, the time has to speak
/// for itself.
fn own_time(document: &Object<'_>, it: &mut Gathered) {
    if let (Some(time), Some(form)) = (document.text("devTime"), document.text("devTimeFormat"))
        && let Some(form) = form_of(form)
    {
        it.event = time::in_form(&form, time);
    }
}

/// Java's pattern of a time (`SimpleDateFormat`) as the one we read by. A zone at its end is left
/// out: it is read from the time.
fn form_of(pattern: &str) -> Option<String> {
    let pattern = pattern.trim_ascii().trim_end_matches(['z', 'Z', 'X', ' ']);
    let mut form = String::new();
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        if letter == '\'' {
            let (quoted, behind) = rest.get(1..)?.split_once('\'')?;
            form.push_str(if quoted.is_empty() { "'" } else { quoted });
            rest = behind;
            continue;
        }
        let behind = rest.trim_start_matches(letter);
        let count = rest.len().checked_sub(behind.len())? / letter.len_utf8();
        rest = behind;
        let part = match (letter, count) {
            ('y', 4) => "%Y",
            ('y', 2) => "%y",
            ('M', 4..) => "%B",
            ('M', 3) => "%b",
            ('M', 1 | 2) => "%m",
            ('d', 1 | 2) => "%d",
            ('E', 1..=3) => "%a",
            ('H', 1 | 2) => "%H",
            ('h', 1 | 2) => "%I",
            ('m', 1 | 2) => "%M",
            ('s', 1 | 2) => "%S",
            ('S', 1..=9) if form.ends_with("%S.") => {
                form.truncate(form.len().checked_sub(1)?);
                "%.f"
            }
            ('a', 1) => "%p",
            (letter, _) if letter.is_alphabetic() || letter == '%' => return None,
            _ => {
                form.extend(std::iter::repeat_n(letter, count));
                ""
            }
        };
        form.push_str(part);
    }
    Some(form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_the_form_the_event_says_it_has() {
        let at = 1_795_424_400_000;
        for (form, text, want) in [
            (
                "yyyy-MM-dd'T'HH:mm:ss.SSSZ",
                "2026-11-23T10:00:00.250+0100",
                Some((at + 250, true)),
            ),
            (
                "dd/MM/yyyy HH:mm:ss",
                "23/11/2026 09:00:00",
                Some((at, false)),
            ),
            (
                "MM/dd/yyyy hh:mm:ss a z",
                "11/23/2026 09:00:00 AM GMT",
                Some((at, true)),
            ),
            (
                "MMM dd yyyy HH:mm:ss z",
                "Nov 23 2026 05:00:00 GMT-04:00",
                Some((at, true)),
            ),
            ("yyyy-MM-dd HH:mm:ss", "23.11.2026", None),
            ("w", "47", None),
        ] {
            let got = form_of(form).and_then(|form| time::in_form(&form, text));
            let got = got.map(|(time, zoned)| (time.millis(), zoned));
            assert_eq!(got, want, "{form}");
        }
    }
}
