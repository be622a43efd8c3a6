//! What is signed in a wrong way, and wrong things that are signed well.

use super::bad::Log;
use super::export::{Export, Line, head, note, signature};
use super::logs::{LATER, key, other_key, vkey};
use super::three::Case;
use casemate::trail::Origin;

impl Log {
    /// Signatures that are not the key's over this text, and more than one.
    pub(crate) fn forged(&self) -> Vec<Case> {
        let text = head(&self.new.entries(), &self.key()).text();
        let own = signature(&text, &self.key());
        let others = signature(&text, &other_key(self.origin));
        let old = signature(&head(&self.old.entries(), &self.key()).text(), &self.key());
        let own_id = |bytes: &[u8]| Line {
            bytes: bytes.to_vec(),
            ..own.clone()
        };
        let stranger = Line {
            name: "somebody.example".to_owned(),
            ..others.clone()
        };
        let forged: &[(&str, String)] = &[
            ("another key's signature", others.text()),
            (
                "another key's under the id of the key",
                own_id(&others.bytes).text(),
            ),
            (
                "the key's under the id of another",
                Line {
                    id: others.id,
                    ..own.clone()
                }
                .text(),
            ),
            (
                "the key's under another name",
                Line {
                    name: stranger.name.clone(),
                    ..own.clone()
                }
                .text(),
            ),
            ("that of an older checkpoint", old.text()),
            (
                "another spelling of its number",
                own_id(&plus_order(&own.bytes)).text(),
            ),
            ("zeros", own_id(&[0; 64]).text()),
            ("a short one", own_id(&own.bytes[..63]).text()),
            (
                "a long one",
                own_id(&[own.bytes.as_slice(), &[0]].concat()).text(),
            ),
            (
                "the same one twice",
                format!("{}\n{}", own.text(), own.text()),
            ),
            (
                "a false one behind it",
                format!("{}\n{}", own.text(), own_id(&others.bytes).text()),
            ),
            (
                "a false one before it",
                format!("{}\n{}", own_id(&others.bytes).text(), own.text()),
            ),
            ("no line", String::new()),
            ("a stranger's alone", stranger.text()),
            (
                "a stranger's without base64",
                format!("{}\n— somebody.example ", own.text()),
            ),
            (
                "a stranger's with too little",
                format!("{}\n— somebody.example AAAAAA==", own.text()),
            ),
            (
                "a stranger's with odd last bits",
                format!("{}\n— somebody.example AAAAAAB=", own.text()),
            ),
            (
                "a stranger's with a control character",
                format!("{}\n— some\u{1}body AAAAAAA=", own.text()),
            ),
            (
                "a stranger's with a wide space",
                format!("{}\n— some\u{3000}body AAAAAAA=", own.text()),
            ),
            (
                "a stranger's with a plus",
                format!("{}\n— some+body AAAAAAA=", own.text()),
            ),
            ("a hyphen for a dash", own.text().replace('—', "-")),
            ("two spaces", own.text().replace("— ", "—  ")),
            ("a carriage return", own.text() + "\r"),
            ("a space behind", own.text() + " "),
            ("an empty line behind", own.text() + "\n"),
            (
                "a hundred strangers' before it",
                format!(
                    "{}{}",
                    format!("{}\n", stranger.text()).repeat(100),
                    own.text()
                ),
            ),
        ];
        let noted = |lines: &str| self.new.with("checkpoint", format!("{text}\n{lines}\n"));
        let mut cases: Vec<Case> = forged
            .iter()
            .map(|(what, lines)| self.bad(&format!("signed with {what}"), noted(lines)))
            .collect();
        for lines in [
            format!("{}\n{}", own.text(), stranger.text()),
            format!("{}\n{}", stranger.text(), own.text()),
            format!("{}\n{}", others.text(), own.text()),
        ] {
            cases.push(Case {
                is_good: true,
                ..self.bad("signed by somebody else too", noted(&lines))
            });
        }
        cases
    }

    /// What the key signed and is no checkpoint of these entries.
    pub(crate) fn signed_nonsense(&self) -> Vec<Case> {
        let checkpoint = head(&self.new.entries(), &self.key());
        let (text, size) = (checkpoint.text(), checkpoint.size().to_string());
        let (name, root) = (checkpoint.origin(), checkpoint.root().to_string());
        let said = |size: &str| format!("{name}\n{size}\n{root}\n");
        let texts = [
            said(&format!("0{size}")),
            said(&format!("+{size}")),
            said(&format!(" {size}")),
            said(&format!("{size} ")),
            said(&format!("{size}.0")),
            said(&format!("-{size}")),
            said(""),
            said("-0"),
            said("٣"),
            said("0x3"),
            said("1_0"),
            said(&(checkpoint.size() + 1).to_string()),
            said(&(checkpoint.size() - 1).to_string()),
            said("4611686018427387904"),
            said("9223372036854775807"),
            said("9223372036854775808"),
            said("18446744073709551615"),
            said("18446744073709551616"),
            format!("{name}\n{size}\n{}\n", odd_bits(&root)),
            format!("{name}\n{size}\n{}\n", root.trim_end_matches('=')),
            format!("{name}\n{size}\n{root} \n"),
            format!("{name}\n{size}\nAAAA\n"),
            format!("{name}\n{size}\n"),
            format!("{text}more\n"),
            format!("{text}\nmore\n"),
            format!("\n{text}"),
            format!("\u{FEFF}{text}"),
            text.replace('\n', "\r\n"),
            format!("{name}0\n{size}\n{root}\n"),
            format!("\n{size}\n{root}\n"),
            format!("go.sum database tree\n{size}\n{root}\n"),
            String::new(),
        ];
        let signed = texts.map(|text| {
            let export = self.new.with("checkpoint", note(&text, &self.key()));
            self.bad(&format!("signed: {text:?}"), export)
        });
        signed.into()
    }
}

/// What the first entry can be, signed, and no entry of a trail.
pub(crate) fn no_entries(origin: Origin) -> Vec<Case> {
    let intake = |seq: &str| {
        format!(
            r#"{{"seq":{seq},"time_ms":0,"kind":"suspension","change":"resumed","at_ms":0,"reason":"hmac-sha256:{0}","by":"hmac-sha256:{0}"}}"#,
            "0".repeat(64)
        )
    };
    let restore =
        |seq: u64, before: &str| format!(r#"{{"seq":{seq},"time_ms":0,"kind":"restore"{before}}}"#);
    let before = format!(
        r#","before":{{"log":"{}","size":4,"root":"{}="}}"#,
        LATER.name(),
        "A".repeat(43)
    );
    let cases = [
        (true, intake("0")),
        (true, restore(0, "")),
        (true, restore(5, &before)),
        (false, restore(5, "")),
        (false, intake("1")),
        (false, intake("00")),
        (false, intake("-1")),
        (false, intake("0.0")),
        (false, intake("\"0\"")),
        (false, intake("null")),
        (false, intake("0").replace("\"seq\"", "\"SEQ\"")),
        (false, intake("0") + "\n"),
        (false, intake("0").replace(',', ",\n")),
        (false, intake("0").replace(',', ",\t")),
        (false, intake("0") + "}"),
        (false, intake("0") + &intake("1")),
        (false, intake("0").replace("\"at_ms\":0", "\"at_ms\":NaN")),
        (false, intake("0").replace("resumed", "resumed\u{7f}")),
        (false, intake("0").replace('}', ",}")),
        (false, intake("0").replace('}', "")),
        (false, "0".to_owned()),
        (false, "[]".to_owned()),
        (false, String::new()),
    ];
    let key = key(origin);
    let mut made: Vec<(bool, String, Vec<u8>)> = Vec::new();
    for (is_good, text) in cases {
        made.push((is_good, format!("entry 0: {text:?}"), text.into_bytes()));
    }
    let mut bytes = intake("0").into_bytes();
    let at = bytes.len() - 3;
    bytes[at] = 0xFF;
    made.push((false, "entry 0: not UTF-8".to_owned(), bytes));
    let cases = made.into_iter().map(|(is_good, what, bytes)| Case {
        what,
        is_good,
        export: Export::signed(&[bytes], &key),
        vkey: vkey(origin),
        seen: None,
    });
    cases.collect()
}

/// A signature whose number is larger by the order of the group: the same point, and not how it is
/// spelled (RFC 8032, section 5.1.7).
fn plus_order(signature: &[u8]) -> Vec<u8> {
    const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let order = (0..64)
        .step_by(2)
        .map(|at| u8::from_str_radix(&ORDER[at..at + 2], 16).unwrap());
    let (point, number) = signature.split_at(32);
    let mut carry = 0;
    let sum = number.iter().zip(order).map(|(a, b)| {
        let sum = u16::from(*a) + u16::from(b) + carry;
        carry = sum >> 8;
        sum as u8
    });
    let sum: Vec<u8> = sum.collect();
    assert_eq!(carry, 0);
    [point, &sum].concat()
}

/// Base64 of 32 bytes whose last two bits, which stand for nothing, are not zero.
fn odd_bits(root: &str) -> String {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let last = DIGITS.find(&root[42..43]).unwrap();
    format!("{}{}=", &root[..42], &DIGITS[last + 1..last + 2])
}
