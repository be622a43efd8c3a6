//! `casemate module inspect`.

use super::super::{open_home, store};
use crate::ambient;
use crate::args::{FailOn, Format, Shared};
use crate::output::{self, Exit, Failure, Paint, count};
use anyhow::Context as _;
use casemate::audit::sarif;
use casemate::model::ModuleName;
use casemate::sandbox::inspect::{Finding, Import, Inspection, Interface, Level};
use std::io::Read as _;
use std::path::Path;

pub(super) fn inspect(shared: &Shared, what: &Path, fail_on: &[FailOn]) -> Result<Exit, Failure> {
    let inspection = read(shared, what)?;
    match shared.format {
        Format::Json => output::json("casemate.inspection/v1", &inspection)?,
        Format::Ndjson => output::ndjson("casemate.inspection/v1", [&inspection])?,
        Format::Sarif => output::plain_json(&sarif(&inspection.findings))?,
        Format::Table | Format::Csv | Format::Html => output::text(&page(&inspection))?,
    }
    let fails = |found: &Finding| {
        found.level == Level::Error || fail_on.iter().any(|fail| fail.is_met_by(found))
    };
    Ok(match inspection.findings.iter().any(fails) {
        true => Exit::Findings,
        false => Exit::Ok,
    })
}

/// The largest component that is looked at, in bytes. What the host does not load is told as such.
const MOST: u64 = 256 << 20;

/// Looks at an installed module, a folder or a file.
pub(super) fn read(shared: &Shared, what: &Path) -> Result<Inspection, Failure> {
    let (component, manifest) = files(shared, what)?;
    Inspection::of(&component, manifest.as_deref())
        .map_err(|problems| Failure::new(Exit::Environment, anyhow::anyhow!("{problems}")))
}

fn files(shared: &Shared, what: &Path) -> Result<(Vec<u8>, Option<String>), Failure> {
    let name = what.to_str().and_then(|name| ModuleName::parse(name).ok());
    if let Some(name) = &name
        && !(ambient::is_folder(what) && ambient::open_dir(&shared.home).is_err())
    {
        let home = open_home(shared)?;
        super::known(&home, Some(name), &[])?;
        let files = home.module(name).map_err(store)?;
        let (component, manifest) = files
            .with_context(|| format!("`modules/{name}` needs `module.wasm` and `module.toml`"))?;
        return Ok((component, Some(manifest)));
    }
    let folder = match ambient::is_folder(what) {
        true => Some(what),
        false => what.parent(),
    };
    let folder = match folder {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => Path::new("."),
    };
    let (wasm, toml) = (folder.join("module.wasm"), folder.join("module.toml"));
    let wasm = if ambient::is_folder(what) {
        &wasm
    } else {
        what
    };
    let mut component = Vec::new();
    let mut file = ambient::open_file(wasm)?.take(MOST + 1);
    file.read_to_end(&mut component)
        .with_context(|| format!("`{}` cannot be read", wasm.display()))?;
    if component.len() as u64 > MOST {
        let error = anyhow::anyhow!("`{}` is larger than 256 MiB", wasm.display());
        return Err(Failure::new(Exit::Usage, error));
    }
    let manifest = match ambient::open_file(&toml) {
        Ok(file) => {
            let mut text = String::new();
            file.take(1 << 20)
                .read_to_string(&mut text)
                .with_context(|| format!("`{}` cannot be read", toml.display()))?;
            Some(text)
        }
        Err(error) => match ambient::is_folder(what) {
            true => return Err(error.into()),
            false => None,
        },
    };
    Ok((component, manifest))
}

fn page(inspection: &Inspection) -> String {
    let paint = Paint::stdout();
    let mut out = String::new();
    let mut line = |what: &str, text: &str| {
        out.push_str(&format!("{:<14}{text}\n", what));
    };
    if let Some(stated) = &inspection.stated {
        line(
            "module",
            &format!(
                "{} {}, {}",
                paint.bold(stated.name.as_str()),
                stated.version,
                stated.kind
            ),
        );
    }
    if let Some(digest) = &inspection.digest {
        line("digest", &format!("sha256:{digest}  (what a grant names)"));
    }
    line("component", &format!("sha256:{}", inspection.component));
    line("size", &format!("{} bytes", count(inspection.bytes)));
    let asked: Vec<String> = inspection
        .capabilities
        .iter()
        .map(|c| match (c.asked, c.imported) {
            (true, false) => format!("{} (asked for, not imported)", c.capability),
            (false, true) => format!("{} (imported, not asked for)", c.capability),
            (true, true) | (false, false) => c.capability.to_string(),
        })
        .collect();
    line("capabilities", &or_none(asked));
    if let Some(stated) = &inspection.stated {
        line(
            "fields",
            &or_none(stated.fields.iter().map(ToString::to_string).collect()),
        );
        let limits = stated.limits;
        line(
            "limits",
            &format!(
                "{} MiB, {} ms, {} calls",
                limits.memory_mib,
                count(u64::from(limits.deadline_ms)),
                count(u64::from(limits.host_calls))
            ),
        );
        for (key, value) in &stated.settings {
            line("setting", &format!("{key} = {value}"));
        }
    }
    let contents = &inspection.contents;
    let memories = contents.memories.iter().map(|memory| {
        let max = memory
            .max
            .map_or("no maximum".to_owned(), |max| format!("at most {max}"));
        format!("{} pages of 64 KiB, {max}", memory.min)
    });
    line("memory", &or_none(memories.collect()));
    let tables = contents.tables.iter().map(|table| {
        let max = table
            .max
            .map_or("no maximum".to_owned(), |max| format!("at most {max}"));
        format!("{} elements, {max}", table.min)
    });
    line("tables", &or_none(tables.collect()));
    line(
        "inside",
        &format!(
            "{} functions in {} core modules, {} bytes of data, {}",
            count(contents.functions),
            contents.core_modules,
            count(contents.data_bytes),
            if contents.names {
                "with names of functions"
            } else {
                "no names of functions"
            },
        ),
    );
    line("built with", &or_none(vec![contents.built_with()]));
    for custom in &contents.custom_sections {
        line(
            "section",
            &format!("{} ({} bytes)", custom.name, count(custom.bytes)),
        );
    }
    for (what, list) in [
        ("imports", &inspection.imports),
        ("exports", &inspection.exports),
    ] {
        out.push_str(&format!("\n{}\n", paint.bold(what)));
        list.iter()
            .for_each(|i| interface(&mut out, what == "imports", i));
        if list.is_empty() {
            out.push_str("  none\n");
        }
    }
    out.push_str(&format!("\n{}\n", paint.bold("findings")));
    out.push_str(&findings(&inspection.findings));
    out
}

fn interface(out: &mut String, is_import: bool, interface: &Interface) {
    let is = match (is_import, interface.is) {
        (false, _) => String::new(),
        (true, Import::Capability(capability)) => format!("  capability `{capability}`"),
        (true, Import::EveryWorld) => "  part of every world, no capability".to_owned(),
        (true, Import::OtherVersion) => "  a version that this host does not speak".to_owned(),
        (true, Import::Wasi) => "  WASI: not offered".to_owned(),
        (true, Import::Unknown) => "  not of the contract".to_owned(),
    };
    out.push_str(&format!("  {}{is}\n", interface.name));
    for line in interface.types.iter().chain(&interface.functions) {
        out.push_str(&format!("    {line}\n"));
    }
    if interface.shortened {
        out.push_str("    … and more than is shown\n");
    }
}

fn or_none(list: Vec<String>) -> String {
    let list: Vec<String> = list.into_iter().filter(|item| !item.is_empty()).collect();
    match list.is_empty() {
        true => "none".to_owned(),
        false => list.join(", "),
    }
}

/// Findings, one a line.
pub(crate) fn findings(findings: &[Finding]) -> String {
    let paint = Paint::stdout();
    if findings.is_empty() {
        return "  none\n".to_owned();
    }
    let one = |found: &Finding| {
        let level = format!("{:<8}", found.level.word());
        let level = match found.level {
            Level::Error | Level::Warning => paint.red(&level),
            Level::Note => level,
        };
        format!("  {level}{:<24}{}\n", found.rule.id(), found.message)
    };
    findings.iter().map(one).collect()
}
