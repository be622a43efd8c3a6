//! `casemate module grants`.

use super::super::{open_home, store};
use super::known;
use crate::args::{Format, Shared};
use crate::output::{self, Exit, Failure, time};
use casemate::boundary::{RequireSigned, Roster};
use casemate::model::{ModuleName, TenantId};
use casemate::sandbox::{Grants, Recorded};
use serde::Serialize;

#[derive(Serialize)]
struct List {
    grants: Vec<Recorded>,
}

pub(super) fn grants(
    shared: &Shared,
    tenant: Option<&TenantId>,
    module: Option<&ModuleName>,
    history: bool,
) -> Result<Exit, Failure> {
    let home = open_home(shared)?;
    known(&home, None, tenant.cloned().as_slice())?;
    let text = home.text(Grants::FILE).map_err(store)?.unwrap_or_default();
    let wrong = |problems| Failure::new(Exit::Environment, anyhow::anyhow!("{problems}"));
    let grants = Grants::parse(&text).map_err(wrong)?;
    let host = home.text(RequireSigned::FILE).map_err(store)?;
    let required = RequireSigned::parse(host.as_deref()).map_err(wrong)?;
    let grants = match required.grants {
        true => {
            let roster = home.text(Roster::FILE).map_err(store)?.unwrap_or_default();
            grants.signed(&Roster::parse(&roster).map_err(wrong)?)
        }
        false => grants,
    };
    let tenants = match tenant {
        Some(tenant) => vec![tenant.clone()],
        None => home.tenants().map_err(store)?.0,
    };
    let mut rows = grants.history(&tenants);
    rows.retain(|row| module.is_none_or(|module| row.module == *module));
    if tenant.is_some() {
        rows.retain(|row| !row.in_effect_for.is_empty() || !row.superseded.is_empty());
    }
    if !history {
        rows.retain(|row| !row.withdrawn && (!row.in_effect_for.is_empty() || row.for_later));
    }
    match shared.format {
        Format::Json => output::json("casemate.grants/v1", &List { grants: rows })?,
        Format::Ndjson => output::ndjson("casemate.grant/v1", &rows)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            output::text(&page(&rows, tenants.len()))?
        }
    }
    Ok(Exit::Ok)
}

fn page(rows: &[Recorded], tenants: usize) -> String {
    let cells = |row: &Recorded| {
        let what = match (&row.capabilities, row.withdrawn) {
            (_, true) => "withdrawn".to_owned(),
            (Some(list), false) if !list.is_empty() => {
                let names: Vec<&str> = list.iter().map(|c| c.name()).collect();
                names.join(", ")
            }
            (_, false) => "no capability".to_owned(),
        };
        let what = match row.not_signed {
            Some(_) => "nothing: not signed".to_owned(),
            None => what,
        };
        let what = match row.shadow {
            true => format!("{what}, beside"),
            false => what,
        };
        let what = match &row.replaces {
            Some(replaced) => format!("{what}, in the place of {replaced}"),
            None => what,
        };
        let digest = row.digest.map(|digest| format!("sha256:{digest}"));
        let now = match row.in_effect_for.as_slice() {
            [one] => one.to_string(),
            many if many.len() == tenants && tenants > 1 => format!("all {tenants}"),
            many => format!("{} of {tenants}", many.len()),
        };
        vec![
            row.line.to_string(),
            row.module.to_string(),
            what,
            now,
            row.by.to_string(),
            time(row.at),
            digest.unwrap_or_default().chars().take(23).collect(),
        ]
    };
    let head = [
        "LINE",
        "MODULE",
        "WITH",
        "DECIDES FOR",
        "BY",
        "AT",
        "DIGEST",
    ];
    let table: Vec<_> = rows.iter().map(cells).collect();
    let mut out = output::table(&head, &table);
    for row in rows {
        if let Some(why) = &row.not_signed {
            out.push_str(&format!("  line {}: {why}\n", row.line));
        }
        for later in &row.superseded {
            let how = if later.withdrawn {
                "withdrawn"
            } else {
                "replaced"
            };
            out.push_str(&format!(
                "  line {}: {how} for {} by line {}\n",
                row.line, later.tenant, later.by_line
            ));
        }
    }
    out
}
