//! `casemate module grant`.

use super::super::{not_set_up, open_home};
use super::inspect::findings;
use super::{known, these};
use crate::ambient;
use crate::args::{Format, Grant as Args, Shared};
use crate::output::{self, Exit, Failure};
use casemate::consent::{Consent, Gives, NotSearched, Terms};
use casemate::sandbox::inspect::{Finding, Level};
use casemate::setup;
use serde::Serialize;

#[derive(Serialize)]
struct Shown<'a> {
    module: String,
    digest: String,
    by: &'a str,
    capabilities: Vec<String>,
    gives: &'a [Gives],
    findings: Vec<Finding>,
    not_searched: &'a [NotSearched],
    written: bool,
}

pub(super) fn grant(shared: &Shared, args: &Args) -> Result<Exit, Failure> {
    let home = open_home(shared)?;
    known(&home, Some(&args.module), &args.tenants.tenants)?;
    let terms = Terms {
        capabilities: (!args.capabilities.is_empty()).then(|| args.capabilities.clone()),
        limits: args.limits(),
        settings: setup::settings_of(&home, &args.module, &args.set).map_err(not_set_up)?,
    };
    let tenants = these(&args.tenants);
    let now = ambient::now();
    let consent = Consent::prepare(&home, &args.module, tenants, &args.by, now, &terms);
    let consent = consent.map_err(not_set_up)?;
    if shared.format == Format::Table {
        output::text(&page(&consent))?;
    }
    if !args.dry_run {
        consent.give(&home).map_err(not_set_up)?;
    }
    let grant = consent.grant();
    let shown = Shown {
        module: grant.module.to_string(),
        digest: format!("sha256:{}", grant.digest),
        by: grant.by.as_str(),
        capabilities: grant.capabilities.iter().map(|c| c.to_string()).collect(),
        gives: consent.gives(),
        findings: consent.findings(),
        not_searched: consent.not_searched(),
        written: !args.dry_run,
    };
    match shared.format {
        Format::Json => output::json("casemate.consent/v1", &shown)?,
        Format::Ndjson => output::ndjson("casemate.consent/v1", [&shown])?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {}
    }
    output::say(&match args.dry_run {
        true => "nothing was written; without `--dry-run` it is granted as shown".to_owned(),
        false => format!(
            "granted module `{}`, sha256:{}, in grants.toml; it holds from each tenant's next start on",
            grant.module, grant.digest
        ),
    });
    Ok(Exit::Ok)
}

fn page(consent: &Consent) -> String {
    let grant = consent.grant();
    let mut out = format!("module {}, sha256:{}\n\n", grant.module, grant.digest);
    let words = |list: Vec<String>| match list.is_empty() {
        true => "none".to_owned(),
        false => list.join(", "),
    };
    let row = |gives: &Gives| {
        let limits = gives.limits.map(|limits| {
            format!(
                "{} MiB, {} ms, {} calls",
                limits.memory_mib, limits.deadline_ms, limits.host_calls
            )
        });
        let fields = match gives.withheld.len() {
            0 => gives.fields.len().to_string(),
            withheld => format!("{} ({withheld} withheld)", gives.fields.len()),
        };
        vec![
            gives.tenant.to_string(),
            words(gives.capabilities.iter().map(|c| c.to_string()).collect()),
            fields,
            limits.unwrap_or_default(),
        ]
    };
    let rows: Vec<_> = consent.gives().iter().map(row).collect();
    let head = ["TENANT", "GETS", "FIELDS SEEN", "LIMITS"];
    out.push_str(&output::table(&head, &rows));
    for gives in consent.gives() {
        for denied in &gives.denied {
            out.push_str(&format!(
                "  {}: not `{}`: {}\n",
                gives.tenant, denied.capability, denied.by
            ));
        }
        if let Some(problem) = &gives.problem {
            out.push_str(&format!("  {}: {problem}\n", gives.tenant));
        }
    }
    let told: Vec<Finding> = consent.findings();
    let weigh: Vec<Finding> = told
        .iter()
        .filter(|f| f.level > Level::Note)
        .cloned()
        .collect();
    out.push_str("\nto look at\n");
    out.push_str(&findings(&weigh));
    let notes = told.len() - weigh.len();
    if notes > 0 {
        out.push_str(&format!(
            "  and {} that `casemate module inspect {}` and `--format json` show\n",
            output::many(notes as u64, "note"),
            grant.module
        ));
    }
    if consent.needs_signature() {
        out.push_str(
            "  `host.toml` wants grants signed: without a signature this one is not written\n",
        );
    }
    for not in consent.not_searched() {
        let why = not.why.lines().next().unwrap_or_default();
        out.push_str(&format!(
            "  not searched for the words of {}: {why}\n",
            not.file
        ));
    }
    out
}
