use super::{chosen, open, store};
use crate::args::{Format, Queue as Args, Shared};
use crate::output::{self, Exit, Failure, Paint, count, cut, many, time};
use casemate::model::{Severity, TenantId};
use casemate::queue::{Queue, QueueRow};
use serde::Serialize;

#[derive(Serialize)]
struct Queues {
    queues: Vec<Queue>,
}

pub(crate) fn run(shared: &Shared, args: &Args) -> Result<Exit, Failure> {
    let casemate = open(shared)?;
    let (mut queues, mut exit) = (Vec::new(), Exit::Ok);
    for tenant in chosen(&casemate, args.tenant.as_ref())? {
        let queue = casemate.view(&tenant);
        match queue.and_then(|view| view.as_ref().map(Queue::of).transpose()) {
            Ok(queue) => queues.extend(queue),
            // The other tenants' analysts have work to do.
            Err(error) => {
                let failure = store(error);
                output::say(&format!(
                    "error: its queue is not shown: {:#}",
                    failure.error
                ));
                exit = exit.max(failure.exit);
            }
        }
    }
    match shared.format {
        Format::Json => output::json("casemate.queue/v1", &Queues { queues })?,
        Format::Ndjson => output::ndjson("casemate.queue/v1", &queues)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => output::text(&page(&queues))?,
    }
    Ok(exit)
}

fn page(queues: &[Queue]) -> String {
    let paint = Paint::stdout();
    let mut rows: Vec<(&TenantId, &QueueRow)> = queues
        .iter()
        .flat_map(|q| q.cases.iter().map(move |row| (&q.tenant, row)))
        .collect();
    rows.sort_by_key(|(tenant, row)| {
        (
            std::cmp::Reverse(row.assessed_severity),
            row.first,
            (*tenant).clone(),
            row.case,
        )
    });
    let cells = |(tenant, row): &(&TenantId, &QueueRow)| {
        vec![
            format!("{tenant}/{}", row.case),
            row.assessed_severity.to_string(),
            count(row.alerts),
            row.groups.to_string(),
            time(row.first),
            match row.draft {
                Some(_) if row.uncited > 0 => format!("{} uncited", row.uncited),
                Some(_) => "drafted".to_owned(),
                None => "no draft".to_owned(),
            },
            cut(&hosts(row), 28),
            cut(&row.title, 60),
        ]
    };
    let cells: Vec<_> = rows.iter().map(cells).collect();
    let head = [
        "CASE", "SEVERITY", "ALERTS", "GROUPS", "FIRST", "DRAFT", "ON", "WHAT",
    ];
    let mut out = output::table(&head, &cells);
    let of = |f: fn(&Queue) -> u64| queues.iter().map(f).sum::<u64>();
    let known = of(|q| q.known_good.iter().map(|row| row.alerts).sum());
    let known_cases = of(|q| q.known_good.len() as u64);
    let routine = of(|q| q.routine.iter().map(|row| row.alerts).sum());
    let routine_groups = of(|q| q.routine.len() as u64);
    out.push('\n');
    out.push_str(&paint.dim(&format!(
        "{} to look at, of {} at {}. In the background, counted and kept:\n",
        many(rows.len() as u64, "case"),
        many(of(|q| q.alerts), "alert"),
        many(queues.len() as u64, "tenant"),
    )));
    let worst =
        |severities: Vec<Severity>| severities.into_iter().max().map_or("none", Severity::word);
    let known_worst = worst(
        queues
            .iter()
            .flat_map(|q| q.known_good.iter().map(|r| r.assessed_severity))
            .collect(),
    );
    let routine_worst = worst(
        queues
            .iter()
            .flat_map(|q| q.routine.iter().map(|r| r.severity))
            .collect(),
    );
    out.push_str(&paint.dim(&format!(
        "  known good  {} in {}, covered by the tenants' own facts (highest severity {known_worst})\n\
         \x20 routine     {} in {}, expected where they are by their rate (highest severity {routine_worst})\n",
        many(known, "alert"),
        many(known_cases, "case"),
        many(routine, "alert"),
        many(routine_groups, "group"),
    )));
    let waiting = of(|q| q.waiting);
    if waiting > 0 {
        out.push_str(&paint.red(&format!(
            "  waiting     {} alerts are not placed yet: see below\n",
            count(waiting)
        )));
    }
    let rejects = of(|q| q.rejects);
    if rejects > 0 {
        out.push_str(&format!(
            "  rejects     {} documents could not be taken; they are kept\n",
            count(rejects)
        ));
    }
    for queue in queues {
        for notice in &queue.notices {
            let what = if notice.refused { "refused" } else { "failed" };
            out.push_str(&format!(
                "  {what:<10}  {}: {}\n",
                queue.tenant, notice.text
            ));
        }
    }
    out
}

fn hosts(row: &QueueRow) -> String {
    match row.hosts.as_slice() {
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first} +{}", rest.len()),
        [] => String::new(),
    }
}
