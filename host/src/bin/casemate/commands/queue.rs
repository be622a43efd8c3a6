use super::{chosen, open, store};
use crate::args::{Format, Queue as Args, Shared};
use crate::output::{self, Exit, Failure, Paint, count, cut, many, time};
use casemate::alarms::Alarms;
use casemate::model::{Severity, TenantId};
use casemate::queue::{Queue, QueueRow};
use serde::Serialize;

#[derive(Serialize)]
struct Queues {
    alarms: Alarms,
    queues: Vec<Queue>,
}

/// Columns of the first line.
const WIDTH: usize = 80;

pub(crate) fn run(shared: &Shared, args: &Args) -> Result<Exit, Failure> {
    let casemate = open(shared)?;
    let (mut queues, mut exit) = (Vec::new(), Exit::Ok);
    let tenants = chosen(&casemate, args.tenant.as_ref())?;
    // The queue is shown whatever is wrong with the quarantine.
    let alarms = casemate.alarms(&tenants).unwrap_or_else(|error| {
        let failure = store(error);
        output::say(&format!("error: {:#}", failure.error));
        exit = exit.max(failure.exit);
        Alarms::default()
    });
    for tenant in tenants {
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
        Format::Json => output::json("casemate.queue/v1", &Queues { alarms, queues })?,
        Format::Ndjson => {
            if first_line(&alarms).is_some() {
                output::ndjson("casemate.alarms/v1", [&alarms])?;
            }
            output::ndjson("casemate.queue/v1", &queues)?;
        }
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            output::text(&page(&queues, &alarms))?
        }
    }
    Ok(exit)
}

/// What somebody should look at first, the worst first, in one line; none where there is nothing.
fn first_line(alarms: &Alarms) -> Option<String> {
    let mut said = Vec::new();
    let stopped = &alarms.take_nothing_in;
    if !stopped.is_empty() {
        let names: Vec<&str> = stopped.iter().map(|s| s.tenant.as_str()).collect();
        let verb = if stopped.len() == 1 { "takes" } else { "take" };
        let tenants = many(stopped.len() as u64, "tenant");
        said.push(format!(
            "{tenants} {verb} nothing in: {}",
            cut(&names.join(", "), 24)
        ));
    }
    if alarms.quarantined > 0 {
        said.push(format!("{} in quarantine", count(alarms.quarantined)));
    }
    if !alarms.knowledge.is_empty() {
        let files = many(alarms.knowledge.len() as u64, "invalid file");
        said.push(format!("{files} of tenants"));
    }
    (!said.is_empty()).then(|| cut(&said.join("; "), WIDTH))
}

/// Each thing of the first line, with its cause.
fn causes(alarms: &Alarms) -> Vec<String> {
    let stopped = alarms.take_nothing_in.iter();
    let stopped = stopped.map(|s| format!("  stopped     {}: {}", s.tenant, s.why));
    let quarantine = (alarms.quarantined > 0).then(|| {
        format!(
            "  quarantine  {} wait there: `casemate quarantine list`",
            many(alarms.quarantined, "document")
        )
    });
    let knowledge = alarms.knowledge.iter();
    let knowledge =
        knowledge.map(|k| format!("  invalid     {}: {}", k.tenant, k.fault.first_line()));
    stopped.chain(quarantine).chain(knowledge).collect()
}

fn page(queues: &[Queue], alarms: &Alarms) -> String {
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
    let mut out = match first_line(alarms) {
        Some(line) => format!("{}\n", paint.red(&line)),
        None => String::new(),
    };
    out.push_str(&output::table(&head, &cells));
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
    for cause in causes(alarms) {
        out.push_str(&paint.red(&cause));
        out.push('\n');
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
