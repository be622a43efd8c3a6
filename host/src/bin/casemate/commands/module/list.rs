//! `casemate module list`.

use super::super::{open, store};
use crate::ambient;
use crate::args::{Format, Shared};
use crate::output::{self, Exit, Failure};
use casemate::sandbox::{DeclaredSetting, SettingName, SettingValue};
use serde::Serialize;

#[derive(Serialize)]
struct Row {
    module: String,
    kind: String,
    version: String,
    digest: String,
    capabilities: Vec<String>,
    fields: Vec<String>,
    settings: Vec<Setting>,
    imports: Vec<String>,
    can_run_for: Vec<String>,
    cannot_run_for: Vec<Cannot>,
}

#[derive(Serialize)]
struct Setting {
    name: SettingName,
    #[serde(rename = "type")]
    kind: &'static str,
    /// None where every grant has to say it.
    default: Option<SettingValue>,
    says: String,
}

#[derive(Serialize)]
struct Cannot {
    tenant: String,
    why: String,
}

#[derive(Serialize)]
struct Broken {
    module: String,
    why: String,
}

#[derive(Serialize)]
struct List {
    modules: Vec<Row>,
    not_loaded: Vec<Broken>,
}

pub(super) fn list(shared: &Shared) -> Result<Exit, Failure> {
    let casemate = open(shared)?;
    let mut modules = Vec::new();
    let tenants = casemate.tenants().map_err(store)?;
    for module in casemate.modules() {
        let manifest = module.manifest();
        let (mut can_run_for, mut cannot_run_for) = (Vec::new(), Vec::new());
        for tenant in &tenants {
            let scope = casemate.home().tenant(tenant).map_err(|e| e.to_string());
            let prepared = scope
                .and_then(|scope| casemate.boundary(&scope).map_err(|e| e.to_string()))
                .and_then(|boundary| {
                    casemate
                        .prepare(module, &boundary, ambient::now())
                        .map_err(|e| e.to_string())
                });
            match prepared {
                Ok(_) => can_run_for.push(tenant.to_string()),
                Err(why) => cannot_run_for.push(Cannot {
                    tenant: tenant.to_string(),
                    why,
                }),
            }
        }
        modules.push(Row {
            module: manifest.name().to_string(),
            kind: manifest.kind().to_string(),
            version: manifest.version().to_owned(),
            digest: format!("sha256:{}", module.digest()),
            capabilities: manifest.capabilities().map(|c| c.to_string()).collect(),
            fields: manifest.fields().iter().map(|f| f.to_string()).collect(),
            settings: manifest.settings().iter().map(setting).collect(),
            imports: module.imports(),
            can_run_for,
            cannot_run_for,
        });
    }
    let broken = |n: &casemate::NotLoaded| Broken {
        module: n.name.to_string(),
        why: n.why.clone(),
    };
    let not_loaded: Vec<Broken> = casemate.not_loaded().iter().map(broken).collect();
    let exit = if not_loaded.is_empty() {
        Exit::Ok
    } else {
        Exit::Findings
    };
    match shared.format {
        Format::Json => output::json(
            "casemate.modules/v1",
            &List {
                modules,
                not_loaded,
            },
        )?,
        Format::Ndjson => output::ndjson("casemate.module/v1", &modules)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            output::text(&page(&modules, &not_loaded, tenants.len()))?
        }
    }
    Ok(exit)
}

fn setting(declared: &DeclaredSetting) -> Setting {
    Setting {
        name: declared.name().clone(),
        kind: declared.kind().word(),
        default: declared.default().cloned(),
        says: declared.describes(),
    }
}

fn page(modules: &[Row], not_loaded: &[Broken], tenants: usize) -> String {
    let cells = |row: &Row| {
        let asks = if row.capabilities.is_empty() {
            "no capability".to_owned()
        } else {
            row.capabilities.join(", ")
        };
        vec![
            row.module.clone(),
            row.kind.clone(),
            row.version.clone(),
            asks,
            row.fields.len().to_string(),
            format!("{} of {tenants}", row.can_run_for.len()),
            row.digest.chars().take(23).collect(),
        ]
    };
    let rows: Vec<_> = modules.iter().map(cells).collect();
    let head = [
        "MODULE",
        "KIND",
        "VERSION",
        "ASKS FOR",
        "FIELDS",
        "CAN RUN FOR",
        "DIGEST",
    ];
    let mut out = output::table(&head, &rows);
    for row in modules {
        for setting in &row.settings {
            let default = match &setting.default {
                Some(default) => format!("by default {default}"),
                None => "to be set by each grant".to_owned(),
            };
            let Setting { name, says, .. } = setting;
            out.push_str(&format!(
                "  `{}` has setting `{name}`, {default}: {says}\n",
                row.module
            ));
        }
        for cannot in &row.cannot_run_for {
            out.push_str(&format!(
                "  {}\n",
                cannot.why.lines().next().unwrap_or_default()
            ));
        }
    }
    for broken in not_loaded {
        out.push_str(&format!(
            "  `{}` is installed and cannot be loaded: {}\n",
            broken.module, broken.why
        ));
    }
    out
}
