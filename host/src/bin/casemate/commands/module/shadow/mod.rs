//! `casemate module shadow`.

mod report;

use super::super::{not_set_up, open, open_home, store};
use super::grant::page;
use crate::ambient;
use crate::args::{Format, Shadow as Args, Shared};
use crate::output::{self, Exit, Failure};
use anyhow::Context as _;
use casemate::consent::Consent;
use casemate::model::{ModuleName, TenantId};
use casemate::shadow::{self, Accepted, Candidate, Files, ShadowError};
use casemate::store::{MAX_COMPONENT_BYTES, MAX_TEXT_BYTES, read_file, read_text_file};
use serde::Serialize;
use std::path::Path;

pub(crate) fn run(shared: &Shared, args: &Args) -> Result<Exit, Failure> {
    match args {
        Args::Start {
            folder,
            tenants,
            by,
        } => start(shared, folder, tenants, by),
        Args::List => list(shared),
        Args::Report { module, tenant } => report::run(shared, module.as_ref(), tenant.as_ref()),
        Args::Stop {
            module,
            tenants,
            by,
        } => {
            let home = open_home(shared)?;
            let named = (!tenants.is_empty()).then_some(tenants.as_slice());
            let stopped =
                shadow::stop(&home, module, named, by, ambient::now()).map_err(not_done)?;
            output::say(&format!(
                "stopped the candidate of module `{module}` for {}: it does not run from their next start on",
                listed(&stopped)
            ));
            Ok(Exit::Ok)
        }
        Args::Accept {
            module,
            tenants,
            by,
            dry_run,
        } => accept(shared, module, tenants, by, *dry_run),
    }
}

fn not_done(error: ShadowError) -> Failure {
    if let ShadowError::Store(error) = error {
        return store(error);
    }
    Failure::new(error.kind().into(), error)
}

fn listed(tenants: &[TenantId]) -> String {
    match tenants {
        [] => "nobody".to_owned(),
        tenants => {
            let words: Vec<String> = tenants.iter().map(|t| format!("`{t}`")).collect();
            words.join(", ")
        }
    }
}

fn start(shared: &Shared, folder: &Path, tenants: &[TenantId], by: &str) -> Result<Exit, Failure> {
    let casemate = open(shared)?;
    let dir = ambient::open_dir(folder)?;
    let of = |file: &str| folder.join(file).display().to_string();
    let component =
        read_file(&dir, "module.wasm", MAX_COMPONENT_BYTES).with_context(|| of("module.wasm"))?;
    let manifest =
        read_text_file(&dir, "module.toml", MAX_TEXT_BYTES).with_context(|| of("module.toml"))?;
    let files = Files {
        component: &component,
        manifest: &manifest,
    };
    let looked = Consent::of_candidate(
        casemate.home(),
        &component,
        &manifest,
        tenants,
        by,
        ambient::now(),
        true,
    );
    if shared.format == Format::Table {
        output::text(&page(&looked.map_err(not_set_up)?))?;
    }
    let started = casemate
        .start_shadow(files, tenants, by)
        .map_err(not_done)?;
    let module = &started.module;
    output::say(&format!(
        "module `{module}`, sha256:{}, runs beside the one that counts for {}, from their next start on",
        started.digest,
        listed(tenants)
    ));
    output::say(&format!(
        "`casemate module shadow report --module {module}` says in what it differs"
    ));
    for (tenant, why) in &started.cannot {
        output::say(&format!(
            "for tenant `{tenant}` it cannot run as it is: {why}"
        ));
    }
    Ok(match started.cannot.is_empty() {
        true => Exit::Ok,
        false => Exit::Findings,
    })
}

fn accept(
    shared: &Shared,
    module: &ModuleName,
    tenants: &[TenantId],
    by: &str,
    dry_run: bool,
) -> Result<Exit, Failure> {
    let home = open_home(shared)?;
    let named = (!tenants.is_empty()).then_some(tenants);
    let now = ambient::now();
    let would = shadow::would_accept(&home, module, named, by, now).map_err(not_done)?;
    if let (Some((component, manifest)), Format::Table) =
        (home.candidate(module).map_err(store)?, shared.format)
    {
        let whom = &would.tenants;
        if !whom.is_empty() {
            let looked = Consent::of_candidate(&home, &component, &manifest, whom, by, now, false);
            output::text(&page(&looked.map_err(not_set_up)?))?;
        }
    }
    if dry_run {
        output::text(&format!("\nto grants.toml come\n{}", would.added))?;
        output::say(&after(module, &would, "would count", "would be"));
        output::say("nothing was written; without `--dry-run` it is accepted as shown");
        return Ok(Exit::Ok);
    }
    let done = shadow::accept(&home, module, named, by, now).map_err(not_done)?;
    output::say(&after(module, &done, "counts", "is"));
    Ok(Exit::Ok)
}

/// What is so once a candidate is accepted.
fn after(module: &ModuleName, done: &Accepted, counts: &str, is: &str) -> String {
    let old = match done.installed {
        true => format!("it {is} installed in the place of the old version, which nobody has then"),
        false => format!("the old version stays installed, for {}", listed(&done.old)),
    };
    format!(
        "module `{module}`, sha256:{}, {counts} for {} from their next start on\n{old}",
        done.digest,
        listed(&done.tenants)
    )
}

#[derive(Serialize)]
struct Row {
    module: String,
    digest: Option<String>,
    beside: Vec<String>,
    counts: Vec<String>,
    not_loaded: Option<String>,
}

impl Row {
    fn of(candidate: &Candidate) -> Self {
        let words = |tenants: &[TenantId]| tenants.iter().map(ToString::to_string).collect();
        Self {
            module: candidate.module.to_string(),
            digest: candidate.digest.map(|digest| format!("sha256:{digest}")),
            beside: words(&candidate.beside),
            counts: words(&candidate.counts),
            not_loaded: candidate.not_loaded.clone(),
        }
    }
}

#[derive(Serialize)]
struct List {
    candidates: Vec<Row>,
}

fn list(shared: &Shared) -> Result<Exit, Failure> {
    let casemate = open(shared)?;
    let candidates = casemate.shadow_candidates().map_err(not_done)?;
    let candidates: Vec<Row> = candidates.iter().map(Row::of).collect();
    let is_broken = candidates.iter().any(|row| row.not_loaded.is_some());
    match shared.format {
        Format::Json => output::json("casemate.candidates/v1", &List { candidates })?,
        Format::Ndjson => output::ndjson("casemate.candidate/v1", &candidates)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            let of = |tenants: &[String]| match tenants {
                [] => "-".to_owned(),
                tenants => tenants.join(", "),
            };
            let cells = |row: &Row| {
                let digest = row.digest.as_deref().unwrap_or("-");
                vec![
                    row.module.clone(),
                    digest.chars().take(23).collect(),
                    of(&row.beside),
                    of(&row.counts),
                ]
            };
            let rows: Vec<_> = candidates.iter().map(cells).collect();
            let head = ["MODULE", "CANDIDATE", "RUNS BESIDE FOR", "COUNTS FOR"];
            output::text(&output::table(&head, &rows))?;
            for row in candidates.iter().filter(|row| row.not_loaded.is_some()) {
                let why = row.not_loaded.as_deref().unwrap_or_default();
                output::say(&format!(
                    "the candidate of `{}` cannot be loaded: {why}",
                    row.module
                ));
            }
        }
    }
    Ok(match is_broken {
        true => Exit::Findings,
        false => Exit::Ok,
    })
}
