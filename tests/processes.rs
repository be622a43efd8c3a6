//! Several processes work on one home at once: nothing is lost, nothing is there twice.

use crate::support::{Bench, Finding, Folder, PERSON, casemate, made, ndjson, said, trail};
use casemate::model::TenantId;
use casemate::sandbox::Grants;
use casemate::trail::Entry;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

const TENANTS: [&str; 3] = ["acme", "bolt", "cord"];

/// What one of those who hammer did, by what its processes said.
#[derive(Default)]
struct Done {
    /// Ids of alerts that were acknowledged, by tenant.
    alerts: [BTreeSet<String>; 3],
    grants: usize,
    withdrawals: usize,
    waited: usize,
    killed: usize,
}

/// Calls until nobody else is at it.
fn insisted(home: &Path, arguments: &[&str], waited: &mut usize) -> (i32, String, String) {
    loop {
        let (code, out, err) = said(home, arguments);
        if code != 75 {
            return (code, out, err);
        }
        *waited += 1;
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn hammer(home: &Path, files: &Folder, who: usize, time: Duration) -> Done {
    let begun = Instant::now();
    let mut done = Done::default();
    for round in 0.. {
        if begun.elapsed() > time {
            break;
        }
        // They meet at the same tenant most of the time.
        let place = round / 2 % TENANTS.len();
        let tenant = TENANTS[place];
        let findings: Vec<Finding> = (0..40)
            .map(|n| {
                let id = format!("{who}-{round}-{n}");
                Finding::new(&id, &format!("rule-{}", n % 5), &format!("host-{}", n % 7))
            })
            .collect();
        let name = format!("{who}-{round}.ndjson");
        files.dir().write(&name, ndjson(&findings)).unwrap();
        let file = files.path().join(&name);
        let run = ["run", "--tenant", tenant, file.to_str().unwrap()];
        if round % 4 == 3 {
            let mut child = casemate(home, &run).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(20 + 13 * (round as u64 % 9)));
            let _ = child.kill();
            done.killed += usize::from(!child.wait().unwrap().success());
        }
        let (code, out, err) = insisted(home, &run, &mut done.waited);
        // The other may have withdrawn the drafter just then.
        let without = code == 1 && out.contains("withdraws it");
        assert!(code == 0 || without, "{out}{err}");
        done.alerts[place].extend(findings.into_iter().map(|f| f.id));
        let (code, _, err) = said(home, &["queue"]);
        assert_eq!(code, 0, "{err}");
        let grant = [
            "module", "grant", "assets", "--tenant", tenant, "--by", PERSON,
        ];
        let (code, _, err) = insisted(home, &grant, &mut done.waited);
        assert_eq!(code, 0, "{err}");
        done.grants += 1;
        if round % 3 == who {
            let revoke = [
                "module", "revoke", "drafter", "--tenant", tenant, "--by", PERSON,
            ];
            let (code, _, _) = insisted(home, &revoke, &mut done.waited);
            done.withdrawals += usize::from(code == 0);
            let grant = [
                "module", "grant", "drafter", "--tenant", tenant, "--by", PERSON,
            ];
            assert_eq!(insisted(home, &grant, &mut done.waited).0, 0);
            done.grants += 1;
        }
        let (code, _, err) = said(home, &["tenant", "show", tenant]);
        assert_eq!(code, 0, "{err}");
        let _ = files.dir().remove_file(&name);
    }
    done
}

/// Two at a time for so long, then what must hold.
fn ends_consistent(time: Duration) -> Done {
    let (folder, home) = made();
    for tenant in &TENANTS[1..] {
        let add = [
            "tenant",
            "add",
            tenant,
            "--accountable",
            PERSON,
            "--grant-modules",
        ];
        assert_eq!(said(&home, &add).0, 0);
    }
    let granted = || {
        let text = open_home(&home)
            .home()
            .text("grants.toml")
            .unwrap()
            .unwrap();
        let withdrawn = text.matches("withdrawn = true").count();
        (Grants::parse(&text).unwrap().iter().count(), withdrawn)
    };
    let (before, _) = granted();
    let files = Folder::new();
    let (home_path, files) = (&home, &files);
    let all: Vec<Done> = std::thread::scope(|scope| {
        let hammers = [0, 1].map(|who| scope.spawn(move || hammer(home_path, files, who, time)));
        hammers.map(|hammer| hammer.join().unwrap()).into()
    });
    let casemate = open_home(&home);
    let sum = |of: fn(&Done) -> usize| all.iter().map(of).sum::<usize>();
    assert_eq!(granted().0, before + sum(|d| d.grants), "a grant was lost");
    assert_eq!(granted().1, sum(|d| d.withdrawals), "a withdrawal was lost");
    for (place, id) in TENANTS.iter().enumerate() {
        let tenant = TenantId::parse(id).unwrap();
        let view = casemate.view(&tenant).unwrap().unwrap();
        let stored = view.alerts(1, u64::MAX).unwrap();
        let ids: Vec<String> = stored
            .iter()
            .map(|s| s.alert.identity.id.as_ref().unwrap().to_string())
            .collect();
        let want: BTreeSet<&String> = all.iter().flat_map(|d| &d.alerts[place]).collect();
        assert_eq!(
            ids.iter().collect::<BTreeSet<_>>(),
            want,
            "{id}: an alert was lost"
        );
        assert_eq!(ids.len(), want.len(), "{id}: an alert is there twice");
        assert_eq!(view.placed_through().unwrap(), ids.len() as u64);
        let entries = trail(&casemate, &tenant);
        assert!(
            view.trail_committed().unwrap() <= entries.len() as u64,
            "{id}"
        );
        // An intake that was recorded and not stored was stopped in between; its alerts came again.
        let taken = entries.iter().filter_map(|stamped| {
            let Entry::Intake(intake) = &stamped.entry else {
                return None;
            };
            let stored = view.material(stamped.seq).unwrap().is_some();
            stored.then_some(intake.alerts)
        });
        assert_eq!(
            taken.sum::<u64>(),
            ids.len() as u64,
            "{id}: trail and store"
        );
        for number in 1..=ids.len() as u64 {
            assert!(
                view.bytes(number).unwrap().is_some(),
                "{id}: alert {number}"
            );
        }
    }
    let (code, findings, _) = said(&home, &["doctor"]);
    assert_eq!(code, 0, "{findings}");
    drop(folder);
    let mut both = Done::default();
    for one in all {
        both.grants += one.grants;
        both.waited += one.waited;
        both.killed += one.killed;
    }
    both
}

fn open_home(home: &Path) -> casemate::Casemate {
    let settings = casemate::Settings::new(
        std::sync::Arc::new(|| crate::support::NOW),
        crate::support::compiler(),
    );
    casemate::Casemate::open(crate::support::open(home).unwrap(), settings).unwrap()
}

#[test]
fn two_processes_on_one_home_lose_nothing() {
    let done = ends_consistent(Duration::from_secs(6));
    assert!(done.grants > 4, "hardly anything was done");
}

#[test]
#[ignore = "takes five minutes: `.ci/run` runs it, and README.md says how"]
fn two_processes_on_one_home_lose_nothing_in_five_minutes() {
    let done = ends_consistent(Duration::from_secs(300));
    assert!(done.waited > 0, "they never met");
    assert!(done.killed > 0, "nothing was killed in its work");
}

#[test]
fn tenants_that_are_made_at_the_same_time_are_all_there() {
    let bench = Bench::new();
    let adding: Vec<_> = (0..8)
        .map(|n| {
            let id = format!("tenant-{}", n / 2);
            let add = ["tenant", "add", &id, "--accountable", PERSON];
            casemate(bench.path(), &add).spawn().unwrap()
        })
        .collect();
    let codes = adding
        .into_iter()
        .map(|child| child.wait_with_output().unwrap().status.code().unwrap());
    let made = codes.filter(|code| *code == 0).count();
    assert_eq!(made, 4, "each is made once");
    assert_eq!(bench.home().tenants().unwrap().0.len(), 4);
}
