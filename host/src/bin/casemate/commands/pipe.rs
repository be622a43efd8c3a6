use super::run::{held, reception};
use super::{not_started, open, stopped, store};
use crate::ambient;
use crate::args::{Pipe, Shared};
use crate::output::{Exit, Failure};
use casemate::model::{Draft, Rule, TenantId};
use casemate::queue::QueueRow;
use casemate::store::{StoreError, View};
use casemate::triage::{Came, Cancel, Changed, Incoming, NotStarted, SessionError};
use casemate::{Outcome, Reception};
use serde::Serialize;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// How long nothing has to come before cases are drafted.
const QUIET: Duration = Duration::from_millis(200);
/// How long drafts wait at most while documents keep coming.
const UNDRAFTED: Duration = Duration::from_secs(2);

pub(crate) fn run(shared: &Shared, args: &Pipe) -> Result<Exit, Failure> {
    let casemate = open(shared)?;
    let mut reception = reception(&casemate, args.tenant.clone(), None)?;
    if let Some(tenant) = &args.tenant {
        match reception.start(tenant) {
            // Another process has it now; what comes waits for it.
            Err(NotStarted::Store(StoreError::Locked { .. })) => (),
            started => started.map_err(not_started)?,
        }
    }
    let cancel = Cancel::by(ambient::stop_signal()?);
    reception.listen_to(cancel.clone());
    let mut incoming = Incoming::read(io::stdin(), args.from, cancel.clone())?;
    let mut out = Lines(io::BufWriter::new(io::stdout().lock()));
    let mut exit = Exit::Ok;
    let mut undrafted: Option<Instant> = None;
    loop {
        let came = if cancel.is_cancelled() {
            Came::End
        } else {
            incoming
                .next(QUIET, &cancel)
                .map_err(|e| stopped(SessionError::Input(e)))?
        };
        let at_end = matches!(came, Came::End);
        let quiet = matches!(came, Came::Nothing);
        if let Came::Documents(batch) = came {
            let received = reception.take(batch, "-").map_err(store)?;
            for outcome in &received.outcomes {
                if !matches!(outcome, Outcome::Alert { .. }) {
                    exit = Exit::Findings;
                }
                out.line("casemate.received/v1", outcome)?;
            }
            for (tenant, (_, changed)) in &received.changed {
                if let Some(view) = reception.view(tenant)? {
                    out.changed(tenant, &view, changed)?;
                }
            }
            undrafted = undrafted.or_else(|| Some(Instant::now()));
        }
        let due = undrafted.is_some_and(|since| quiet || at_end || since.elapsed() >= UNDRAFTED);
        if due {
            exit = exit.max(draft(&mut reception, &mut out)?);
            undrafted = None;
        }
        out.0.flush()?;
        if at_end {
            held(&reception)?;
            return match reception.end().into_iter().next() {
                Some((_, error)) => Err(stopped(error)),
                None => Ok(exit),
            };
        }
        if undrafted.is_none() {
            reception.give_back();
        }
    }
}

fn draft<W: Write>(reception: &mut Reception<'_>, out: &mut Lines<W>) -> Result<Exit, Failure> {
    let mut exit = Exit::Ok;
    for (tenant, drafted) in reception.draft() {
        match drafted {
            Ok((_, changed)) => {
                if let Some(view) = reception.view(&tenant)? {
                    out.drafts(&tenant, &view, &changed)?;
                }
            }
            Err(error) => {
                tracing::error!(%tenant, %error, "its cases are not drafted");
                exit = Exit::Findings;
            }
        }
    }
    Ok(exit)
}

/// One JSON document a line.
struct Lines<W: Write>(W);

#[derive(Serialize)]
struct Line<'a, T> {
    schema: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<&'a TenantId>,
    #[serde(flatten)]
    data: &'a T,
}

#[derive(Serialize)]
struct Placed {
    alert: u64,
    group: u64,
    case: Option<u64>,
    rule: Option<String>,
    measured: i64,
    bound: i64,
    unit: Option<String>,
}

#[derive(Serialize)]
struct Joined {
    case: u64,
    into: u64,
}

impl<W: Write> Lines<W> {
    fn line<T: Serialize>(&mut self, schema: &str, data: &T) -> Result<(), Failure> {
        self.of(schema, None, data)
    }

    fn of<T: Serialize>(
        &mut self,
        schema: &str,
        tenant: Option<&TenantId>,
        data: &T,
    ) -> Result<(), Failure> {
        let line = Line {
            schema,
            tenant,
            data,
        };
        serde_json::to_writer(&mut self.0, &line).map_err(io::Error::from)?;
        self.0.write_all(b"\n")?;
        Ok(())
    }

    fn changed(
        &mut self,
        tenant: &TenantId,
        view: &View,
        changed: &Changed,
    ) -> Result<(), Failure> {
        // A batch has a few rules and many placements.
        let mut rules: BTreeMap<u32, Option<Rule>> = BTreeMap::new();
        for placement in &changed.placements {
            let rule = match rules.entry(placement.rule) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(view.rule(placement.rule)?),
            };
            let placed = Placed {
                alert: placement.alert,
                group: placement.group,
                case: view.case_of(placement.group)?,
                rule: rule.as_ref().map(|rule| rule.name.to_string()),
                measured: placement.measured,
                bound: placement.bound,
                unit: rule.as_ref().map(|rule| rule.unit.to_string()),
            };
            self.of("casemate.placement/v1", Some(tenant), &placed)?;
        }
        for (case, into) in &changed.joined {
            let joined = Joined {
                case: *case,
                into: *into,
            };
            self.of("casemate.case-joined/v1", Some(tenant), &joined)?;
        }
        for case in &changed.cases {
            if let Some(row) = QueueRow::of(view, *case)? {
                self.of("casemate.case-row/v1", Some(tenant), &row)?;
            }
        }
        Ok(())
    }

    fn drafts(&mut self, tenant: &TenantId, view: &View, changed: &Changed) -> Result<(), Failure> {
        for case in &changed.drafts {
            if let Some(row) = QueueRow::of(view, *case)? {
                self.of("casemate.case-row/v1", Some(tenant), &row)?;
            }
            let draft: Option<Draft> = view.draft(*case)?;
            if let Some(draft) = draft {
                self.of("casemate.draft/v1", Some(tenant), &draft)?;
            }
        }
        Ok(())
    }
}
