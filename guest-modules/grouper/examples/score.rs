//! Groups labelled alerts natively, to be scored: CSV rows `tenant,time in ms,rule,host,ip,title` in,
//! `alert,group` out. An argument is the number of alerts a batch.
#![expect(
    clippy::print_stderr,
    reason = "an example speaks to the one who runs it"
)]

use std::collections::HashMap;
use std::io::{BufRead as _, BufWriter, Write as _};

use casemate_grouper::{METHOD, group};
use casemate_sdk::{BatchBuilder, Field};

const FIELDS: [Field; 4] = [
    Field::RuleId,
    Field::HostName,
    Field::HostIp,
    Field::RuleName,
];

#[derive(Default)]
struct Tenant {
    /// Line and row of each alert that waits for its batch.
    waiting: Vec<(usize, String)>,
    notes: HashMap<String, Vec<u8>>,
    rows: Vec<usize>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let size: usize = std::env::args().nth(1).map_or(Ok(1_000), |a| a.parse())?;
    let mut tenants: HashMap<String, Tenant> = HashMap::new();
    let mut out = BufWriter::new(std::io::stdout().lock());
    writeln!(out, "alert,group")?;
    let mut spent = std::time::Duration::ZERO;
    let mut total = 0_u64;
    for (row, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line?;
        let name = line.split(',').next().unwrap_or_default().to_owned();
        let tenant = tenants.entry(name.clone()).or_default();
        tenant.waiting.push((row, line));
        total += 1;
        if tenant.waiting.len() >= size {
            spent += flush(&name, tenant, &mut out)?;
        }
    }
    let mut names: Vec<_> = tenants.keys().cloned().collect();
    names.sort();
    for name in names {
        if let Some(tenant) = tenants.get_mut(&name) {
            spent += flush(&name, tenant, &mut out)?;
            eprintln!("{name}: {} notes", tenant.notes.len());
        }
    }
    eprintln!(
        "{total} alerts, {} ns each",
        spent.as_nanos() / u128::from(total.max(1))
    );
    Ok(())
}

fn flush(
    name: &str,
    tenant: &mut Tenant,
    out: &mut impl std::io::Write,
) -> Result<std::time::Duration, Box<dyn std::error::Error>> {
    let mut batch = BatchBuilder::new(&FIELDS);
    for (row, line) in tenant.waiting.drain(..) {
        tenant.rows.push(row);
        let mut cells = line.splitn(6, ',').skip(1);
        let time = cells.next().unwrap_or_default().parse()?;
        batch.alert(tenant.rows.len() as u64, time);
        for field in FIELDS {
            batch.set(field, cells.next().unwrap_or_default());
        }
    }
    let batch = batch.build();
    let begun = std::time::Instant::now();
    let notes = &tenant.notes;
    let answer = group(&METHOD, &batch, |keys| {
        Ok(keys.iter().map(|k| notes.get(k).cloned()).collect())
    })?;
    let spent = begun.elapsed();
    for note in answer.notes {
        tenant.notes.insert(note.key, note.value);
    }
    for placement in answer.placements {
        let row = tenant
            .rows
            .get(placement.alert as usize - 1)
            .ok_or("no such row")?;
        writeln!(out, "{row},{name}:{}", placement.group)?;
    }
    Ok(spent)
}
