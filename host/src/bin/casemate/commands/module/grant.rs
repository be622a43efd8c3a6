//! `casemate module grant`.

use super::super::{not_set_up, open_home};
use super::inspect::findings;
use super::{known, these};
use crate::ambient;
use crate::args::{Format, Grant as Args, Shared};
use crate::output::{self, Exit, Failure};
use anyhow::Context as _;
use casemate::boundary::Purpose;
use casemate::consent::{Consent, Gives, NotSearched, Terms};
use casemate::model::ModuleName;
use casemate::sandbox::inspect::{Finding, Level};
use casemate::setup;
use serde::Serialize;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

/// The longest grant and the longest signature that are read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

#[derive(Serialize)]
struct Shown<'a> {
    module: String,
    digest: String,
    by: &'a str,
    capabilities: Vec<String>,
    replaces: Option<&'a ModuleName>,
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
        replaces: args.replaces.clone(),
    };
    let tenants = these(&args.tenants);
    let now = ambient::now();
    let consent = Consent::prepare(&home, &args.module, tenants, &args.by, now, &terms);
    let consent = consent.map_err(not_set_up)?;
    if let Some(file) = &args.to_sign {
        show(shared, &consent, false)?;
        return to_sign(&consent, file);
    }
    if args.dry_run {
        show(shared, &consent, false)?;
        output::say("nothing was written; without `--dry-run` it is granted as shown");
        return Ok(Exit::Ok);
    }
    if shared.format == Format::Table {
        output::text(&page(&consent))?;
    }
    consent.give(&home).map_err(not_set_up)?;
    given(shared, &consent)
}

/// Grants what was signed.
pub(super) fn grant_signed(shared: &Shared, file: &Path) -> Result<Exit, Failure> {
    let home = open_home(shared)?;
    let text = text_of(file)?;
    let signature = text_of(&signature_of(file))?;
    let consent = Consent::of_text(&home, &text).map_err(not_set_up)?;
    if shared.format == Format::Table {
        output::text(&page(&consent))?;
    }
    consent.give_signed(&home, &signature).map_err(not_set_up)?;
    given(shared, &consent)
}

fn to_sign(consent: &Consent, file: &Path) -> Result<Exit, Failure> {
    ambient::new_file(file)?.write_all(consent.grant().text().as_bytes())?;
    let shown = file.display();
    output::say(&format!(
        "wrote the grant into `{shown}`; nothing is granted yet. {} signs it:\n  \
         ssh-keygen -Y sign -n {} -f KEY {shown}\n  casemate module grant-signed {shown}",
        consent.grant().by,
        Purpose::Grant
    ));
    Ok(Exit::Ok)
}

fn signature_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

fn text_of(file: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    ambient::open_file(file)?
        .take(MAX_BYTES)
        .read_to_string(&mut text)
        .with_context(|| format!("`{}` cannot be read", file.display()))?;
    Ok(text)
}

fn given(shared: &Shared, consent: &Consent) -> Result<Exit, Failure> {
    if shared.format != Format::Table {
        show(shared, consent, true)?;
    }
    let grant = consent.grant();
    output::say(&format!(
        "granted module `{}`, sha256:{}, in grants.toml; it holds from each tenant's next start on",
        grant.module, grant.digest
    ));
    Ok(Exit::Ok)
}

fn show(shared: &Shared, consent: &Consent, written: bool) -> Result<(), Failure> {
    let grant = consent.grant();
    let shown = Shown {
        module: grant.module.to_string(),
        digest: format!("sha256:{}", grant.digest),
        by: grant.by.as_str(),
        capabilities: grant.capabilities.iter().map(|c| c.to_string()).collect(),
        replaces: grant.replaces.as_ref(),
        gives: consent.gives(),
        findings: consent.findings(),
        not_searched: consent.not_searched(),
        written,
    };
    match shared.format {
        Format::Json => output::json("casemate.consent/v1", &shown)?,
        Format::Ndjson => output::ndjson("casemate.consent/v1", [&shown])?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => output::text(&page(consent))?,
    }
    Ok(())
}

pub(super) fn page(consent: &Consent) -> String {
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
        if let Some(replaced) = &gives.replaces {
            out.push_str(&format!(
                "  {}: in the place of `{replaced}`, which does not run for it any more\n",
                gives.tenant
            ));
        }
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
