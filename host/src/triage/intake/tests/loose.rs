//! Sources whose keys come in several cases and whose objects come as text.

use super::tree::{Names, steps};
use super::*;

#[test]
fn where_a_source_is_loose_case_and_text_around_objects_do_not_matter() {
    let mut names = Names::loose();
    for path in ["a.b", "a.c", "d"] {
        names.add(steps(path));
    }
    for (json, want) in [
        (r#"{"A":{"B":1}}"#, Ok("1")),
        (r#"{"a":"[{\"b\":\"x\"},{\"B\":\"y\"}]"}"#, Ok("x y")),
        (r#"{"a":"{\"b\":"}"#, Ok("")),
        (r#"{"a":"b"}"#, Ok("")),
        (r#"{"a":"{\"b\":1,\"B\":2}"}"#, Err(())),
        (r#"{"a":{"b":1},"A":{"c":2}}"#, Err(())),
    ] {
        let top = Top::parse(json).unwrap();
        let got = Object::read(top.entries(), &names);
        let got = got.map(|object| object.texts("a.b").join(" "));
        assert_eq!(got.as_deref().map_err(|_| ()), want, "{json}");
    }
    assert!(names.leads_on(steps("A")) && !names.leads_on(steps("d")));
}

#[test]
fn what_was_taken_of_a_loose_document_is_told_in_its_own_case() {
    let text = r#"{"SystemAlertId":"1","AlertName":"n","AlertType":"t","StartTime":"2026-11-20T08:00:00Z","Entities":"[{\"Type\":\"ip\",\"Address\":\"192.0.2.1\",\"Odd\":1}]"}"#;
    let explained = explain(&read(text.as_bytes())[0]);
    let rest: Vec<_> = explained
        .unmapped
        .iter()
        .map(|one| (one.path.as_str(), one.value.as_str()))
        .collect();
    assert_eq!(rest, [("Entities.Odd", "1")]);
}
