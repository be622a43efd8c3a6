//! What a sandbox, a grouper's call and the whole way cost on this machine, in one run:
//! `cargo run --release -p casemate --example measure [-- --quick]`. It needs the built modules in
//! `target/modules`. Rounds are interleaved; figures are medians with their least and most.
#![expect(clippy::print_stdout, reason = "an example prints its result")]
#![expect(clippy::disallowed_methods, reason = "an example reads its own input")]

mod calls;
mod flow;
mod idle;
mod place;
mod source;
mod table;

use anyhow::{Context as _, bail};
use casemate::model::Alert;
use casemate::triage::intake::{Document, From, documents};
use std::path::PathBuf;
use table::Table;

/// How much is measured.
#[derive(Clone, Copy)]
struct Effort {
    rounds: usize,
    alerts: usize,
    tenants: usize,
}

const FULL: Effort = Effort {
    rounds: 7,
    alerts: 20_000,
    tenants: 1_000,
};
const QUICK: Effort = Effort {
    rounds: 3,
    alerts: 4_000,
    tenants: 100,
};

/// An input, as a source delivers it.
struct Input {
    name: &'static str,
    bytes: Vec<u8>,
    alerts: Vec<Alert>,
}

impl Input {
    /// The first so many alerts of these bytes.
    fn of(name: &'static str, bytes: &[u8], most: usize) -> anyhow::Result<Self> {
        let (mut alerts, mut end) = (Vec::new(), 0);
        for document in documents(bytes, From::Auto) {
            if let Document::Alert(taken) = document? {
                end = taken.offset as usize + taken.bytes.len();
                alerts.push(taken.alert);
            }
            if alerts.len() == most {
                break;
            }
        }
        let bytes = bytes.get(..end).unwrap_or_default().to_vec();
        Ok(Self {
            name,
            bytes,
            alerts,
        })
    }
}

fn main() -> anyhow::Result<()> {
    let effort = match std::env::args().nth(1).as_deref() {
        None => FULL,
        Some("--quick") => QUICK,
        Some(other) => bail!("`{other}` is no option; there is `--quick`"),
    };
    let begun = std::time::Instant::now();
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let modules = workspace.join("target/modules");
    if !modules.join("grouper/module.wasm").exists() {
        bail!(
            "the modules are not built: `target/modules/grouper/module.wasm` is not there; build \
             them with `cargo run --release -p casemate-build`"
        );
    }
    let generated = Input::of("EDR, generated", &source::edr(effort.alerts), effort.alerts)?;
    let real = match source::eve(&workspace)? {
        Some(bytes) => Some(Input::of("EVE, real", &bytes, effort.alerts)?),
        None => {
            println!("no real EVE: set CASEMATE_DATA to the folder that has cptc2017-suricata/\n");
            None
        }
    };
    let inputs: Vec<Input> = std::iter::once(generated).chain(real).collect();
    let mut table = Table::default();
    calls::sandbox(&modules, effort, &mut table).context("sandbox")?;
    for input in &inputs {
        calls::grouper(&modules, input, effort, &mut table).context("grouper")?;
    }
    for input in &inputs {
        flow::end_to_end(&modules, input, effort, &mut table).context("end to end")?;
    }
    flow::scaling(
        &modules,
        inputs.last().context("an input")?,
        effort,
        &mut table,
    )?;
    flow::first_result(&modules, effort, &mut table).context("first result")?;
    idle::tenants(&modules, effort, &mut table).context("idle tenants")?;
    print!("{table}");
    println!("\nmeasured in {:.0} s", begun.elapsed().as_secs_f64());
    Ok(())
}
