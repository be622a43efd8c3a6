//! A tenant erased: of a thousand values that were planted in everything of it not one is in a byte of
//! its folder, its trail verifies, and nobody else notices.

use crate::support::{
    Bench, Finding, NOW, PERSON, contains, everything, made, ndjson, said, start, stream, tenant,
    trail, written,
};
use aho_corasick::AhoCorasick;
use casemate::model::TenantId;
use casemate::setup::SetupError;
use casemate::trail::Entry;
use casemate::triage::NotStarted;
use casemate::triage::intake::{self, From};
use casemate::{Casemate, ErrorKind, Reception};
use std::path::Path;

/// A value that stands nowhere by chance.
fn planted(number: usize) -> String {
    format!(
        "pl{number:03}-{:08x}",
        number.wrapping_mul(2_654_435_761) as u32
    )
}

const COUNT: usize = 1_000;

/// Where the thousand are: 0..750 in alerts (id, rule, host, user and message of 150), 750..800 in
/// documents that are no alerts, 800..900 in assets, 900..950 in facts, 950..1000 in the boundary.
fn filled() -> (Bench, Casemate, TenantId) {
    let bench = Bench::new();
    bench.ours(&["grouper", "assets", "known-good", "drafter"]);
    let comments: String = (950..COUNT)
        .map(|n| format!("# {}\n", planted(n)))
        .collect();
    bench.tenant_with("acme", &format!("{comments}{}", Bench::allowing()));
    bench.tenant("bolt");
    let host = |alert: usize| planted(alert * 5 + 2);
    let assets: String = (800..900)
        .map(|n| format!("{},{}\n", host(n - 800), planted(n)))
        .collect();
    bench.knowledge("acme", "assets.csv", &format!("name,owner\n{assets}"));
    let facts: String = (900..950)
        .map(|n| {
            let (fact, rule) = (planted(n), planted((n - 900) * 5 + 1));
            format!("[[facts]]\nid = \"fact-{n}\"\nrule = \"{rule}\"\nowner = \"{fact}\"\nreason = \"{fact}\"\nexpires = 2027-03-31\nwhen = [{{ field = \"host.name\", equals = \"{}\" }}]\n", host(n - 900))
        })
        .collect();
    bench.knowledge("acme", "known-good.toml", &format!("version = 1\n{facts}"));
    let findings: Vec<Finding> = (0..150)
        .map(|alert| {
            let value = |which: usize| planted(alert * 5 + which);
            let mut finding = Finding::new(&value(0), &value(1), &value(2));
            (finding.user, finding.message) = (value(3), value(4));
            finding.ago(150 - alert as i64)
        })
        .collect();
    let rejects: String = (750..800)
        .map(|n| format!("no alert {}\n", planted(n)))
        .collect();
    let casemate = bench.open();
    let acme = tenant("acme");
    for id in [&acme, &tenant("bolt")] {
        let mut session = start(&casemate, id);
        let input = match *id == acme {
            true => [ndjson(&findings), rejects.clone().into_bytes()].concat(),
            false => ndjson(&stream(50, 3)),
        };
        session
            .submit(input.as_slice(), From::Auto, "test")
            .unwrap();
        session.draft().unwrap();
    }
    (bench, casemate, acme)
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let whole = bytes.chunks_exact(3).flat_map(|three| {
        let all = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        [18, 12, 6, 0].map(|shift| DIGITS[(all >> shift) as usize & 63] as char)
    });
    whole.collect()
}

/// Every form that a planted value may have: as it is, in UTF-16, in hexadecimal digits, and in base64
/// wherever it begins.
fn forms() -> AhoCorasick {
    let of = |number| {
        let value = planted(number);
        let wide: Vec<u8> = value.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let hex = hex::encode(&value);
        let mut all = vec![wide, hex.to_uppercase().into_bytes(), hex.into_bytes()];
        all.extend((0..3).map(|from| base64(&value.as_bytes()[from..]).into_bytes()));
        all.push(value.into_bytes());
        all
    };
    AhoCorasick::new((0..COUNT).flat_map(of)).unwrap()
}

/// The files below a folder that have a planted value, by path.
fn with_planted(folder: &Path, forms: &AhoCorasick) -> Vec<String> {
    fn below(at: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(at).unwrap() {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => below(&entry.path(), found),
                false => found.push(entry.path()),
            }
        }
    }
    let mut files = Vec::new();
    below(folder, &mut files);
    assert!(!files.is_empty());
    let dir = crate::support::open(folder).unwrap();
    let relative = |path: &std::path::PathBuf| {
        let path = path.strip_prefix(folder).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let mut named: Vec<String> = files
        .iter()
        .map(relative)
        .filter(|path| forms.is_match(&dir.read(path).unwrap()) || forms.is_match(path))
        .collect();
    named.sort();
    named
}

fn suspended(casemate: &Casemate, tenant: &TenantId) {
    let changed = casemate
        .suspend(tenant, PERSON, "the contract ended")
        .unwrap();
    assert!(changed.not_recorded.is_none());
}

#[test]
fn of_a_thousand_planted_values_an_erasure_leaves_none() {
    let (bench, casemate, acme) = filled();
    let forms = forms();
    // They are there, for whoever has the key: in what modules saw and said, or in a file of the tenant.
    let known = everything(&casemate, &acme);
    let view = casemate.view(&acme).unwrap().unwrap();
    let mut documents: Vec<u8> = (1..=150)
        .flat_map(|n| view.bytes(n).unwrap().unwrap())
        .collect();
    documents.extend(
        view.rejects()
            .unwrap()
            .into_iter()
            .flat_map(|r| r.first.bytes),
    );
    drop(view);
    for number in 0..950 {
        let value = planted(number);
        assert!(
            contains(&known, &value) || contains(&documents, &value),
            "{value} is in nothing"
        );
    }
    let folder = bench.path().join("tenants/acme");
    let plain = [
        "boundary.toml",
        "knowledge/assets.csv",
        "knowledge/known-good.toml",
    ];
    assert_eq!(with_planted(&folder, &forms), plain);

    suspended(&casemate, &acme);
    // What still comes for it waits in quarantine, sealed like the rest.
    let late: String = (750..800)
        .map(|n| format!("late {}\n", planted(n)))
        .collect();
    let came = intake::documents(late.as_bytes(), From::Auto).map(Result::unwrap);
    let mut reception = Reception::open(&casemate, Some(acme.clone()), Some(NOW)).unwrap();
    let received = reception.take(came.collect(), "late").unwrap();
    assert_eq!(received.outcomes.len(), 50);
    drop(reception);
    let waiting = || {
        let quarantine = casemate.home().quarantine().unwrap();
        assert_eq!(
            quarantine.waiting().unwrap() as usize,
            quarantine.from(1, 99).unwrap().len()
        );
        quarantine.from(1, 99).unwrap()
    };
    assert!(contains(&waiting()[49].document.bytes, &planted(799)));
    assert_eq!(
        with_planted(&bench.path().join("quarantine"), &forms),
        [""; 0]
    );
    let entries = trail(&casemate, &acme).len() as u64;
    let erased = casemate
        .erase(&acme, PERSON, "asked for by the client")
        .unwrap();
    assert_eq!((erased.alerts, erased.entry), (Some(150), Some(entries)));
    assert_eq!(erased.files, 4, "the store and three plain files");
    assert_eq!(with_planted(&folder, &forms), [""; 0]);
    assert_eq!(with_planted(bench.path(), &forms), [""; 0]);
    assert_eq!(waiting(), []);
    let left = std::fs::read_dir(&folder).unwrap();
    let mut left: Vec<_> = left.map(|e| e.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["lock", "trail"]);

    let report = casemate.trail_verify(&acme, None).unwrap().unwrap();
    assert!(report.bad.is_none(), "{report:?}");
    let last = trail(&casemate, &acme).pop().unwrap();
    let Entry::Erasure(entry) = last.entry else {
        panic!("{last:?}");
    };
    assert_eq!((entry.alerts, entry.files), (150, 4));
    // Who keeps the salt can show what the entry commits to.
    let mut salt = [0; 32];
    hex::decode_to_slice(erased.salt.unwrap(), &mut salt).unwrap();
    let salt = casemate::trail::Salt::from_bytes(salt);
    let by = casemate::trail::Commitment::of(&salt, PERSON.as_bytes());
    assert_eq!(entry.by, by);

    let start_again = casemate.start(&acme, NOW).map(drop).unwrap_err();
    assert!(matches!(start_again, NotStarted::Erased(_, NOW)));
    assert_eq!(start_again.kind(), ErrorKind::Denied);
    let mut other = start(&casemate, &tenant("bolt"));
    let more = ndjson(&stream(60, 4));
    other.submit(more.as_slice(), From::Auto, "test").unwrap();
    other.draft().unwrap();
}

#[test]
fn an_erasure_needs_a_suspended_tenant_and_an_operator_and_happens_once() {
    let bench = Bench::ordinary(&["acme"]);
    let casemate = bench.open();
    let acme = tenant("acme");
    let erase = |by| casemate.erase(&acme, by, "why");
    assert!(matches!(erase(PERSON), Err(SetupError::WorksYet(_))));
    suspended(&casemate, &acme);
    let stranger = erase("eve@mssp.example");
    assert!(matches!(stranger, Err(SetupError::NotInRoster(_))));
    assert!(casemate.start(&acme, NOW).is_err());
    let working = bench.home().tenant(&acme).unwrap();
    let lock = working.lock().unwrap();
    drop(lock);
    erase(PERSON).unwrap();
    assert!(matches!(erase(PERSON), Err(SetupError::Erased(_, NOW))));
    let resumed = casemate.resume(&acme, PERSON, "come back");
    assert!(matches!(resumed, Err(SetupError::Erased(_, NOW))));
    let again = casemate::setup::add_tenant(casemate.home(), &acme, PERSON);
    assert!(matches!(again.map(drop), Err(SetupError::TenantExists(_))));
    let planned = casemate.plan_boundary(&acme, &Bench::allowing());
    assert!(matches!(planned.map(drop), Err(SetupError::Erased(_, _))));
    assert_eq!(casemate.tenants().unwrap(), []);
}

/// Takes from one folder what it has under a path, for another; what it has not is removed there.
fn taken(from: &Path, to: &Path, path: &str) {
    let (from, to) = (from.join(path), to.join(path));
    if from.is_dir() {
        let _ = std::fs::remove_dir_all(&to);
        std::fs::create_dir_all(&to).unwrap();
        for entry in std::fs::read_dir(&from).unwrap() {
            let name = entry.unwrap().file_name();
            taken(&from, &to, name.to_str().unwrap());
        }
    } else if from.is_file() {
        std::fs::copy(from, to).unwrap();
    } else {
        let _ = std::fs::remove_file(to);
    }
}

#[test]
fn an_erasure_that_was_stopped_anywhere_is_gone_on_with() {
    let bench = Bench::ordinary(&["acme", "bolt"]);
    bench.knowledge("acme", "assets.csv", "name,owner\nweb-1,Ada\n");
    let casemate = bench.open();
    let acme = tenant("acme");
    let mut session = start(&casemate, &acme);
    let input = ndjson(&stream(40, 3));
    session
        .submit(input.as_slice(), From::Auto, "test")
        .unwrap();
    session.draft().unwrap();
    drop(session);
    suspended(&casemate, &acme);
    let before = bench.folder().copied();
    casemate.erase(&acme, PERSON, "the client asked").unwrap();
    drop(casemate);
    // Each step made certain before the next one: what lies there when the machine stops behind it.
    // What the store says of the trail in between is gone with it.
    let told = ["tenants/acme/trail", "heads/acme", "keys/acme"];
    let mut steps = vec![&["tenants.toml"][..], &told];
    let files = ["store.redb", "boundary.toml", "knowledge/assets.csv"];
    let files = files.map(|file| [format!("tenants/acme/{file}")]);
    let files = files.each_ref().map(|[file]| [file.as_str()]);
    steps.extend(files.iter().map(|file| &file[..]));
    for stopped in 1..steps.len() {
        let folder = before.copied();
        for step in steps[..stopped].iter().copied().flatten() {
            taken(bench.path(), folder.path(), step);
        }
        let half = Bench::of(folder);
        let casemate = half.open();
        let standing = casemate.start(&acme, NOW).map(drop);
        assert!(matches!(standing, Err(NotStarted::Erased(_, NOW))));
        assert!(casemate.is_half_erased(&acme).unwrap(), "after {stopped}");
        let report = casemate.report(&acme).unwrap();
        assert!(report.half_erased && report.erased.is_some());
        let erased = casemate.erase(&acme, PERSON, "again").unwrap();
        // The key was there until its step: until then it is told again.
        assert_eq!(erased.entry.is_some(), stopped < 2, "after {stopped}");
        assert_eq!(erased.erasure.reason.as_str(), "the client asked");
        assert!(!casemate.is_half_erased(&acme).unwrap());
        let told = trail(&casemate, &acme).into_iter();
        let told = told
            .filter(|s| matches!(s.entry, Entry::Erasure(_)))
            .count();
        assert_eq!(told, 1, "after {stopped}");
        let report = casemate.trail_verify(&acme, None).unwrap().unwrap();
        assert!(report.bad.is_none(), "{report:?}");
        let scope = casemate.home().tenant(&acme).unwrap();
        assert_eq!(scope.to_be_erased().unwrap(), (0, 0));
        assert!(!half.path().join("keys/acme/vault.key").exists());
        assert!(half.path().join("keys/acme/trail.key").exists());
        drop(start(&casemate, &tenant("bolt")));
    }
}

#[test]
fn the_command_line_tells_of_an_erased_tenant_in_clear_words() {
    let (folder, home) = made();
    let file = written(&folder, "alerts.ndjson", &ndjson(&stream(30, 5)));
    assert_eq!(said(&home, &["run", "--tenant", "acme", &file]).0, 0);
    let who = ["--by", "ada@mssp.example", "--reason", "they asked"];
    let erase = |more: &[&str]| {
        let first = ["tenant", "erase", "acme"];
        said(&home, &[&first, &who[..], more].concat())
    };
    let (code, _, err) = erase(&[]);
    assert!(code == 2 && err.contains("nothing was done"), "{err}");
    let (code, _, err) = erase(&["--confirm", "acme"]);
    assert!(code == 2 && err.contains("suspend it first"), "{err}");
    let suspend = ["tenant", "suspend", "acme"];
    assert_eq!(said(&home, &[&suspend, &who[..]].concat()).0, 0);
    let (code, out, err) = erase(&["--confirm", "acme"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("30 alerts"), "{out}");
    let (code, _, err) = erase(&["--confirm", "acme"]);
    assert!(code == 2 && err.contains("was erased"), "{err}");

    let (code, _, err) = said(&home, &["run", "--tenant", "acme", &file]);
    assert!(code == 3 && err.contains("was erased at"), "{err}");
    let backup = folder.path().join("backup");
    for (arguments, says) in [
        (&["tenant", "list"][..], "erased"),
        (&["tenant", "show", "acme"], "they asked"),
        (&["doctor"], "1 tenant erased"),
        (&["audit", "capabilities"], ""),
        (&["retain"], ""),
        (&["retain", "--tenant", "acme"], ""),
        (&["queue"], ""),
        (&["boundary", "check"], ""),
        (&["module", "list"], ""),
        (&["upgrade"], ""),
        (&["backup", backup.to_str().unwrap()], ""),
    ] {
        let (code, out, err) = said(&home, arguments);
        assert_eq!(code, 0, "{arguments:?}: {out}{err}");
        assert!(format!("{out}{err}").contains(says), "{arguments:?}: {out}");
    }
    // What was backed up of it is its trail, and a restored home knows that it was erased.
    let restored = folder.path().join("restored");
    let restore = ["restore", backup.to_str().unwrap()];
    let (code, _, err) = said(&restored, &restore);
    assert_eq!(code, 0, "{err}");
    let (code, _, err) = said(&restored, &["run", "--tenant", "acme", &file]);
    assert!(code == 3 && err.contains("was erased at"), "{err}");
}
