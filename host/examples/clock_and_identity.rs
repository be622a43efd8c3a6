//! What an embedder brings of its own: a clock, the accounts of its users, and somebody who watches.
//! Needs built modules (`cargo modules`):
//!
//! `cargo run --release --example clock_and_identity -- target/embedded-own target/modules`
#![expect(clippy::print_stdout, reason = "an example prints its result")]

use casemate::ambient::{make_dir, open_dir, own_compiler};
use casemate::model::{AlertNumber, Clock, Instant, TenantId};
use casemate::sandbox::GrantedTenants;
use casemate::triage::intake::From;
use casemate::triage::{Observer, RunEnded, TakenIn};
use casemate::{Accounts, Casemate, Settings, setup};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

const ADMIN: &str = "kim@siem.example";
const ALERT: &[u8] = br#"{"class_uid":2004,"time":1795212000000,"severity_id":4,"metadata":{"version":"1.3.0","product":{"name":"EDR"}},"finding_info":{"uid":"a1","title":"Encoded PowerShell","analytic":{"uid":"PS-7"}},"device":{"hostname":"ws-12"}}"#;

/// The SIEM's own time: what it replays is as of then, and each look at it is a second later.
struct Replayed(AtomicI64);

impl Clock for Replayed {
    fn now(&self) -> Instant {
        Instant::from_millis(self.0.fetch_add(1_000, Ordering::Relaxed))
    }
}

/// The SIEM's accounts are `DOMAIN\name`; the roster has people.
struct Domain;

impl Accounts for Domain {
    fn person(&self, account: &str) -> Option<String> {
        let name = account.strip_prefix(r"SIEM\")?;
        Some(format!("{name}@siem.example"))
    }
}

/// Counts for a page of metrics: numbers and names of modules, never what an alert says.
#[derive(Default)]
struct Metrics {
    documents: AtomicU64,
    run_micros: AtomicU64,
    failed_runs: AtomicU64,
    drafts: AtomicU64,
}

impl Observer for Metrics {
    fn taken_in(&self, _: &TenantId, batch: &TakenIn) {
        self.documents.fetch_add(batch.documents, Ordering::Relaxed);
    }

    fn run_ended(&self, tenant: &TenantId, run: &RunEnded) {
        let micros = u64::try_from(run.took.as_micros()).unwrap_or(u64::MAX);
        self.run_micros.fetch_add(micros, Ordering::Relaxed);
        if run.failure.is_some() {
            self.failed_runs.fetch_add(1, Ordering::Relaxed);
        }
        println!("{tenant}: {} ran with {} calls", run.module, run.calls);
    }

    fn draft_written(&self, _: &TenantId, _: AlertNumber) {
        self.drafts.fetch_add(1, Ordering::Relaxed);
    }
}

fn main() -> anyhow::Result<()> {
    let Some(compiler) = own_compiler()? else {
        return Ok(()); // this process was started to compile a module, and has
    };
    let mut args = std::env::args().skip(1);
    let (Some(home), Some(modules)) = (args.next(), args.next()) else {
        anyhow::bail!("usage: clock_and_identity HOME MODULES");
    };
    let tenant = TenantId::parse("acme")?;
    let root = make_dir(&home)?;
    if !root.exists("home.toml") {
        let home = setup::create(root.try_clone()?, ADMIN)?;
        setup::add_tenant(&home, &tenant, ADMIN)?;
        setup::install_folder(&home, &open_dir(modules)?)?;
    }
    let clock = Arc::new(Replayed(AtomicI64::new(1_795_212_000_000)));
    let metrics = Arc::new(Metrics::default());
    let mut settings = Settings::new(clock.clone(), compiler);
    settings.accounts = Arc::new(Domain);
    settings.observer = metrics.clone();
    let casemate = Casemate::open(root.try_clone()?, settings.clone())?;

    // A user of the SIEM grants the modules; what is recorded is the person of the roster.
    let kim = casemate.caller(r"SIEM\kim")?;
    for module in casemate.modules() {
        let tenants = GrantedTenants::These(vec![tenant.clone()]);
        let grant = setup::grant_by(
            casemate.home(),
            module.manifest().name(),
            tenants,
            &kim,
            clock.now(),
        )?;
        println!("{} granted by {} at {}", grant.module, grant.by, grant.at);
    }
    let Err(nobody) = casemate.caller("root") else {
        anyhow::bail!("`root` is no account of the SIEM");
    };
    println!("{nobody} ({:?})", nobody.kind());

    let casemate = Casemate::open(root, settings)?; // grants are read when a home is opened
    let mut session = casemate.start(&tenant, clock.now())?;
    session.submit(ALERT, From::Auto, "siem")?;
    session.draft()?;
    println!(
        "{} documents, {} drafts, {} failed runs, {} us in modules",
        metrics.documents.load(Ordering::Relaxed),
        metrics.drafts.load(Ordering::Relaxed),
        metrics.failed_runs.load(Ordering::Relaxed),
        metrics.run_micros.load(Ordering::Relaxed),
    );
    Ok(())
}
