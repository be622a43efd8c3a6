use super::*;

#[test]
fn a_broken_document_does_not_eat_its_neighbour() {
    let p = pretty(EVE);
    let cut = "the document breaks off";
    let syntax = "no valid JSON";
    let text = "text that is no JSON";
    for (before, want) in [
        (r#"{"a":"b"#.to_owned(), cut),
        (r#"{"a":"b\"#.to_owned(), cut),
        (r#"{"a":"#.to_owned(), cut),
        (r#"{"a":1,"#.to_owned(), cut),
        (r#"{"a":[1,"#.to_owned(), cut),
        (r#"{"a":[{"b":{"#.to_owned(), cut),
        ("{".to_owned(), cut),
        ("[[".to_owned(), cut),
        (r#"{"a":{"b":1}"#.to_owned(), cut),
        (r#"{"a":[1}"#.to_owned(), syntax),
        (r#"{"a":1]}"#.to_owned(), syntax),
        (r#"{"a" 1}"#.to_owned(), syntax),
        ("{\"a\":\"\0\"}".to_owned(), syntax),
        ("garbage".to_owned(), text),
        ("}".to_owned(), text),
        ("}}}".to_owned(), text),
        ("\0\0\0".to_owned(), text),
        ("3".to_owned(), "a JSON value that is no object"),
        ("\"x\"".to_owned(), "a JSON value that is no object"),
        ("null".to_owned(), "a JSON value that is no object"),
        ("[[1]]".to_owned(), "an array inside an array"),
        (p[..p.len() / 2].to_owned(), cut),
        (p[..p.len() - 2].to_owned(), cut),
    ] {
        for next in [EVE, &p] {
            let input = format!("{WAZUH}\n{before}\n{next}\n{OCSF}\n");
            assert_eq!(
                brief(input.as_bytes()),
                format!("Wazuh | {want} | Eve | Ocsf"),
                "{input}"
            );
        }
    }
    let input = format!("{WAZUH}\n{{\"a\":\n[\n  {EVE},\n  {EVE}\n]\n{OCSF}");
    assert_eq!(
        brief(input.as_bytes()),
        format!("Wazuh | {cut} | Eve | Eve | Ocsf")
    );
    for stray in ["]", "[", "\n]\n", "]]", ","] {
        let input = format!("{WAZUH}\n{stray}\n{EVE}\n");
        assert_eq!(brief(input.as_bytes()), "Wazuh | Eve", "{stray}");
    }
    // On one line: an array with broken elements, and bytes that a crash left.
    for (input, want) in [
        (
            format!("[{EVE},{{\"a\":}},{OCSF}]"),
            format!("Eve | {syntax} | Ocsf"),
        ),
        (
            format!("[{EVE},{{\"a\":{{\"b\":1}},{OCSF}]"),
            format!("Eve | {cut} | Ocsf"),
        ),
        (
            format!("[{EVE},7,null,{OCSF}]"),
            "Eve | a JSON value that is no object | a JSON value that is no object | Ocsf".into(),
        ),
        (
            format!("\0\0\0{EVE}}}{OCSF}"),
            format!("{text} | Eve | {text} | Ocsf"),
        ),
    ] {
        assert_eq!(brief(input.as_bytes()), want, "{input}");
    }
}

#[test]
fn a_pretty_document_with_a_broken_line_is_one_reject() {
    let bad = pretty(EVE).replace("\"TCP\"", "\"TCP");
    let input = format!("{}\n{bad}\n{OCSF}", pretty(WAZUH));
    assert_eq!(brief(input.as_bytes()), "Wazuh | no valid JSON | Ocsf");
}

#[test]
fn a_healthy_document_may_be_laid_out_in_any_way() {
    let nested = r#"{"class_uid":2004,
"evidences":
[
{"x":1},
{"y":{"z":[
{"a":"{"}
]}}
]
,"time":1642204800000,"metadata":{"product":{"name":"p"}},
"finding_info":
{
"title":"t"}
}"#;
    let input = format!("{nested}{EVE}\n{nested}\n[{nested}]");
    assert_eq!(brief(input.as_bytes()), "Ocsf | Eve | Ocsf | Ocsf");
    // Raw records inside an indented document stay inside.
    let raw = format!(
        "\"unmapped\": {{\n    \"raw\": [\n      {EVE},\n      {EVE}\n    ]\n  }},\n  \"class_uid\""
    );
    let input = format!("{}\n{WAZUH}", pretty(OCSF).replace("\"class_uid\"", &raw));
    assert_eq!(brief(input.as_bytes()), "Ocsf | Wazuh", "{input}");
    let no_indent = pretty(EVE)
        .lines()
        .map(str::trim_start)
        .collect::<Vec<_>>()
        .join("\n");
    assert_eq!(
        brief(format!("{no_indent}\n{no_indent}").as_bytes()),
        "Eve | Eve"
    );
}

#[test]
fn nobody_who_writes_a_value_can_write_an_alert() {
    // A value of a document, whole, cut anywhere, and on a line that is no JSON.
    let value = serde_json::to_string(&format!("x\",}}}}]}},{EVE}\n{EVE}\n")).unwrap();
    let document = format!("{{\"full_log\":{value},\"a\":{value}}}");
    let mut inputs = vec![
        document.clone(),
        format!("<13>host app: {EVE}"),
        format!("CEF:0|a|b| {EVE}"),
    ];
    inputs.extend((1..document.len()).map(|at| document[..at].to_owned()));
    inputs.extend((1..document.len()).map(|at| document[at..].to_owned()));
    inputs.push(document.replacen('"', "", 1));
    for input in inputs {
        let input = format!("{input}\n{OCSF}\n");
        let taken: Vec<_> = told(input.as_bytes())
            .into_iter()
            .filter(|t| t == "Eve")
            .collect();
        assert!(taken.is_empty(), "{input}");
        assert!(brief(input.as_bytes()).ends_with("Ocsf"), "{input}");
    }
}

#[test]
fn a_depth_bomb_is_a_reject_or_harmless() {
    let n = 100_000;
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(n), close.repeat(n));
    for (bomb, alerts) in [
        (deep("[", ""), 1),
        (deep("[", "]"), 1),
        (deep("{\"a\":", ""), 1),
        (deep("{\"a\":", "1}").replace("11", "1"), 1),
        (deep("{\"a\":[", "]}"), 1),
        (
            EVE.replace("\"flow_id\":1", &format!("\"x\":{}", deep("[", "]"))),
            2,
        ),
        (
            EVE.replace(
                "\"src_port\":61038",
                &format!("\"src_port\":{}", deep("[", "]")),
            ),
            2,
        ),
        (
            WAZUH.replace("[\"T1110\"]", &deep("{\"id\":", "}").replace(":}", ":1}")),
            2,
        ),
        (
            OCSF.replace(
                "\"device\":{",
                &format!("\"evidences\":{},\"x\":{{", deep("[", "]")),
            ),
            2,
        ),
    ] {
        let input = format!("{bomb}\n{EVE}\n");
        let taken = read(input.as_bytes())
            .iter()
            .filter(|d| matches!(d, Document::Alert(_)))
            .count();
        assert_eq!(taken, alerts, "{}", &bomb[..60]);
    }
}

#[test]
fn bytes_that_are_no_utf8_are_rejected_with_their_place() {
    let mut input = format!("{EVE}\n").into_bytes();
    let at = input.len() as u64 + 6;
    input.extend_from_slice(b"{\"a\":\"\xff\"}\n\xc3\x28\n");
    input.extend_from_slice(OCSF.as_bytes());
    assert_eq!(brief(&input), "Eve | no UTF-8 | no UTF-8 | Ocsf");
    assert!(told(&input)[1].starts_with(&format!("no UTF-8 at byte {at} ")));
}

#[test]
fn whatever_bytes_come_the_input_comes_to_its_end() {
    for first in 0..=u8::MAX {
        for second in 0..=u8::MAX {
            for input in [
                vec![first, second],
                vec![b'{', first, b'\n', second, b'\n', b'x'],
            ] {
                if input.starts_with(&[0x1f, 0x8b]) {
                    continue; // gzip that is cut off is an error of the input
                }
                let pieces: Vec<Document> = documents(&input[..], From::Auto)
                    .take(8)
                    .map(|d| d.unwrap())
                    .collect();
                let lengths = pieces.iter().map(|piece| match piece {
                    Document::Alert(taken) => taken.bytes.len() as u64,
                    Document::Reject(reject) => reject.length,
                });
                let lengths: Vec<u64> = lengths.collect();
                assert!(!lengths.contains(&0), "{input:?}");
                assert!(
                    lengths.iter().sum::<u64>() <= input.len() as u64,
                    "{input:?}"
                );
            }
        }
    }
}

#[test]
fn a_document_over_the_limit_is_passed_by_in_bounded_memory() {
    let long = "x".repeat(MAX_DOCUMENT_BYTES);
    for (bomb, bytes) in [
        (
            format!("{{\"a\":\"{long}\\\"{long}\"}}"),
            2 * MAX_DOCUMENT_BYTES + 10,
        ),
        (format!("{long}y"), MAX_DOCUMENT_BYTES + 1),
        ("}".repeat(MAX_DOCUMENT_BYTES + 7), MAX_DOCUMENT_BYTES + 7),
        (format!("{{\"a\":\"{long}"), MAX_DOCUMENT_BYTES + 6),
    ] {
        let input = format!("{EVE}\n{bomb}\n{OCSF}\n");
        let all = read(input.as_bytes());
        assert_eq!(
            brief(input.as_bytes()).replace("16777216 bytes", ""),
            "Eve | the document is ".to_owned() + &format!("{bytes} bytes long | Ocsf")
        );
        let Document::Reject(reject) = &all[1] else {
            panic!("taken")
        };
        assert_eq!(reject.bytes, &bomb.as_bytes()[..split::KEPT_BYTES]);
        assert_eq!(
            (reject.length, reject.offset),
            (bytes as u64, EVE.len() as u64 + 1)
        );
    }
    let just = format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_DOCUMENT_BYTES - 8));
    assert_eq!(just.len(), MAX_DOCUMENT_BYTES);
    assert_eq!(brief(just.as_bytes()), "of no known form");
}

#[test]
fn hostile_input_costs_no_more_than_its_length() {
    let n = 1 << 20;
    for part in [
        "1,",
        "\"x\",",
        "{},",
        "{",
        "[",
        "{\"a\":\n",
        "[\n",
        "{\"a\":[1,\n{}\n",
        "{}\n{\n ",
        "\"x\" ",
        "\0x",
        "[{\"a\":\"",
    ] {
        let input = format!("[{}", part.repeat(n / part.len()));
        let start = std::time::Instant::now();
        let all = read(input.as_bytes());
        nothing_is_lost(input.as_bytes(), &all);
        assert!(
            start.elapsed().as_secs() < 4,
            "{part:?}: {:?}",
            start.elapsed()
        );
    }
}

#[test]
fn an_error_of_the_input_comes_after_everything_before_it() {
    struct Fails<'a>(&'a [u8]);
    impl io::Read for Fails<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            match Drip(self.0, 7).read(to)? {
                0 => Err(io::Error::other("gone")),
                n => {
                    self.0 = &self.0[n..];
                    Ok(n)
                }
            }
        }
    }
    let input = format!("{EVE}\n{{\"a\":");
    let mut all = documents(Fails(input.as_bytes()), From::Auto);
    assert!(matches!(all.next(), Some(Ok(Document::Alert(_)))));
    assert!(matches!(all.next(), Some(Ok(Document::Reject(_)))));
    assert!(all.next().is_some_and(|d| d.is_err()));
    assert!(all.next().is_none());
}

/// A small generator, so that a failure is the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn mutate(&mut self, document: &mut Vec<u8>, bytes: &[u8]) {
        for _ in 0..=self.below(4) {
            let at = self.below(document.len().max(1));
            match self.below(5) {
                0 => document.truncate(at),
                1 => drop(document.drain(..at)),
                2 if !document.is_empty() => drop(document.remove(at)),
                3 if !document.is_empty() => document[at] = bytes[self.below(bytes.len())],
                _ => document.insert(at.min(document.len()), bytes[self.below(bytes.len())]),
            }
        }
    }
}

/// Every byte that is no separator is in exactly one document, which holds it as it came.
fn nothing_is_lost(input: &[u8], all: &[Document]) {
    let mut covered = 0;
    let gap = |from: usize, to: usize| {
        let text = String::from_utf8_lossy(&input[from..to]).replace('\u{feff}', "");
        assert!(
            text.bytes()
                .all(|b| b.is_ascii_whitespace() || b",[]".contains(&b)),
            "lost: {text:?} of {:?}",
            String::from_utf8_lossy(input)
        );
    };
    for document in all {
        let (offset, length, bytes) = match document {
            Document::Alert(t) => (t.offset, t.bytes.len() as u64, &t.bytes),
            Document::Reject(r) => (r.offset, r.length, &r.bytes),
        };
        let (offset, end) = (offset as usize, (offset + length) as usize);
        assert!(length > 0 && offset >= covered, "empty or twice");
        gap(covered, offset);
        assert_eq!(&input[offset..end], bytes.as_slice());
        covered = end;
    }
    gap(covered, input.len());
}

#[test]
fn nothing_is_lost_and_how_the_input_arrives_changes_nothing() {
    let mut dice = Dice(2026);
    let odd = b"{}[]\",:\\\n\r \t\0\x1b\xef\xff1ae-";
    for round in 0..6000 {
        let mut input = Vec::new();
        for _ in 0..1 + dice.below(5) {
            let document = [EVE, WAZUH, OCSF, "{}", "x", "[1]"][dice.below(6)];
            let mut document = match dice.below(3) {
                0 if document.starts_with('{') => pretty(document),
                _ => document.to_owned(),
            }
            .into_bytes();
            if dice.below(3) > 0 {
                dice.mutate(&mut document, odd);
            }
            input.extend_from_slice(
                ["", "\n", ",\n", "\r\n", " ", "[", "]"][dice.below(7)].as_bytes(),
            );
            input.extend_from_slice(&document);
        }
        let all = read(&input);
        nothing_is_lost(&input, &all);
        let drip = 1 + round % 7 * 50;
        let again: Vec<_> = documents(Drip(&input, drip), From::Auto)
            .map(|d| d.unwrap())
            .collect();
        assert_eq!(
            format!("{all:?}"),
            format!("{again:?}"),
            "{:?}",
            String::from_utf8_lossy(&input)
        );
    }
}

#[test]
fn a_healthy_line_is_taken_whatever_stands_on_the_lines_around_it() {
    let mut dice = Dice(7);
    // Anything but a line break.
    let odd = b"{}[]\",:\\ \t\0\x1b\xef\xff1ae-";
    for _ in 0..6000 {
        let mut input = Vec::new();
        let mut healthy = Vec::new();
        for _ in 0..2 + dice.below(4) {
            let document = [EVE, WAZUH, OCSF][dice.below(3)];
            if dice.below(2) == 0 {
                healthy.push((input.len() as u64, document.len()));
                input.extend_from_slice(document.as_bytes());
            } else {
                let mut broken = document.as_bytes().to_vec();
                dice.mutate(&mut broken, odd);
                input.extend_from_slice(&broken);
            }
            input.push(b'\n');
        }
        let taken: Vec<_> = read(&input)
            .into_iter()
            .filter_map(|d| match d {
                Document::Alert(t) => Some((t.offset, t.bytes.len())),
                Document::Reject(_) => None,
            })
            .collect();
        for one in healthy {
            assert!(
                taken.contains(&one),
                "{one:?} of {}",
                String::from_utf8_lossy(&input)
            );
        }
    }
}

#[test]
fn a_healthy_pretty_document_is_taken_after_one_that_was_cut_off() {
    let mut dice = Dice(11);
    for _ in 0..2000 {
        let whole = pretty([EVE, WAZUH, OCSF][dice.below(3)]);
        let next = pretty([EVE, WAZUH, OCSF][dice.below(3)]);
        let cut = &whole[..1 + dice.below(whole.len() - 2)];
        let input = format!("{whole}\n{cut}\n{next}\n{whole}");
        let taken = read(input.as_bytes())
            .iter()
            .filter(|d| matches!(d, Document::Alert(_)))
            .count();
        assert_eq!(taken, 3, "{input}");
    }
}
