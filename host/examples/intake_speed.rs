//! How fast documents are read: `cargo run --release --example intake_speed -- FILE [ROUNDS]`.
//! The file is read into memory first; figures are of one core.
#![expect(clippy::print_stdout, reason = "an example prints its result")]
#![expect(clippy::disallowed_methods, reason = "an example reads its own input")]

use casemate::triage::intake::{Document, From, documents};
use std::collections::BTreeMap;
use std::time::Instant;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let path = args.next().ok_or_else(|| anyhow::anyhow!("which file?"))?;
    let rounds = args.next().map_or(Ok(9), |n| n.parse())?;
    let input = std::fs::read(path)?;
    let mut seconds = Vec::new();
    let mut seen = (0u64, 0u64, 0u64);
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    for round in 0..rounds {
        seen = (0, 0, 0);
        let start = Instant::now();
        for document in documents(input.as_slice(), From::Auto) {
            match document? {
                Document::Alert(taken) => {
                    seen.0 += 1;
                    seen.2 += taken.alert.observables.len() as u64;
                }
                Document::Reject(reject) => {
                    seen.1 += 1;
                    if round == 0 {
                        *reasons.entry(reject.reason.to_string()).or_default() += 1;
                    }
                }
            }
        }
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    let median = seconds.get(seconds.len() / 2).copied().unwrap_or_default();
    let (alerts, rejects, observables) = seen;
    println!("{alerts} alerts, {rejects} rejects, {observables} observables");
    println!(
        "{:.0} documents/s, {:.0} MB/s (median of {rounds})",
        (alerts + rejects) as f64 / median,
        input.len() as f64 / median / 1e6
    );
    for (reason, count) in reasons {
        println!("{count:6}  {reason}");
    }
    Ok(())
}
