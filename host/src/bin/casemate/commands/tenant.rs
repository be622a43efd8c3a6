use super::{open, open_home, store};
use crate::ambient;
use crate::args::{Format, Shared, Tenant};
use crate::output::{self, Exit, Failure};
use casemate::sandbox::GrantedTenants;
use casemate::setup;
use serde::Serialize;

pub(crate) fn run(shared: &Shared, command: &Tenant) -> Result<Exit, Failure> {
    match command {
        Tenant::Add {
            tenant,
            accountable,
            grant_modules,
        } => {
            let home = open_home(shared)?;
            setup::add_tenant(&home, tenant, accountable)?;
            if *grant_modules {
                for module in home.modules().map_err(store)? {
                    let tenants = GrantedTenants::These(vec![tenant.clone()]);
                    setup::grant(&home, &module, tenants, accountable, ambient::now())?;
                }
            }
            output::say(&format!(
                "made tenant `{tenant}`: read and change its five statements in {}",
                shared
                    .home
                    .join("tenants")
                    .join(tenant.as_str())
                    .join("boundary.toml")
                    .display()
            ));
            Ok(Exit::Ok)
        }
        Tenant::List => list(shared),
    }
}

#[derive(Serialize)]
struct Row {
    tenant: String,
    starts: bool,
    alerts: u64,
}

#[derive(Serialize)]
struct List {
    tenants: Vec<Row>,
}

fn list(shared: &Shared) -> Result<Exit, Failure> {
    let casemate = open(shared)?;
    let mut tenants = Vec::new();
    for tenant in casemate.tenants().map_err(store)? {
        let scope = casemate.home().tenant(&tenant).map_err(store)?;
        let alerts = match casemate.view(&tenant).map_err(store)? {
            Some(view) => view.alert_count().map_err(store)?,
            None => 0,
        };
        tenants.push(Row {
            tenant: tenant.to_string(),
            starts: casemate.boundary(&scope).is_ok(),
            alerts,
        });
    }
    match shared.format {
        Format::Json => output::json("casemate.tenants/v1", &List { tenants })?,
        Format::Ndjson => output::ndjson("casemate.tenant/v1", &tenants)?,
        Format::Table | Format::Csv => {
            let cells = |row: &Row| {
                let starts = if row.starts { "holds" } else { "does not hold" };
                vec![
                    row.tenant.clone(),
                    starts.to_owned(),
                    output::count(row.alerts),
                ]
            };
            let rows: Vec<_> = tenants.iter().map(cells).collect();
            output::text(&output::table(&["TENANT", "BOUNDARY", "ALERTS"], &rows))?;
        }
    }
    Ok(Exit::Ok)
}
