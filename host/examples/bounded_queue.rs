//! A bounded queue between a SIEM's thread and the host: the SIEM is never further ahead of the disk
//! than the queue is long, and waits where it would be. Needs built modules (`cargo modules`):
//!
//! `cargo run --release --example bounded_queue -- target/embedded-queue target/modules`
#![expect(clippy::print_stdout, reason = "an example prints its result")]

use casemate::ambient::{SystemClock, make_dir, open_dir, own_compiler};
use casemate::model::{Clock as _, TenantId};
use casemate::sandbox::GrantedTenants;
use casemate::triage::intake::{Document, From, documents};
use casemate::triage::{Cancel, Changed, Submitted};
use casemate::{Casemate, Settings, setup};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};

const OPERATOR: &str = "kim@siem.example";
/// Batches that may wait: what the SIEM can lose when the machine stops, and hands over again.
const AHEAD: usize = 2;
const BATCHES: usize = 20;
const ALERTS_IN_BATCH: usize = 100;

fn main() -> anyhow::Result<()> {
    let Some(compiler) = own_compiler()? else {
        return Ok(()); // this process was started to compile a module, and has
    };
    let mut args = std::env::args().skip(1);
    let (Some(home), Some(modules)) = (args.next(), args.next()) else {
        anyhow::bail!("usage: bounded_queue HOME MODULES");
    };
    let tenant = TenantId::parse("acme")?;
    let root = make_dir(&home)?;
    if !root.exists("home.toml") {
        let home = setup::create(root.try_clone()?, OPERATOR)?;
        setup::add_tenant(&home, &tenant, OPERATOR)?;
        for module in setup::install_folder(&home, &open_dir(modules)?)? {
            setup::grant(
                &home,
                &module,
                GrantedTenants::All,
                OPERATOR,
                SystemClock.now(),
            )?;
        }
    }
    let stop = Cancel::new(); // whoever handles signals has a clone
    let mut settings = Settings::new(Arc::new(SystemClock), compiler);
    settings.cancel = stop.clone();
    let casemate = Casemate::open(root, settings)?;
    let mut session = casemate.start(&tenant, SystemClock.now())?;

    let (send, receive) = sync_channel(AHEAD);
    let siem = std::thread::spawn(move || siem(&send));
    let (mut done, mut cases) = (Submitted::default(), 0);
    for batch in receive {
        let mut changed = Changed::default();
        session.take(batch, "siem", &mut done, &mut changed)?; // durable when it returns
        cases += changed.cases.len();
        if stop.is_cancelled() {
            break; // the SIEM's next send fails: it knows that nobody listens
        }
    }
    let waited = siem.join().unwrap_or(0);
    let drafted = session.draft()?;
    println!("{} documents taken in, {} new", done.documents, done.new);
    println!("{cases} changes of cases, {} drafts", drafted.drafts);
    println!("the SIEM waited for the host {waited} times, never more than {AHEAD} batches ahead");
    Ok(())
}

/// What the SIEM's thread does: reads its own documents, and waits where the queue is full. Gives how
/// often that was.
fn siem(queue: &SyncSender<Vec<Document>>) -> u64 {
    let mut waited = 0;
    for number in 0..BATCHES {
        let batch = match queue.try_send(read(number)) {
            Ok(()) => continue,
            Err(TrySendError::Disconnected(_)) => break,
            Err(TrySendError::Full(batch)) => batch,
        };
        waited += 1;
        if queue.send(batch).is_err() {
            break; // the host has stopped listening
        }
    }
    waited
}

/// One batch, as the SIEM's connector has it.
fn read(batch: usize) -> Vec<Document> {
    let alert = |i: usize| {
        let (uid, host, ms) = (
            batch * ALERTS_IN_BATCH + i,
            i % 7,
            1_795_212_000_000 + i * 1_000,
        );
        format!(
            r#"{{"class_uid":2004,"time":{ms},"severity_id":3,"metadata":{{"version":"1.3.0","product":{{"name":"EDR"}}}},"finding_info":{{"uid":"a{uid}","title":"Port scan","analytic":{{"uid":"SC-1"}}}},"device":{{"hostname":"ws-{host}"}}}}"#
        )
    };
    let text: Vec<String> = (0..ALERTS_IN_BATCH).map(alert).collect();
    let text = text.join("\n");
    let read = documents(text.as_bytes(), From::Auto);
    read.filter_map(Result::ok).collect() // bytes in memory: reading them cannot fail
}
