//! What a sandbox costs, and a grouper's call beside the same code without one.

use crate::table::{Table, median};
use crate::{Effort, Input};
use anyhow::{Context as _, anyhow};
use casemate::model::{Alert, AlertNumber, FieldSet, Instant as Time};
use casemate::sandbox::{Compiler, Manifest, Memory, Sandbox};
use casemate::triage::{Trial, TrialMemory};
use casemate_grouper::{METHOD, group};
use casemate_sdk::{Batch, BatchBuilder, Field};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

const AS_OF: Time = Time::from_millis(1_795_420_800_000); // 2026-11-23T08:00:00Z
/// Alerts that are known before the first measured one.
const KNOWN: usize = 2_000;

fn trial(modules: &Path, sandbox: &Sandbox) -> anyhow::Result<Trial> {
    let component = std::fs::read(modules.join("grouper/module.wasm"))?;
    let text = std::fs::read_to_string(modules.join("grouper/module.toml"))?;
    let manifest = Manifest::parse(&text).map_err(|p| anyhow!("{p}"))?;
    Ok(Trial::new(sandbox, &component, manifest, AS_OF)?)
}

/// A fresh sandbox, called with an empty batch and dropped.
pub(crate) fn sandbox(modules: &Path, effort: Effort, table: &mut Table) -> anyhow::Result<()> {
    const CALLS: u32 = 200;
    let kinds = [Memory::OnDemand, Memory::Pooled];
    let mut trials = Vec::new();
    for kind in kinds {
        trials.push(trial(modules, &Sandbox::start(kind, Compiler::here())?)?);
    }
    let memory = TrialMemory::default();
    let mut seconds = [Vec::new(), Vec::new()];
    for _ in 0..effort.rounds * 3 {
        for (trial, seconds) in trials.iter().zip(&mut seconds) {
            let empty = trial.batch(&[]);
            let begun = Instant::now();
            for _ in 0..CALLS {
                black_box(trial.group(&empty, &memory)?);
            }
            seconds.push(begun.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS));
        }
    }
    table.title("A sandbox: made, called with an empty batch, recorded, dropped");
    for (kind, seconds) in kinds.iter().zip(&seconds) {
        table.median(kind.word(), "us", seconds, "");
    }
    Ok(())
}

/// A grouper's call at several sizes of a batch.
pub(crate) fn grouper(
    modules: &Path,
    input: &Input,
    effort: Effort,
    table: &mut Table,
) -> anyhow::Result<()> {
    let trial = trial(
        modules,
        &Sandbox::start(Memory::OnDemand, Compiler::here())?,
    )?;
    let rows: Vec<(AlertNumber, &Alert)> = (1..).zip(&input.alerts).collect();
    let (known, rest) = rows
        .split_at_checked(KNOWN)
        .context("an input of more alerts is needed")?;
    let (mut kept, mut notes) = (TrialMemory::default(), BTreeMap::new());
    for rows in known.chunks(1_000) {
        kept.keep(&trial.group(&trial.batch(rows), &kept)?);
        native_call(&native_batch(rows, trial.fields()), &mut notes)?;
    }
    table.title(format!(
        "The grouper over {}, a fresh sandbox each batch ({KNOWN} alerts known before)",
        input.name
    ));
    for (size, most) in [(1, 200), (10, 1_000), (100, 2_000), (1_000, 8_000)] {
        let rows = rest.get(..most.min(rest.len())).unwrap_or(rest);
        let each = 1e6 / rows.len() as f64;
        let [mut project, mut boxed, mut native] = [const { Vec::new() }; 3];
        for _ in 0..effort.rounds {
            let mut memory = kept.clone();
            let (mut projecting, mut running) = (0.0, 0.0);
            for rows in rows.chunks(size) {
                let begun = Instant::now();
                let batch = trial.batch(rows);
                projecting += begun.elapsed().as_secs_f64();
                let begun = Instant::now();
                let answer = trial.group(&batch, &memory)?;
                running += begun.elapsed().as_secs_f64();
                memory.keep(&answer);
            }
            project.push(projecting * each);
            boxed.push(running * each);
            let mut notes = notes.clone();
            let mut running = 0.0;
            for rows in rows.chunks(size) {
                let batch = native_batch(rows, trial.fields());
                running += native_call(&batch, &mut notes)?;
            }
            native.push(running * each);
        }
        let of = |values: &[f64]| median(values).0;
        let ratio = of(&boxed) / of(&native);
        table.median(format!("batch {size}: native"), "us/alert", &native, "");
        table.median(
            format!("batch {size}: sandboxed"),
            "us/alert",
            &boxed,
            format!("{ratio:.2} times native; {:.0} alerts/s", 1e6 / of(&boxed)),
        );
        table.median(
            format!("batch {size}: projection"),
            "us/alert",
            &project,
            "",
        );
    }
    Ok(())
}

/// The same rows with the same fields.
fn native_batch(rows: &[(AlertNumber, &Alert)], fields: FieldSet) -> Batch {
    let fields: Vec<_> = fields
        .iter()
        .filter_map(|f| {
            let same = Field::ALL.into_iter().find(|g| g.name() == f.name());
            Some((f, same?))
        })
        .collect();
    let names: Vec<Field> = fields.iter().map(|(_, f)| *f).collect();
    let mut batch = BatchBuilder::new(&names);
    for (number, alert) in rows {
        batch.alert(*number, alert.time.millis());
        for (ours, theirs) in &fields {
            if let Some(value) = alert.field(*ours) {
                batch.set(*theirs, value);
            }
        }
    }
    batch.build()
}

/// Gives the seconds of the call; what it wants remembered is kept outside of them.
fn native_call(batch: &Batch, notes: &mut BTreeMap<String, Vec<u8>>) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let answer = group(&METHOD, batch, |keys| {
        Ok(keys.iter().map(|key| notes.get(key).cloned()).collect())
    });
    let seconds = begun.elapsed().as_secs_f64();
    for note in answer.map_err(|refusal| anyhow!("{refusal}"))?.notes {
        if note.value.is_empty() {
            notes.remove(&note.key);
        } else {
            notes.insert(note.key, note.value);
        }
    }
    Ok(seconds)
}
