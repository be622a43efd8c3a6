//! What somebody who embeds the host brings: disks, accounts, clocks that fail.

use crate::support::{Bench, Folder, NOW, PERSON, compiler, ndjson, start, state, stream, tenant};
use casemate::boundary::Role;
use casemate::model::{Clock, Instant, TenantId};
use casemate::sandbox::GrantedTenants;
use casemate::store::{Below, Dir, Folders, Home, StoreError};
use casemate::triage::intake::From;
use casemate::triage::{NotStarted, Observer, RunEnded, SessionError, TakenIn};
use casemate::{Accounts, Casemate, ErrorKind, NoCaller, Settings, setup};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Two disks: tenants whose id ends in an even digit are on the second.
struct TwoDisks {
    first: Below,
    second: Dir,
}

impl TwoDisks {
    fn is_second(name: &str) -> bool {
        name.ends_with(['0', '2', '4', '6', '8'])
    }
}

impl Folders for TwoDisks {
    fn home(&self) -> io::Result<Dir> {
        self.first.home()
    }

    fn tenants(&self) -> io::Result<Vec<String>> {
        let mut names = self.first.tenants()?;
        for entry in self.second.entries()? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        Ok(names)
    }

    fn tenant(&self, tenant: &TenantId) -> io::Result<Dir> {
        if Self::is_second(tenant.as_str()) {
            return self.second.open_dir(tenant.as_str());
        }
        self.first.tenant(tenant)
    }

    fn add_tenant(&self, tenant: &TenantId) -> io::Result<Dir> {
        if Self::is_second(tenant.as_str()) {
            self.second.create_dir(tenant.as_str())?;
            return self.tenant(tenant);
        }
        self.first.add_tenant(tenant)
    }
}

#[test]
fn an_embedder_keeps_tenants_on_several_disks() {
    let bench = Bench::new();
    bench.ours(&["grouper", "drafter"]);
    let second = Folder::new();
    let places = Arc::new(TwoDisks {
        first: Below::new(bench.folder().dir()),
        second: second.dir(),
    });
    let home = Home::open_in(places.clone()).unwrap();
    let ids = ["acme-1", "acme-2", "acme-3", "acme-4"];
    for id in ids {
        let scope = home.add_tenant(&tenant(id)).unwrap();
        scope.replace_boundary(&Bench::allowing()).unwrap();
        assert!(home.add_tenant(&tenant(id)).is_err());
    }
    let mut settings = Settings::new(Arc::new(|| NOW), compiler());
    settings.keep_compiled = false;
    let casemate = Casemate::open_in(places, settings).unwrap();
    assert_eq!(casemate.tenants().unwrap(), ids.map(tenant));
    let input = ndjson(&stream(40, 25));
    for id in ids {
        let mut session = start(&casemate, &tenant(id));
        session
            .submit(input.as_slice(), From::Auto, "test")
            .unwrap();
        session.draft().unwrap();
    }
    let one = state(&casemate, &tenant("acme-1"));
    assert_eq!(one.alerts, 40);
    assert_eq!(state(&casemate, &tenant("acme-2")), one);
    for (disk, here, not_here) in [
        (bench.path().join("tenants"), "acme-3", "acme-4"),
        (second.path().to_owned(), "acme-4", "acme-3"),
    ] {
        assert!(disk.join(here).join("store.redb").exists(), "{here}");
        assert!(!disk.join(not_here).exists(), "{not_here}");
    }
    match casemate.start(&tenant("acme-6"), NOW) {
        Err(NotStarted::Store(StoreError::NoTenant { .. })) => {}
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("a tenant that is on no disk was started"),
    }
}

/// The accounts of a SIEM: a domain before the name, and the roster's people behind it.
struct Directory;

impl Accounts for Directory {
    fn person(&self, account: &str) -> Option<String> {
        let name = account.strip_prefix("CORP\\")?;
        Some(format!("{name}@mssp.example"))
    }
}

#[test]
fn who_acts_is_somebody_of_the_roster_whatever_their_account_is_called() {
    let bench = Bench::new();
    bench.ours(&["grouper"]);
    let acme = bench.tenant("acme");
    let plain = bench.open();
    assert_eq!(plain.caller(PERSON).unwrap().id(), PERSON);
    assert!(matches!(
        plain.caller("CORP\\ada"),
        Err(NoCaller::NotInRoster(_))
    ));
    let casemate = bench.open_with(|settings| settings.accounts = Arc::new(Directory));
    assert!(matches!(casemate.caller(PERSON), Err(NoCaller::Unknown(_))));
    assert!(matches!(
        casemate.caller("CORP\\bea"),
        Err(NoCaller::NotInRoster(_))
    ));
    let ada = casemate.caller("CORP\\ada").unwrap();
    assert!(ada.is(Role::Operator) && !ada.is(Role::Auditor));
    let module = casemate.modules()[0].manifest().name();
    let these = GrantedTenants::These(vec![acme]);
    let grant = setup::grant_by(casemate.home(), module, these, &ada, NOW).unwrap();
    assert_eq!(grant.by.as_str(), PERSON);
}

/// A clock that panics once it was asked so many times.
struct Breaking(AtomicI64);

impl Clock for Breaking {
    fn now(&self) -> Instant {
        assert!(
            self.0.fetch_sub(1, Ordering::Relaxed) != 0,
            "the clock broke"
        );
        NOW
    }
}

#[test]
fn what_panics_in_an_embedders_clock_ends_the_session_and_nothing_else() {
    let input = ndjson(&stream(300, 26));
    let (mut in_start, mut in_run, mut in_session) = (0, 0, 0);
    for times in 0..16 {
        let bench = Bench::ordinary(&["acme"]);
        let casemate = bench.open_with(|s| s.clock = Arc::new(Breaking(AtomicI64::new(times))));
        match casemate.start(&tenant("acme"), NOW) {
            Ok(mut session) => {
                let first = session.submit(input.as_slice(), From::Auto, "test");
                let first = first.and_then(|done| {
                    let drafted = session.draft()?;
                    Ok([done.failures, drafted.failures].concat())
                });
                match first {
                    Ok(failures) => {
                        let broke = |f: &String| f.contains("the host panicked: the clock broke");
                        in_run += u64::from(failures.iter().any(broke));
                    }
                    Err(SessionError::Panicked(said)) => {
                        assert_eq!(said.as_str(), "the clock broke");
                        in_session += 1;
                        let again = session.draft().unwrap_err();
                        assert!(matches!(again, SessionError::Panicked(_)));
                        assert_eq!(again.kind(), ErrorKind::Environment);
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            Err(NotStarted::Panicked(said)) => {
                assert_eq!(said.as_str(), "the clock broke");
                in_start += 1;
            }
            Err(error) => panic!("{error}"),
        }
        // Once it has broken it goes on; what was begun is continued.
        let mut session = start(&casemate, &tenant("acme"));
        session
            .submit(input.as_slice(), From::Auto, "test")
            .unwrap();
        session.draft().unwrap();
        let after = state(&casemate, &tenant("acme"));
        assert_eq!(
            (after.alerts, after.placements.len()),
            (300, 300),
            "{times}"
        );
        assert_eq!(after.drafts.len(), after.cases.len(), "{times}");
    }
    assert!(
        in_start > 0 && in_run > 0 && in_session > 0,
        "{in_start} {in_run} {in_session}"
    );
}

/// An observer that panics at a run's end.
struct Loud;

impl Observer for Loud {
    fn run_ended(&self, _: &TenantId, _: &RunEnded) {
        panic!("too loud");
    }

    fn taken_in(&self, _: &TenantId, _: &TakenIn) {}
}

struct Torn;

impl io::Read for Torn {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        panic!("torn out")
    }
}

#[test]
fn what_panics_in_an_embedders_observer_or_input_is_an_error_of_its_own() {
    let bench = Bench::ordinary(&["acme"]);
    let loud = bench.open_with(|settings| settings.observer = Arc::new(Loud));
    let mut session = start(&loud, &tenant("acme"));
    let input = ndjson(&stream(20, 27));
    match session.submit(input.as_slice(), From::Auto, "test") {
        Err(SessionError::Panicked(said)) => assert_eq!(said.as_str(), "too loud"),
        other => panic!("{other:?}"),
    }
    drop(session);
    let casemate = bench.open();
    let mut session = start(&casemate, &tenant("acme"));
    match session.submit(Torn, From::Auto, "test") {
        Err(SessionError::Input(said)) => assert!(said.to_string().contains("panicked"), "{said}"),
        other => panic!("{other:?}"),
    }
    // The input was torn; the session was not.
    let done = session
        .submit(input.as_slice(), From::Auto, "test")
        .unwrap();
    assert_eq!(done.new + done.duplicates, 20);
}

#[test]
fn every_error_says_of_what_kind_it_is() {
    let bench = Bench::ordinary(&["acme", "bolt"]);
    let casemate = bench.open();
    let acme = tenant("acme");
    let kind = |id| {
        casemate
            .start(&tenant(id), NOW)
            .map(drop)
            .unwrap_err()
            .kind()
    };
    assert_eq!(kind("nobody"), ErrorKind::Environment);
    let held = start(&casemate, &acme);
    assert_eq!(kind("acme"), ErrorKind::TryAgain);
    drop(held);
    let scope = casemate.home().tenant(&tenant("bolt")).unwrap();
    scope.replace_boundary("version = 1\n").unwrap();
    assert_eq!(kind("bolt"), ErrorKind::Denied);
    let mut session = start(&casemate, &acme);
    let input = ndjson(&stream(20, 28));
    session
        .submit(input.as_slice(), From::Auto, "test")
        .unwrap();
    drop(session);
    let (folder, trail) = (bench.folder().dir(), "tenants/acme/trail/journal");
    let mut bytes = folder.read(trail).unwrap();
    let middle = crate::support::journal_end(&bytes) / 2;
    bytes[middle] ^= 1;
    folder.write(trail, bytes).unwrap();
    assert_eq!(kind("acme"), ErrorKind::Integrity);
    let exists = setup::add_tenant(casemate.home(), &acme, PERSON).map(drop);
    assert_eq!(exists.unwrap_err().kind(), ErrorKind::Usage);
    let codes = [
        ErrorKind::Usage,
        ErrorKind::Denied,
        ErrorKind::Integrity,
        ErrorKind::Environment,
        ErrorKind::TryAgain,
    ];
    assert_eq!(codes.map(ErrorKind::exit_code), [2, 3, 4, 5, 75]);
}
