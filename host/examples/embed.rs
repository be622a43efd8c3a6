//! What a SIEM does with the library: a home in a folder, a tenant, alerts in; groups, cases and
//! drafts out. Needs built modules (`cargo modules`), no wasm toolchain of its own:
//!
//! `cargo run --release --example embed -- target/embedded target/modules`
#![expect(clippy::print_stdout, reason = "an example prints its result")]

use casemate::ambient::{SystemClock, make_dir, open_dir, own_compiler};
use casemate::model::{Clock as _, TenantId};
use casemate::queue::{CaseFile, Queue};
use casemate::sandbox::GrantedTenants;
use casemate::triage::intake::From;
use casemate::{Casemate, Settings, setup};
use std::sync::Arc;

const OPERATOR: &str = "kim@siem.example";
const ALERTS: &[u8] = br#"
{"class_uid":2004,"time":1795212000000,"severity_id":4,"metadata":{"version":"1.3.0","product":{"name":"EDR"}},"finding_info":{"uid":"a1","title":"Encoded PowerShell","analytic":{"uid":"PS-7"}},"device":{"hostname":"ws-12"}}
{"class_uid":2004,"time":1795212004000,"severity_id":4,"metadata":{"version":"1.3.0","product":{"name":"EDR"}},"finding_info":{"uid":"a2","title":"Encoded PowerShell","analytic":{"uid":"PS-7"}},"device":{"hostname":"ws-12"}}
"#;

fn main() -> anyhow::Result<()> {
    let Some(compiler) = own_compiler()? else {
        return Ok(()); // this process was started to compile a module, and has
    };
    let mut args = std::env::args().skip(1);
    let (Some(home), Some(modules)) = (args.next(), args.next()) else {
        anyhow::bail!("usage: embed HOME MODULES");
    };
    let tenant = TenantId::parse("acme")?;
    let root = make_dir(&home)?;
    if !root.exists("home.toml") {
        let home = setup::create(root.try_clone()?, OPERATOR)?;
        setup::add_tenant(&home, &tenant, OPERATOR)?; // its boundary file is a template: read it
        for module in setup::install_folder(&home, &open_dir(modules)?)? {
            let tenants = GrantedTenants::These(vec![tenant.clone()]);
            setup::grant(&home, &module, tenants, OPERATOR, SystemClock.now())?;
        }
    }
    let casemate = Casemate::open(root, Settings::new(Arc::new(SystemClock), compiler))?; // once a process

    let mut session = casemate.start(&tenant, SystemClock.now())?; // one writer a tenant
    let taken = session.submit(ALERTS, From::Auto, "siem")?; // durable when it returns
    let drafted = session.draft()?;
    println!("{} new alerts, {} cases drafted", taken.new, drafted.drafts);
    drop(session);

    let Some(view) = casemate.view(&tenant)? else {
        return Ok(()); // nothing was ever submitted
    };
    for row in Queue::of(&view)?.cases {
        println!("case {}: {} {}", row.case, row.assessed_severity, row.title);
        let file = CaseFile::of(&view, row.case)?;
        for sentence in file
            .iter()
            .flat_map(|f| &f.draft)
            .flat_map(|d| &d.sentences)
        {
            println!("  {} [{} cited]", sentence.text, sentence.citations.len());
        }
    }
    Ok(())
}
