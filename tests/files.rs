//! What lies in a home can be anything, and one tenant's folder keeps no other tenant waiting.
#![cfg(unix)]

use crate::pipe::{alerts_in, home_of, of, received};
use crate::support::{Bench, Finding, Pipe, casemate, said};
use std::path::Path;
use std::time::{Duration, Instant};

/// Longer than a program that does not wait takes for three documents on a slow machine.
const LONG: Duration = Duration::from_secs(30);

fn fifo(path: &Path) {
    let _ = std::fs::remove_file(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU);
    rustix::fs::mknodat(rustix::fs::CWD, path, kind, mode, 0).unwrap();
}

/// Two tenants' documents go into a pipe: all of bolt's are taken in, and it ends soon.
fn goes_on_for_bolt(bench: &Bench, what: &str) {
    let before = alerts_in(bench, "bolt");
    let begun = Instant::now();
    let mut pipe = Pipe::start(bench.path(), &[]);
    for (tenant, id) in [("bolt", "one"), ("acme", "two"), ("bolt", "three")] {
        let id = format!("{id}-{what}");
        assert!(pipe.write(of(tenant, &Finding::new(&id, "r", "h")).as_bytes()));
    }
    let (code, lines, stderr) = pipe.end();
    assert_eq!(received(&lines).len(), 3, "{what}: {stderr}");
    // 5 where acme's own folder cannot be used: what came for it waits in quarantine.
    assert!(matches!(code, Some(0 | 1 | 5)), "{what}: {code:?} {stderr}");
    assert!(begun.elapsed() < LONG, "{what}");
    assert_eq!(alerts_in(bench, "bolt"), before + 2, "{what}: {stderr}");
}

#[test]
fn a_fifo_in_one_tenants_folder_keeps_no_other_tenant_waiting() {
    for place in [
        "tenants/acme/boundary.toml",
        "tenants/acme/store.redb",
        "tenants/acme/lock",
        "tenants/acme/trail/journal",
        "tenants/acme/knowledge/assets.csv",
        "heads/acme",
        "keys/acme/vault.key",
    ] {
        let bench = home_of(&["acme", "bolt"]);
        fifo(&bench.path().join(place));
        goes_on_for_bolt(&bench, place);
        for command in [
            &["queue"][..],
            &["tenant", "list"],
            &["doctor"],
            &["trail", "verify"],
        ] {
            let begun = Instant::now();
            let (_, _, stderr) = said(bench.path(), command);
            assert!(begun.elapsed() < LONG, "{place} {command:?}: {stderr}");
            assert!(
                !stderr.contains("panicked"),
                "{place} {command:?}: {stderr}"
            );
        }
    }
}

#[test]
fn a_lock_that_is_a_second_name_of_the_roster_leaves_the_roster_as_it_is() {
    let bench = home_of(&["acme", "bolt"]);
    let roster = bench.path().join("roster.toml");
    let before = std::fs::read(&roster).unwrap();
    let lock = bench.path().join("tenants/acme/lock");
    let _ = std::fs::remove_file(&lock);
    std::fs::hard_link(&roster, &lock).unwrap();
    goes_on_for_bolt(&bench, "lock");
    assert_eq!(std::fs::read(&roster).unwrap(), before);
    assert_eq!(alerts_in(&bench, "acme"), 0);
}

#[test]
fn a_fifo_or_a_folder_that_is_named_as_input_is_refused_at_once() {
    let bench = home_of(&["acme"]);
    let path = bench.path().join("input");
    fifo(&path);
    for input in [path.as_path(), bench.path()] {
        let arguments = ["run", "--tenant", "acme", input.to_str().unwrap()];
        let begun = Instant::now();
        let ended = casemate(bench.path(), &arguments).output().unwrap();
        let stderr = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(5), "{stderr}");
        assert!(stderr.contains("not a regular file"), "{stderr}");
        assert!(begun.elapsed() < LONG);
    }
}
