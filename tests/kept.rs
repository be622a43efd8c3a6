//! What of documents in quarantine is kept, and with whose key.

use crate::pipe::{alerts_in, home_of, in_quarantine, of, owned_by};
use crate::quarantine::{finding, retried, through};
use crate::support::{said, tenant};

#[test]
fn of_what_cannot_be_read_so_much_is_kept_in_quarantine_and_the_rest_counted() {
    let bench = home_of(&["acme"]);
    owned_by(&bench, &["acme"]);
    let home = bench.home();
    let document = |number: u64, input: &str| casemate::store::Quarantined {
        taken_in: crate::support::NOW,
        input: input.to_owned(),
        offset: number * 10,
        delivered: None,
        known: None,
        why: "it is no alert".to_owned(),
        bytes: number.to_string().into_bytes(),
        format: None,
        frame: None,
        is_whole: true,
    };
    let quarantine = home.quarantine().unwrap();
    let many: Vec<_> = (0..10_020).map(|n| document(n, "flood")).collect();
    for _ in 0..2 {
        let kept = quarantine.keep(&many).unwrap();
        assert_eq!(kept.iter().flatten().count(), 10_000);
        assert_eq!(quarantine.left_out().unwrap(), 20, "counted once");
        assert_eq!(quarantine.waiting().unwrap(), 10_000);
    }
    // Another input has its room, and what could be read is kept however much there is.
    let mut read = document(7, "flood");
    read.format = Some("ocsf".to_owned());
    read.bytes = b"{}".to_vec();
    let kept = quarantine
        .keep(&[document(1_000_000, "other"), read])
        .unwrap();
    assert_eq!(kept, [Some(10_001), Some(10_002)]);
    drop(quarantine);
    let (code, _, told) = said(bench.path(), &["quarantine", "list"]);
    assert_eq!(code, 0);
    assert!(
        told.contains("20 more documents could not be read"),
        "{told}"
    );
}

#[test]
fn a_tenant_whose_key_cannot_be_had_keeps_nobody_elses_document_back() {
    let bench = home_of(&["acme", "bolt"]);
    owned_by(&bench, &["acme", "bolt"]);
    let scope = bench.home().tenant(&tenant("acme")).unwrap();
    let boundary = scope.boundary().unwrap().unwrap();
    scope.replace_boundary("version = 1\n").unwrap();
    let one = of("acme", &finding("one"));
    through(&bench, &[], one.as_bytes());
    let key = bench.path().join("keys/acme/vault.key");
    let put_aside = bench.path().join("vault.key");
    std::fs::rename(&key, &put_aside).unwrap();
    // What comes now is kept as it is; what was sealed before is named and stays.
    let more = [of("acme", &finding("two")), of("bolt", &finding("three"))].concat();
    through(&bench, &[], more.as_bytes());
    assert_eq!(alerts_in(&bench, "bolt"), 1);
    let list = in_quarantine(&bench, &[]);
    assert_eq!(list.len(), 2);
    assert!(
        list[0]["why"].as_str().unwrap().contains("is not there"),
        "{list:?}"
    );
    assert_eq!(retried(&bench).1["stayed"], 2);
    std::fs::rename(&put_aside, &key).unwrap();
    scope.replace_boundary(&boundary).unwrap();
    assert_eq!(retried(&bench).1["stayed"], 0);
    assert_eq!(alerts_in(&bench, "acme"), 2);
}
