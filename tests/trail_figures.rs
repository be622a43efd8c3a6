//! What the trail costs, measured beside what the disk allows, in one run. Left out of the tests: see
//! README.md for the command. It prints; that what was counted is there is checked as well.

#![expect(
    clippy::print_stdout,
    reason = "figures are for whoever asked for them"
)]

use crate::support::{Folder, NOW, tenant};
use casemate::model::TenantId;
use casemate::store::{Home, TenantScope};
use casemate::trail::{
    Commitment, Entries, Intake, Log, Opening, Origin, Report, Salt, prove, prove_consistency,
    verify,
};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long each figure is taken.
const LONG: Duration = Duration::from_secs(3);
/// Entries of the long trail, if nothing else is said by CASEMATE_FIGURES_ENTRIES.
const ENTRIES: u64 = 10_000_000;

fn entry(alerts: u64) -> Intake {
    Intake {
        batch: Commitment::of(&Salt::from_bytes([7; 32]), b"batch"),
        alerts,
        duplicates: 0,
        revisions: 0,
        rejects: 0,
        left_out: 0,
        first: Some(1),
        last: Some(alerts),
    }
}

fn opening(scope: &TenantScope) -> Opening {
    Opening {
        origin: Origin::from_bytes([3; 16]),
        now: NOW,
        sealed: 0,
        committed: None,
        next_alert: None,
        store: None,
        key: scope.trail_key(),
    }
}

fn open(scope: &TenantScope) -> Log {
    let writer = scope.lock().unwrap();
    let log = Log::open(scope.trail(&writer).unwrap(), opening(scope));
    log.unwrap().0
}

/// Verifies a trail by its key alone: these trails are written without a store.
fn verified(scope: &TenantScope) -> Report {
    let mut files = scope.read_trail().unwrap().unwrap();
    let key = |origin: &str| Some(scope.trail_key().signer(origin).ok()?.key().clone());
    verify(&mut files, &key, None)
}

/// Durable writes a second of a plain loop, each of this many entries' bytes.
fn plain(folder: &Folder, batch: usize, grown: bool) -> f64 {
    let dir = folder.dir();
    let mut file = dir.create("plain").unwrap();
    let bytes = vec![b'x'; 250 * batch];
    if !grown {
        file.write_all(&vec![0; 256 << 20]).unwrap();
        file.sync_all().unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
    }
    let begun = Instant::now();
    let mut writes = 0_u64;
    while begun.elapsed() < LONG {
        file.write_all(&bytes).unwrap();
        file.sync_data().unwrap();
        writes += 1;
    }
    let rate = (writes * batch as u64) as f64 / begun.elapsed().as_secs_f64();
    dir.remove_file("plain").unwrap();
    rate
}

/// Durable entries a second of so many callers, spread over the logs of so many tenants: each appends
/// one and waits until it is durable.
fn callers(callers: usize, tenants: usize) -> f64 {
    let folder = Folder::new();
    let home = Home::create(folder.dir()).unwrap();
    let scopes: Vec<_> = (0..tenants)
        .map(|n| home.add_tenant(&tenant(&format!("t{n}"))).unwrap())
        .collect();
    let logs: Vec<Log> = scopes.iter().map(open).collect();
    let (done, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let begun = Instant::now();
    let took = std::thread::scope(|threads| {
        for caller in 0..callers {
            let (log, done, stop) = (&logs[caller % tenants], &done, &stop);
            threads.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    log.append(NOW, entry(1)).unwrap();
                    log.sync().unwrap();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        std::thread::sleep(LONG);
        let counted = done.load(Ordering::Relaxed);
        let took = begun.elapsed();
        stop.store(true, Ordering::Relaxed);
        counted as f64 / took.as_secs_f64()
    });
    drop(logs);
    let mut held = 0;
    for scope in &scopes {
        let report = verified(scope);
        assert!(report.bad.is_none(), "{:?}", report.bad);
        held += report.totals.entries;
    }
    assert_eq!(held, done.load(Ordering::Relaxed));
    took
}

fn entries() -> u64 {
    let said = casemate_env("CASEMATE_FIGURES_ENTRIES");
    said.map_or(ENTRIES, |said| said.parse().unwrap())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a measurement is told how long it may be"
)]
fn casemate_env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[test]
#[ignore = "takes minutes and 3 GB of disk: README.md says how"]
fn trail_figures() {
    let folder = Folder::new();
    println!(
        "what the disk allows, in entries of 250 bytes a second, one write and fdatasync after the other:"
    );
    for batch in [1, 16, 64] {
        println!(
            "  {batch:>3} a write: {:>9.0} growing a file, {:>9.0} over zeros",
            plain(&folder, batch, true),
            plain(&folder, batch, false)
        );
    }
    println!("durable entries a second, each caller waiting for its own:");
    for (count, tenants) in [(1, 1), (16, 1), (64, 1), (64, 8), (64, 40)] {
        println!(
            "  {count:>3} callers over {tenants:>2} tenants: {:>9.0}",
            callers(count, tenants)
        );
    }
    long_trail(entries());
}

fn long_trail(entries: u64) {
    let folder = Folder::new();
    let home = Home::create(folder.dir()).unwrap();
    let id: TenantId = tenant("long");
    let scope = home.add_tenant(&id).unwrap();
    let log = open(&scope);
    let begun = Instant::now();
    for n in 1..=entries {
        log.append(NOW, entry(n)).unwrap();
        if n % 4096 == 0 {
            log.sync().unwrap();
        }
    }
    let signed = log.checkpoint().unwrap();
    drop(log);
    let took = begun.elapsed().as_secs_f64();
    println!(
        "a trail of {entries} entries: written, in tiles and signed at {:.0} entries/s",
        entries as f64 / took
    );
    let begun = Instant::now();
    let log = open(&scope);
    println!("  opened in {:.1} ms", begun.elapsed().as_secs_f64() * 1e3);
    drop(log);
    let (mut worst, mut sum) = (Duration::ZERO, Duration::ZERO);
    const PROOFS: u64 = 1000;
    for n in 0..PROOFS {
        let index = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) % entries;
        let mut files = scope.read_trail().unwrap().unwrap();
        let begun = Instant::now();
        let proof = prove(&mut files, &signed, index).unwrap();
        let took = begun.elapsed();
        (worst, sum) = (worst.max(took), sum + took);
        let signer = scope
            .trail_key()
            .signer(signed.unverified().origin())
            .unwrap();
        if n < 10 {
            let found = Entries::after(files, index)
                .unwrap()
                .next()
                .unwrap()
                .unwrap();
            proof.verify(&found.bytes, signer.key()).unwrap();
        }
    }
    println!(
        "  {PROOFS} entries proven in {:.3} ms each, {:.3} ms at worst",
        sum.as_secs_f64() * 1e3 / PROOFS as f64,
        worst.as_secs_f64() * 1e3
    );
    let mut files = scope.read_trail().unwrap().unwrap();
    let begun = Instant::now();
    let hashes = prove_consistency(&mut files, &signed, entries / 3).unwrap();
    println!(
        "  that it follows from a third of itself: {} hashes in {:.3} ms",
        hashes.len(),
        begun.elapsed().as_secs_f64() * 1e3
    );
    let begun = Instant::now();
    let report = verified(&scope);
    assert!(report.bad.is_none(), "{:?}", report.bad);
    assert_eq!(report.totals.entries, entries);
    println!(
        "  verified whole at {:.0} entries/s",
        entries as f64 / begun.elapsed().as_secs_f64()
    );
}
