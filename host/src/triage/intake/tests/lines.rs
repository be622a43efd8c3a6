//! CEF and LEEF: lines of text.

use super::line::{self, Line};
use super::*;

fn line(text: &str) -> Line<'_> {
    line::read(text, From::Auto).unwrap()
}

fn value<'l>(line: &'l Line<'_>, key: &str) -> Option<&'l str> {
    let found = line.fields.iter().find(|(k, _)| *k == key);
    found.map(|(_, value)| value.as_ref())
}

#[test]
fn a_syslog_header_may_stand_before_an_event_and_nothing_else() {
    const EVENT: &str = "CEF:0|v|p|1|i|n|5|a=b";
    const TIME: &str = "2026-11-20T09:14:07.113Z";
    for (header, time) in [
        ("", None),
        ("<134>", None),
        ("<134>host ", None),
        ("<134>host app[7]: ", None),
        ("Nov  5 09:14:07 host ", None),
        ("<13>Nov 20 09:14:07 192.0.2.1 tag: ", None),
        ("Nov 20 09:14:07 ", None),
        ("Oct 30, 2026 10:34:23 host ", None),
        ("Jan 23 12:10:16 UTC host ", None),
        (
            "Nov 20 2026 09:14:07 GMT host ",
            Some("Nov 20 2026 09:14:07 GMT"),
        ),
        (
            "<13>Nov 20 2026 09:14:07.5 +0100 host app: ",
            Some("Nov 20 2026 09:14:07.5 +0100"),
        ),
        ("2026-11-20T09:14:07.113Z host ", Some(TIME)),
        ("<1>1 2026-11-20T09:14:07.113Z host app 1 id - ", Some(TIME)),
        (
            "<1>1 2026-11-20T09:14:07.113Z h a - - - \u{feff}",
            Some(TIME),
        ),
        (
            "<1>1 2026-11-20T09:14:07.113Z h a - - [x@1 a=\"]\\\"]\"][y] ",
            Some(TIME),
        ),
        ("<1>1 - h a - - - ", None),
        ("99 <1>1 2026-11-20T09:14:07.113Z h a - - - ", Some(TIME)),
        (
            "Nov 20 09:14:07 relay 99 <1>1 2026-11-20T09:14:07.113Z h a - - - ",
            Some(TIME),
        ),
    ] {
        let text = format!("{header}{EVENT}");
        let line = line(&text);
        assert_eq!(value(&line, line::SYSLOG_TIME), time, "{header}");
        assert_eq!(value(&line, "a"), Some("b"), "{header}");
    }
    for before in [
        "x ",
        "x",
        "<1234>",
        "GET /",
        "<13>Nov 20 10:03:00 web1 sshd[42]: Invalid user ",
        "Nov 20 09:14:07 host word ",
        "<1>1 2026-11-20T09:14:07.113Z h a - - - user ",
        "<1>1 2026-11-20T09:14:07.113Z h a - - [x ",
        "2026-11-20 ",
    ] {
        let text = format!("{before}{EVENT}");
        let reason = line::read(&text, From::Auto).unwrap_err().to_string();
        assert!(
            reason.starts_with("a line of CEF behind something"),
            "{text}: {reason}"
        );
        let forced = line::read(&text, From::Only(Source::Cef)).unwrap();
        assert_eq!(value(&forced, "a"), Some("b"), "{text}");
        assert!(line::read(&text, From::Only(Source::Leef)).is_err());
        assert!(line::read(&text, From::Only(Source::Eve)).is_err());
    }
}

#[test]
fn a_value_ends_before_the_next_key_and_its_escapes_are_resolved() {
    for (extension, want) in [
        ("a=b c=d", "a:b c:d"),
        ("a=b  c d =e f=g", "a:b  c d =e f:g"),
        ("a=x\\=y\\\\z\\nw b=1", "a:x=y\\z\nw b:1"),
        ("a=C:\\Temp\\x.exe b=2", "a:C:\\Temp\\x.exe b:2"),
        ("url=http://h/?q=1&r=2 b=3", "url:http://h/?q=1&r=2 b:3"),
        ("a= b=2", "a: b:2"),
        ("a=b c\\=d e=f", "a:b c=d e:f"),
        ("=b a=c", "a:c"),
        ("noise a=c", "a:c"),
        ("a.b_c-d[0]=x", "a.b_c-d[0]:x"),
        ("a=\\", "a:\\"),
        ("", ""),
    ] {
        let text = format!("CEF:0|v|p\\|q|1\\\\|i|n|5|{extension}");
        let line = line(&text);
        assert_eq!(value(&line, line::PRODUCT), Some("p|q"));
        assert_eq!(value(&line, "header version"), Some("1\\"));
        let got: Vec<_> = line.fields[6..]
            .iter()
            .map(|(key, value)| format!("{key}:{value}"))
            .collect();
        assert_eq!(got.join(" "), want, "{extension}");
    }
    assert!(line::read("CEF:0|v|p|1|i", From::Auto).is_err());
    assert_eq!(line("CEF:0|v|p|1|i|n|5").fields.len(), 6);
}

#[test]
fn leef_says_how_its_attributes_are_divided() {
    for (text, want) in [
        ("LEEF:1.0|v|p|1|i|a=1\tb=2 c=3", Some("2 c=3")),
        ("LEEF:1.0|v|p|1|i|^|a=1\tb=2", Some("2")),
        ("LEEF:2.0|v|p|1|i|^|a=1^b=2", Some("2")),
        ("LEEF:2.0|v|p|1|i|x5E|a=1^b=2", Some("2")),
        ("LEEF:2.0|v|p|1|i|0x5e|a=1^b=2", Some("2")),
        ("LEEF:2.0|v|p|1|i|x09|a=1\tb=2", Some("2")),
        ("LEEF:2.0|v|p|1|i||a=1\tb=2", Some("2")),
        ("LEEF:2.0|v|p|1|i|a=1\tb=2", Some("2")),
        ("LEEF:2.0|v|p|1|i|¦|a=1¦b=2", Some("2")),
        ("LEEF:2.0|v|p|1|i|x7C|a=1|b=2", Some("2")),
        ("LEEF:1.0|v|p|1|i|a=1#011b=2", Some("2")),
        ("LEEF:1.0|v|p|1|i|b=2\theader product=x", Some("2")),
        ("LEEF:1.0|v|p|1|i|", None),
    ] {
        let line = line(text);
        assert_eq!(value(&line, "b"), want, "{text}");
        let products = line.fields.iter().filter(|(k, _)| *k == line::PRODUCT);
        assert_eq!(products.count(), 1, "{text}");
    }
}

#[test]
fn a_line_is_taken_whatever_ends_it() {
    const EVENT: &str = "CEF:0|v|p|1|i|n|5|start=1795166041007 msg=x";
    for input in [
        EVENT.to_owned(),
        format!("{EVENT}\n{EVENT}\n"),
        format!("  {EVENT}\r\n\r\n{EVENT} \r\n"),
    ] {
        for document in read(input.as_bytes()) {
            let Document::Alert(taken) = document else {
                panic!("{input}")
            };
            assert_eq!(taken.bytes, EVENT.as_bytes());
            let from = usize::try_from(taken.offset).unwrap();
            assert!(input[from..].starts_with(EVENT));
        }
    }
}

#[test]
fn what_is_explained_of_a_line_are_its_keys() {
    let text = "CEF:0|v|p|1|i|n|5|start=1795166041007 src=192.0.2.1 odd=thing dst=none";
    let document = read(text.as_bytes()).remove(0);
    let explained = explain(&document);
    let path = |what: &str| {
        let found = explained.mapped.iter().find(|m| m.what == what);
        found.map(|m| m.path.as_str())
    };
    assert_eq!(path("source.ip"), Some("src"));
    assert_eq!(path("time"), Some("start"));
    assert_eq!(path("rule.id"), Some("header event id"));
    let rest: Vec<_> = explained
        .unmapped
        .iter()
        .map(|one| (one.path.as_str(), one.value.as_str(), one.read))
        .collect();
    assert_eq!(
        rest,
        [
            ("header version", "1", false),
            ("odd", "thing", false),
            ("dst", "none", true)
        ]
    );
}

#[test]
fn a_hostile_line_costs_no_more_than_its_length() {
    let n = 1 << 22;
    for (begin, part) in [
        ("CEF:0|v|p|1|i|n|5|a=", "="),
        ("CEF:0|v|p|1|i|n|5|a=", "b=c "),
        ("CEF:0|v|p|1|i|n|5|a=", "b=c"),
        ("CEF:0|v|p|1|i|n|5|", "\\"),
        ("CEF:0|v|p|1|i|n|5|a=", " "),
        ("CEF:0|", "\\|"),
        ("CEF:0", "|"),
        ("", "CEF:"),
        ("x", "LEEF:2.0"),
        ("", "<1>1 "),
        ("<1>1 - - - - - ", "[a]"),
        ("<1>", "1 <1>"),
        ("LEEF:2.0|v|p|1|i|^|", "a=^"),
        ("LEEF:2.0|v|p|1|i|", "#011a"),
        ("LEEF:1.0|v|p|1|i|", "a\t"),
    ] {
        let text = format!("{begin}{}", part.repeat(n / part.len()));
        for from in [
            From::Auto,
            From::Only(Source::Cef),
            From::Only(Source::Leef),
        ] {
            let start = std::time::Instant::now();
            for document in documents(text.as_bytes(), from) {
                drop(explain(&document.unwrap()));
            }
            assert!(start.elapsed().as_secs() < 5, "{begin}{part}");
        }
    }
}

#[test]
fn whatever_a_line_holds_it_is_an_alert_or_a_reason() {
    let parts = [
        "CEF:",
        "LEEF:",
        "0|",
        "1.0|",
        "2.0|",
        "|",
        "\\",
        "=",
        " ",
        "a",
        "src=",
        "start=",
        "<13>",
        "1 ",
        "Nov ",
        "20 ",
        "09:14:07 ",
        "2026 ",
        "[",
        "]",
        "\"",
        "-",
        "é",
        "\u{feff}",
        "x5E",
        "^",
        "\t",
        "#011",
        "1795166041007",
        "devTime=",
        "9999999999999999999999 ",
        "+01:00 ",
    ];
    let mut n: u64 = 5;
    let mut next = |below: usize| {
        n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (n >> 33) as usize % below
    };
    for _ in 0..60_000 {
        let begin = ["", "CEF:0|v|p|1|i|n|5|", "LEEF:2.0|v|p|1|i|", "<13>"][next(4)];
        let mut text = begin.to_owned();
        for _ in 0..next(24) {
            text.push_str(parts[next(parts.len())]);
        }
        for from in [
            From::Auto,
            From::Only(Source::Cef),
            From::Only(Source::Leef),
        ] {
            if let Ok(line) = line::read(&text, from) {
                // Every key and value is of the line.
                let length: usize = line.fields.iter().map(|(_, v)| v.len()).sum();
                assert!(length <= 2 * text.len(), "{text}");
            }
            for document in documents(text.as_bytes(), from) {
                drop(explain(&document.unwrap()));
            }
        }
    }
}
