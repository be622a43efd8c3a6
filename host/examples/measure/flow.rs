//! From a source's bytes to durable placement, and from a start to the first result.

use crate::place::{Now, Place, cpu_seconds};
use crate::table::{Table, median};
use crate::{Effort, Input};
use anyhow::{Context as _, ensure};
use casemate::model::Clock as _;
use casemate::triage::Session;
use casemate::triage::intake::{From, documents};
use casemate::{Casemate, for_each_tenant};
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;

const ALL: [&str; 4] = ["assets", "drafter", "grouper", "known-good"];

fn start(casemate: &Casemate, place: &Place, tenant: usize) -> anyhow::Result<Session> {
    let tenant = place.tenants.get(tenant).context("a tenant")?;
    Ok(casemate.start(tenant, Now.now())?)
}

/// One input, submitted to a new tenant: parsing alone, then without modules, then with the grouper;
/// and its cases drafted.
pub(crate) fn end_to_end(
    modules: &Path,
    input: &Input,
    effort: Effort,
    table: &mut Table,
) -> anyhow::Result<()> {
    let rounds = effort.rounds.min(3);
    let root = std::env::temp_dir();
    let bare = Place::new(&root, modules, &[], rounds)?;
    let whole = Place::new(&root, modules, &ALL, rounds)?;
    let (bare_open, whole_open) = (bare.open(true)?, whole.open(true)?);
    let count = input.alerts.len() as f64;
    let each = |seconds: f64| seconds * 1e6 / count;
    let [
        mut parse,
        mut stored,
        mut placed,
        mut rate,
        mut per_cpu,
        mut drafts,
    ] = [const { Vec::new() }; 6];
    for round in 0..rounds {
        let cpu = cpu_seconds();
        for document in documents(input.bytes.as_slice(), From::Auto) {
            black_box(document?);
        }
        parse.push(each(cpu_seconds() - cpu));

        let mut session = start(&bare_open, &bare, round)?;
        let cpu = cpu_seconds();
        session.submit(input.bytes.as_slice(), From::Auto, "-")?;
        stored.push(each(cpu_seconds() - cpu));

        let mut session = start(&whole_open, &whole, round)?;
        let (begun, cpu) = (Instant::now(), cpu_seconds());
        let done = session.submit(input.bytes.as_slice(), From::Auto, "-")?;
        let (seconds, cpu) = (begun.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        ensure!(done.placed == input.alerts.len() as u64, "{done:?}");
        placed.push(each(cpu));
        rate.push(count / seconds);
        per_cpu.push(count / cpu);

        let begun = Instant::now();
        let done = session.draft()?;
        drafts.push(done.drafts as f64 / begun.elapsed().as_secs_f64());
    }
    table.title(format!(
        "From bytes to durable placement: {count} documents of {}, {:.0} bytes each",
        input.name,
        input.bytes.len() as f64 / count
    ));
    table.median("documents by the clock", "/s", &rate, "with every sync");
    table.median(
        "documents by CPU time",
        "/s per core",
        &per_cpu,
        "aim 100,000",
    );
    table.median("parse", "us/document", &parse, "CPU time");
    let of = |values: &[f64]| median(values).0;
    let to_store = of(&stored) - of(&parse);
    table.figure(
        "store and record",
        "us/document",
        to_store,
        "a tenant without modules, less parse",
    );
    let placing = of(&placed) - of(&stored);
    table.figure(
        "project, run, check, keep",
        "us/document",
        placing,
        "with the grouper, less without",
    );
    table.median("all of it", "us/document", &placed, "CPU time");
    table.median("drafts by the clock", "/s", &drafts, "enriched and drafted");
    Ok(())
}

/// Several tenants on one thread and on two.
pub(crate) fn scaling(
    modules: &Path,
    input: &Input,
    effort: Effort,
    table: &mut Table,
) -> anyhow::Result<()> {
    const TENANTS: usize = 4;
    let rounds = effort.rounds.min(3);
    let some = Input::of(
        input.name,
        &input.bytes,
        (input.alerts.len() / TENANTS).max(1),
    )?;
    let place = Place::new(&std::env::temp_dir(), modules, &ALL, TENANTS * rounds * 2)?;
    let casemate = place.open(true)?;
    let mut sets = place.tenants.chunks(TENANTS);
    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for (threads, rates) in (1..).zip(&mut rates) {
            let tenants = sets.next().context("tenants")?;
            let threads = NonZeroUsize::new(threads).context("a thread")?;
            let begun = Instant::now();
            let done = for_each_tenant(tenants, threads, |tenant| {
                let mut session = casemate.start(tenant, Now.now())?;
                let done = session.submit(some.bytes.as_slice(), From::Auto, "-")?;
                anyhow::Ok(done.placed)
            });
            let seconds = begun.elapsed().as_secs_f64();
            let mut placed = 0;
            for (_, result) in done {
                placed += result.context("a thread")??;
            }
            rates.push(placed as f64 / seconds);
        }
    }
    table.title(format!(
        "{TENANTS} tenants, {} documents of {} each",
        some.alerts.len(),
        some.name
    ));
    let [one, two] = &rates;
    let one = table.median(
        "on one thread",
        "/s",
        one,
        "each with a reading thread beside it",
    );
    let ratio = median(two).0 / one;
    table.median(
        "on two threads",
        "/s",
        two,
        format!("{ratio:.2} times one; aim 1.8"),
    );
    Ok(())
}

/// Opening a home, starting a tenant and placing one alert.
pub(crate) fn first_result(
    modules: &Path,
    effort: Effort,
    table: &mut Table,
) -> anyhow::Result<()> {
    let alert = crate::source::edr(1);
    let rounds = effort.rounds.min(5);
    let place = Place::new(&std::env::temp_dir(), modules, &ALL, rounds * 2)?;
    drop(place.open(true)?);
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..rounds {
        for (i, keep_compiled) in [true, false].into_iter().enumerate() {
            let begun = Instant::now();
            let casemate = place.open(keep_compiled)?;
            let mut session = start(&casemate, &place, round * 2 + i)?;
            let done = session.submit(alert.as_slice(), From::Auto, "-")?;
            let seconds = begun.elapsed().as_secs_f64();
            ensure!(done.placed == 1, "{done:?}");
            if let Some(times) = times.get_mut(i) {
                times.push(seconds * 1e3);
            }
        }
    }
    table.title(
        "From a start to the first result: open a home, start a new tenant, place one alert",
    );
    let [kept, compiled] = &times;
    table.median("with the compiled cache", "ms", kept, "aim 100");
    table.median("compiling four modules", "ms", compiled, "");
    Ok(())
}
