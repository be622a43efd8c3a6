use super::{not_set_up, not_started, open, open_home, store};
use crate::ambient;
use crate::args::{Format, Shared, Standing, Tenant};
use crate::output::{self, Exit, Failure, count, cut, many, time};
use casemate::Erased;
use casemate::knowledge::KnowledgeFault;
use casemate::model::TenantId;
use casemate::sandbox::GrantedTenants;
use casemate::setup::{self, SetupError};
use casemate::tenants::{StandingChanged, TenantReport};
use serde::Serialize;

pub(crate) fn run(shared: &Shared, command: &Tenant) -> Result<Exit, Failure> {
    match command {
        Tenant::Add {
            tenant,
            accountable,
            grant_modules,
        } => {
            let home = open_home(shared)?;
            setup::add_tenant(&home, tenant, accountable).map_err(not_set_up)?;
            let folder = shared.home.join("tenants").join(tenant.as_str());
            output::say(&format!(
                "made tenant `{tenant}`: read and change its five statements in {}; {} and {} are there and say nothing yet",
                folder.join("boundary.toml").display(),
                folder.join("knowledge/assets.csv").display(),
                folder.join("knowledge/known-good.toml").display(),
            ));
            let modules = home.modules().map_err(store)?;
            if *grant_modules {
                for module in modules {
                    let tenants = GrantedTenants::These(vec![tenant.clone()]);
                    setup::grant(&home, &module, tenants, accountable, ambient::now())
                        .map_err(not_set_up)?;
                }
            } else {
                let named: Vec<String> = modules.iter().map(ToString::to_string).collect();
                let which = match named.as_slice() {
                    [] => "MODULE (none is installed yet)".to_owned(),
                    named => format!("MODULE, one of: {}", named.join(", ")),
                };
                output::say(&format!(
                    "nothing is granted to it: alerts will be kept and wait. `casemate module grant MODULE --tenant {tenant} --by {accountable}` grants {which}"
                ));
            }
            Ok(Exit::Ok)
        }
        Tenant::List => list(shared),
        Tenant::Show { tenant } => show(shared, tenant),
        Tenant::Suspend(args) => {
            let casemate = open(shared)?;
            let changed = casemate.suspend(&args.tenant, &args.by, &args.reason);
            changed_to("suspended", changed.map_err(not_set_up)?)
        }
        Tenant::Resume(args) => {
            let casemate = open(shared)?;
            let changed = casemate.resume(&args.tenant, &args.by, &args.reason);
            changed_to("works again", changed.map_err(not_set_up)?)
        }
        Tenant::Erase { standing, confirm } => erase(shared, standing, confirm.as_ref()),
    }
}

fn erase(
    shared: &Shared,
    standing: &Standing,
    confirm: Option<&TenantId>,
) -> Result<Exit, Failure> {
    let casemate = open(shared)?;
    let tenant = &standing.tenant;
    let scope = casemate.home().tenant(tenant);
    let scope = scope.map_err(|error| super::no_tenant(&casemate, tenant, error))?;
    if confirm != Some(tenant) {
        let (files, bytes) = scope.to_be_erased().map_err(store)?;
        let would = format!(
            "nothing was done: this destroys {} with {} bytes and the key of tenant `{tenant}`, for good",
            many(files, "file"),
            count(bytes),
        );
        let help = format!(
            "`--confirm {tenant}` does it; its trail stays; what backups hold of it, with their copy of its key, is not reached"
        );
        return Err(Failure::new(Exit::Usage, anyhow::anyhow!(would)).help(help));
    }
    let erased = casemate.erase(tenant, &standing.by, &standing.reason);
    let erased = erased.map_err(|error| {
        let works_yet = matches!(error, SetupError::WorksYet(_));
        let failure = not_set_up(error);
        let help = format!("`casemate tenant suspend {tenant} --by PERSON --reason TEXT` does");
        match works_yet {
            true => failure.help(help),
            false => failure,
        }
    })?;
    match shared.format {
        Format::Json => output::json("casemate.erased/v1", &erased)?,
        Format::Ndjson => output::ndjson("casemate.erased/v1", [&erased])?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            output::text(&erased_page(&erased))?
        }
    }
    Ok(Exit::Ok)
}

fn erased_page(erased: &Erased) -> String {
    let tenant = &erased.erasure.tenant;
    let alerts = match erased.alerts {
        Some(alerts) => format!("{}, ", many(alerts, "alert")),
        None => String::new(),
    };
    let mut out = format!(
        "tenant `{tenant}` is erased: {alerts}{} and its key are destroyed; its trail stays\n",
        many(erased.files, "file"),
    );
    if let (Some(entry), Some(salt)) = (erased.entry, &erased.salt) {
        out.push_str(&format!(
            "entry {} of its trail says so; who and why can be shown to be in it with this salt, which is kept nowhere:\n{salt}\n",
            count(entry)
        ));
    }
    out
}

fn changed_to(what: &str, changed: StandingChanged) -> Result<Exit, Failure> {
    let tenant = &changed.change.tenant;
    let Some(error) = changed.not_recorded else {
        output::say(&format!("tenant `{tenant}` {what}; it is in its trail"));
        return Ok(Exit::Ok);
    };
    output::say(&format!(
        "tenant `{tenant}` {what} from its next start on; it is in tenants.toml and not in its trail yet"
    ));
    let help = "what works on the tenant now goes on to its end; its trail is written when it is next resumed, suspended or started";
    Err(not_started(error).help(help))
}

fn show(shared: &Shared, tenant: &TenantId) -> Result<Exit, Failure> {
    let casemate = open(shared)?;
    let report = casemate.report(tenant).map_err(not_set_up)?;
    match shared.format {
        Format::Json => output::json("casemate.tenant-report/v1", &report)?,
        Format::Ndjson => output::ndjson("casemate.tenant-report/v1", [&report])?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => output::text(&page(&report))?,
    }
    Ok(Exit::Ok)
}

fn page(report: &TenantReport) -> String {
    let mut out = String::new();
    let mut line = |what: &str, says: String| out.push_str(&format!("{what:<12}{says}\n"));
    line("tenant", report.tenant.to_string());
    line(
        "standing",
        match (&report.erased, &report.suspended) {
            (Some(erasure), _) => format!(
                "{} {} by {}: {}",
                match report.half_erased {
                    true =>
                        "is being erased, and that was stopped: `casemate tenant erase` goes on; begun",
                    false => "erased",
                },
                time(erasure.at),
                erasure.by,
                erasure.reason
            ),
            (None, None) => "works".to_owned(),
            (None, Some(change)) => format!(
                "suspended since {} by {}: {}",
                time(change.at),
                change.by,
                change.reason
            ),
        },
    );
    match (&report.boundary, &report.boundary_error) {
        (Some(boundary), _) => {
            line("boundary", format!("sha256:{}", boundary.digest));
            for said in &boundary.lines {
                line("", format!("{}: {}", said.subject, said.answer));
            }
            let withheld = match boundary.withheld.as_slice() {
                [] => "none".to_owned(),
                fields => fields.join(", "),
            };
            line("", format!("fields withheld: {withheld}"));
            let [raw, derived, packets] = boundary.retention_days.map(|days| match days {
                Some(days) => many(days, "day"),
                None => "for ever".to_owned(),
            });
            let kept = format!("raw {raw}; derived {derived}; packets {packets}");
            line("kept", kept);
        }
        (None, error) => line("boundary", error.clone().unwrap_or_default()),
    }
    for fault in &report.knowledge {
        let applies = match fault.others_apply {
            true => "is invalid; the entries that are wrong are left out",
            false => "is invalid; nothing of it is used",
        };
        line("knowledge", format!("{} {applies}:", fault.file));
        fault.why.lines().for_each(|why| line("", why.to_owned()));
    }
    for module in &report.modules {
        let says = match &module.why {
            _ if module.runs => {
                let set = module.settings.iter().map(|(n, v)| format!("; {n} = {v}"));
                format!("runs{}", set.collect::<String>())
            }
            Some(why) => format!("does not run: {why}"),
            None => "does not run: the boundary does not hold".to_owned(),
        };
        line("module", format!("{}: {says}", module.module));
    }
    line(
        "held",
        format!(
            "{}, {} waiting; {}, {}; {}",
            many(report.alerts, "alert"),
            count(report.waiting),
            many(report.groups, "group"),
            many(report.cases, "case"),
            many(report.rejects, "reject"),
        ),
    );
    line(
        "last intake",
        report.last_intake.map_or_else(|| "never".to_owned(), time),
    );
    line("trail", format!("{} entries", count(report.trail_entries)));
    line("on disk", format!("{} bytes", count(report.disk_bytes)));
    out
}

#[derive(Serialize)]
struct Row {
    tenant: String,
    starts: bool,
    suspended: bool,
    erased: bool,
    alerts: u64,
    /// Why it takes nothing in; none where it does, or where it was erased.
    takes_nothing_in: Option<String>,
    /// What is wrong with the files of its knowledge.
    knowledge: Vec<KnowledgeFault>,
}

#[derive(Serialize)]
struct List {
    tenants: Vec<Row>,
}

fn list(shared: &Shared) -> Result<Exit, Failure> {
    let casemate = open(shared)?;
    let suspensions = casemate.suspensions().map_err(not_set_up)?;
    let (mut tenants, mut exit) = (Vec::new(), Exit::Ok);
    // Also those that were erased, and those whose folder is gone.
    for tenant in casemate.home().named_tenants().map_err(store)? {
        let scope = casemate.home().tenant(&tenant).ok();
        let erased = suspensions.erased(&tenant).is_some();
        let counted = match erased {
            false => casemate.view(&tenant),
            true => Ok(None),
        };
        let alerts = match counted.and_then(|view| view.map(|v| v.alert_count()).transpose()) {
            Ok(alerts) => alerts.unwrap_or(0),
            Err(error) => {
                let failure = store(error);
                output::say(&format!("error: {:#}", failure.error));
                exit = exit.max(failure.exit);
                0
            }
        };
        tenants.push(Row {
            tenant: tenant.to_string(),
            starts: scope
                .as_ref()
                .is_some_and(|scope| casemate.boundary(scope).is_ok()),
            suspended: suspensions.suspended(&tenant).is_some(),
            erased,
            alerts,
            takes_nothing_in: (!erased)
                .then(|| casemate.takes_nothing_in(&tenant))
                .flatten(),
            knowledge: scope
                .filter(|_| !erased)
                .map(|scope| casemate.check_knowledge(&scope))
                .unwrap_or_default(),
        });
    }
    match shared.format {
        Format::Json => output::json("casemate.tenants/v1", &List { tenants })?,
        Format::Ndjson => output::ndjson("casemate.tenant/v1", &tenants)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            let cells = |row: &Row| {
                let starts = match (row.starts, row.erased) {
                    (_, true) => "-",
                    (true, false) => "holds",
                    (false, false) => "does not hold",
                };
                let standing = match (row.erased, row.suspended) {
                    (true, _) => "erased",
                    (false, true) => "suspended",
                    (false, false) => "works",
                };
                vec![
                    row.tenant.clone(),
                    starts.to_owned(),
                    standing.to_owned(),
                    count(row.alerts),
                    match (&row.takes_nothing_in, row.knowledge.as_slice()) {
                        (Some(why), _) => cut(&format!("takes nothing in: {why}"), 100),
                        (None, [fault, ..]) => cut(&fault.first_line(), 100),
                        (None, []) => String::new(),
                    },
                ]
            };
            let rows: Vec<_> = tenants.iter().map(cells).collect();
            output::text(&output::table(
                &["TENANT", "BOUNDARY", "STANDING", "ALERTS", "ATTENTION"],
                &rows,
            ))?;
        }
    }
    Ok(exit)
}
