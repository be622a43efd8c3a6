//! What a SIEM does with the library: a home in a folder, a tenant, alerts in; groups, cases and
//! drafts out. Needs built modules (`cargo modules`), no wasm toolchain of its own:
//!
//! `cargo run --release --example embed -- target/embedded target/modules`
#![expect(clippy::print_stdout, reason = "an example prints its result")]
#![expect(
    clippy::disallowed_methods,
    reason = "an embedder brings its own clock and folders"
)]

use casemate::model::{Instant, TenantId};
use casemate::queue::{CaseFile, Queue};
use casemate::sandbox::GrantedTenants;
use casemate::store::Dir;
use casemate::triage::intake::From;
use casemate::{Casemate, Settings, setup};
use std::sync::Arc;

const OPERATOR: &str = "kim@siem.example";
const ALERTS: &[u8] = br#"
{"class_uid":2004,"time":1795212000000,"severity_id":4,"metadata":{"version":"1.3.0","product":{"name":"EDR"}},"finding_info":{"uid":"a1","title":"Encoded PowerShell","analytic":{"uid":"PS-7"}},"device":{"hostname":"ws-12"}}
{"class_uid":2004,"time":1795212004000,"severity_id":4,"metadata":{"version":"1.3.0","product":{"name":"EDR"}},"finding_info":{"uid":"a2","title":"Encoded PowerShell","analytic":{"uid":"PS-7"}},"device":{"hostname":"ws-12"}}
"#;

fn now() -> Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Instant::from_millis(since.map_or(0, |since| since.as_millis() as i64))
}

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(home), Some(modules)) = (args.next(), args.next()) else {
        anyhow::bail!("usage: embed HOME MODULES");
    };
    let tenant = TenantId::parse("acme")?;
    Dir::create_ambient_dir_all(&home, cap_std::ambient_authority())?;
    let root = Dir::open_ambient_dir(&home, cap_std::ambient_authority())?;
    if !root.exists("home.toml") {
        set_up(root.try_clone()?, &tenant, &modules)?;
    }

    let casemate = Casemate::open(root, Settings::new(Arc::new(now)))?; // once a process
    let mut session = casemate.start(&tenant, now())?; // one writer a tenant, until it is dropped
    let taken = session.submit(ALERTS, From::Auto, "siem")?;
    let drafted = session.draft()?;
    println!("{} new alerts, {} cases drafted", taken.new, drafted.drafts);
    drop(session);

    let Some(view) = casemate.view(&tenant)? else {
        return Ok(()); // nothing was ever submitted
    };
    for row in Queue::of(&view)?.cases {
        println!("case {}: {} {}", row.case, row.assessed_severity, row.title);
        let Some(file) = CaseFile::of(&view, row.case)? else {
            continue;
        };
        for group in &file.groups {
            println!(
                "  group {}: {} alerts",
                group.group.number, group.group.count
            );
        }
        for sentence in file.draft.iter().flat_map(|draft| &draft.sentences) {
            println!("  {} [{} cited]", sentence.text, sentence.citations.len());
        }
    }
    Ok(())
}

/// Makes the home, installs every module of a folder, and grants them to one tenant.
fn set_up(root: Dir, tenant: &TenantId, modules: &str) -> anyhow::Result<()> {
    let home = setup::create(root, OPERATOR)?;
    setup::add_tenant(&home, tenant, OPERATOR)?; // its boundary file is a template: read it
    for folder in std::fs::read_dir(modules)? {
        let folder = folder?;
        let component = std::fs::read(folder.path().join("module.wasm"))?;
        let manifest = std::fs::read_to_string(folder.path().join("module.toml"))?;
        let name = folder.file_name().to_string_lossy().into_owned();
        let module = setup::install(&home, &name, &component, &manifest)?;
        let tenants = GrantedTenants::These(vec![tenant.clone()]);
        setup::grant(&home, &module, tenants, OPERATOR, now())?;
    }
    Ok(())
}
