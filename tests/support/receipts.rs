//! Receipt or no call, looked at from outside: every test's home is checked when its folder goes, so
//! that no flow is without it, whatever the test was about.

use super::reading::{Run, materials, runs};
use casemate::model::TenantId;
use casemate::store::{Home, Material, TenantScope, View};
use casemate::trail::{Commitment, Entries, Entry, Intake, Outcome, Stamped, Verdict};
use hmac::{Hmac, KeyInit as _, Mac as _};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const CACHE_BYTES: usize = 1 << 20;

/// What was found of a tenant, all of it with its receipt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Receipts {
    pub(crate) runs: usize,
    pub(crate) calls: usize,
    pub(crate) refusals: usize,
    pub(crate) failures: usize,
    /// No salt is used twice. Homes of tests draw the same random bytes each time they are opened, so
    /// this is for a test to ask whose home was opened once.
    pub(crate) salts_differ: bool,
}

/// Checks all tenants of all homes in a folder. What a test damaged, locked up or left of an earlier
/// version cannot be read and is passed over: that it is noticed is for the tests of damage.
pub(crate) fn check_homes(folder: &Path) {
    let mut homes = vec![folder.to_owned()];
    if let Ok(inside) = std::fs::read_dir(folder) {
        homes.extend(inside.flatten().map(|entry| entry.path()));
    }
    for path in homes.iter().filter(|path| path.join("home.toml").is_file()) {
        let Ok(home) = super::open(path)
            .map_err(drop)
            .and_then(|dir| Home::open(dir).map_err(drop))
        else {
            continue;
        };
        let names = std::fs::read_dir(path.join("tenants"))
            .into_iter()
            .flatten();
        for name in names.flatten() {
            if let Ok(tenant) = TenantId::parse(&name.file_name().to_string_lossy()) {
                receipts(&home, &tenant);
            }
        }
    }
}

/// Looks at every run and intake of a tenant; none where there is no sound trail or no store to read.
pub(crate) fn receipts(home: &Home, tenant: &TenantId) -> Option<Receipts> {
    let scope = home.tenant(tenant).ok()?;
    let entries = entries(&scope)?;
    let view = scope.read_records(CACHE_BYTES).ok()??;
    let view = &view;
    let kept: BTreeMap<u64, Material> = materials(view, &entries).into_iter().collect();
    let without = without_material(&entries, view);
    let mut found = Receipts::default();
    for run in runs(&entries) {
        match kept.get(&run.number) {
            Some(material) => of_run(&run, material, &mut found),
            None => assert!(
                without.all || run.end.is_none() || without.runs.contains(&run.number),
                "{tenant}: run {} has ended, and what it commits to is not kept",
                run.number
            ),
        }
    }
    of_intakes(&entries, &kept, &without, view);
    no_number_twice(&scope, &entries);
    let salts: BTreeSet<_> = kept.values().map(|m| m.salt).collect();
    found.salts_differ = salts.len() == kept.len();
    Some(found)
}

fn entries(scope: &TenantScope) -> Option<Vec<Stamped>> {
    let report = scope.verify_trail(None).ok()??;
    if report.bad.is_some() {
        return None;
    }
    let entries = Entries::new(scope.read_trail().ok()??).ok()?;
    Some(entries.map(|found| found.unwrap().stamped).collect())
}

fn of_run(run: &Run, material: &Material, found: &mut Receipts) {
    found.runs += 1;
    assert!(commits(&run.start.batch, material, &material.batch));
    assert_eq!(material.calls.len(), run.intents.len());
    let (verdict, counts) = run.end.as_ref().unwrap();
    assert_eq!(counts.intents as usize, run.intents.len());
    assert_eq!(counts.outcomes as usize, run.outcomes.len());
    assert_eq!(counts.intents, counts.outcomes + counts.abandoned);
    let answers = run.intents.iter().zip(&run.outcomes);
    let mut refused = 0;
    for ((intent, outcome), call) in answers.zip(&material.calls) {
        found.calls += 1;
        assert!(commits(&intent.question, material, &call.question));
        assert!(run.start.capabilities.contains(&intent.capability));
        match outcome {
            Outcome::Ok { answer, .. } => assert!(commits(answer, material, &call.answer)),
            Outcome::Refused { .. } => {
                refused += 1;
                assert!(call.answer.is_empty());
            }
        }
    }
    assert_eq!(counts.refusals, refused);
    found.refusals += refused as usize;
    match verdict {
        Verdict::Ok { answer } => assert!(commits(answer, material, &material.answer)),
        Verdict::Failed(_) => found.failures += 1,
    }
}

fn of_intakes(
    entries: &[Stamped],
    kept: &BTreeMap<u64, Material>,
    without: &WithoutMaterial,
    view: &View,
) {
    let of_intake = |stamped: &Stamped| match &stamped.entry {
        Entry::Intake(intake) => Some((stamped.seq, intake.clone())),
        Entry::RunStart { .. }
        | Entry::Intent(_)
        | Entry::Outcome { .. }
        | Entry::Refused { .. }
        | Entry::RunEnd { .. }
        | Entry::Boundary(_)
        | Entry::Grant(_)
        | Entry::Knowledge(_)
        | Entry::Suspension(_)
        | Entry::Restore(_)
        | Entry::Deletion(_)
        | Entry::Erasure(_)
        | Entry::Recovery(_) => None,
    };
    let intakes: Vec<(u64, Intake)> = entries.iter().filter_map(of_intake).collect();
    for (number, intake) in &intakes {
        let Some(material) = kept.get(number) else {
            continue;
        };
        assert!(commits(&intake.batch, material, &material.batch));
        let came = intake.alerts + intake.duplicates + intake.revisions + intake.rejects;
        let digests = came - intake.left_out + u64::from(intake.left_out > 0);
        assert_eq!(material.batch.len() as u64, digests * 32);
    }
    // An intake that was recorded and not stored, because the host stopped, is recorded again.
    // The log before it has the rest where a backup was restored or somebody went on in a new log.
    let restored = |stamped: &Stamped| matches!(stamped.entry, Entry::Restore(_));
    if entries.iter().any(restored) {
        return;
    }
    let taken: u64 = intakes.iter().map(|(_, intake)| intake.alerts).sum();
    let held = view.alert_count().unwrap();
    let all_stored = !without.all && intakes.iter().all(|(n, _)| kept.contains_key(n));
    assert!(
        held <= taken,
        "{held} alerts are held, {taken} were recorded"
    );
    assert!(
        !all_stored || held == taken,
        "{held} alerts are held of {taken}"
    );
}

/// That no two intakes of a tenant's logs gave one number to alerts, but where a recovery says that the
/// first of them was never stored.
fn no_number_twice(scope: &TenantScope, present: &[Stamped]) {
    let mut logs = vec![present.to_vec()];
    for log in scope.trails_before().unwrap() {
        let files = scope.read_trail_before(&log).unwrap();
        let entries = files.and_then(|files| Entries::new(files).ok());
        let found = entries.into_iter().flatten().map_while(Result::ok);
        logs.push(found.map(|found| found.stamped).collect());
    }
    let mut given: BTreeSet<u64> = BTreeSet::new();
    for entries in &logs {
        let unstored: BTreeSet<u64> = entries.iter().filter_map(unstored_intake).collect();
        for stamped in entries.iter().filter(|it| !unstored.contains(&it.seq)) {
            let Entry::Intake(intake) = &stamped.entry else {
                continue;
            };
            let range = intake.first.zip(intake.last);
            for number in range.into_iter().flat_map(|(first, last)| first..=last) {
                let at = stamped.seq;
                assert!(given.insert(number), "entry {at} gives {number} once more");
            }
        }
    }
}

fn unstored_intake(stamped: &Stamped) -> Option<u64> {
    if let Entry::Recovery(recovery) = &stamped.entry {
        return recovery.unstored_intake;
    }
    None
}

/// For which runs nothing need be kept.
struct WithoutMaterial {
    /// It was deleted, or went with a store that was replaced.
    all: bool,
    /// Recorded by a host that stopped before it stored them.
    runs: BTreeSet<u64>,
}

fn without_material(entries: &[Stamped], view: &View) -> WithoutMaterial {
    let mut without = WithoutMaterial {
        all: false,
        runs: BTreeSet::new(),
    };
    let committed = view.trail_committed().unwrap();
    for stamped in entries {
        match &stamped.entry {
            Entry::Deletion(_) | Entry::Erasure(_) | Entry::Restore(_) => without.all = true,
            Entry::Recovery(recovery) => without.runs.extend(&recovery.unstored),
            Entry::RunEnd { run, .. } if stamped.seq >= committed => {
                without.runs.insert(*run);
            }
            Entry::RunEnd { .. }
            | Entry::RunStart { .. }
            | Entry::Intent(_)
            | Entry::Outcome { .. }
            | Entry::Refused { .. }
            | Entry::Intake(_)
            | Entry::Boundary(_)
            | Entry::Grant(_)
            | Entry::Knowledge(_)
            | Entry::Suspension(_) => {}
        }
    }
    without
}

/// Written out here, so that it is not the host's own reading of the format.
fn hmac_sha256(salt: &[u8], value: &[u8]) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(salt).unwrap();
    mac.update(value);
    format!("hmac-sha256:{}", hex::encode(mac.finalize().into_bytes()))
}

fn commits(commitment: &Commitment, material: &Material, value: &[u8]) -> bool {
    commitment.to_string() == hmac_sha256(&material.salt, value)
}
