use super::not_built;
use crate::args::{Format, Shared};
use crate::output::{self, Exit, Failure};
use anyhow::Context as _;
use casemate::model::{Capability, Digest};
use casemate::sandbox::{Manifest, module_digest};
use casemate::store::{MAX_TEXT_BYTES, read_text_file};
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct Row {
    module: String,
    folder: String,
    changed: bool,
    digest: String,
    component_sha256: String,
    component_bytes: usize,
    compiler: String,
    imports: Vec<String>,
    capabilities: Vec<Capability>,
    not_imported: Vec<Capability>,
}

pub(super) fn build(shared: &Shared, folder: &Path, out: Option<&Path>) -> Result<Exit, Failure> {
    let built = casemate_build::build(folder, out).map_err(not_built)?;
    let dir = crate::ambient::open_dir(&built.folder)?;
    let text = read_text_file(&dir, Manifest::FILE, MAX_TEXT_BYTES).context("module.toml")?;
    let manifest = Manifest::parse(&text).map_err(|problems| {
        let error = anyhow::anyhow!("its module.toml does not hold:\n{problems}");
        Failure::new(Exit::Usage, error)
    })?;
    let capabilities: Vec<Capability> = manifest.capabilities().collect();
    let imported = |c: &Capability| {
        let named = |import: &String| import.split('@').next() == Some(c.interface());
        built.imports.iter().any(named)
    };
    let not_imported: Vec<Capability> = capabilities
        .iter()
        .copied()
        .filter(|c| !imported(c))
        .collect();
    for capability in &not_imported {
        output::say(&format!(
            "warning: module.toml asks for `{capability}` and the component does not import it: take it out, so that nobody has to grant it"
        ));
    }
    let row = Row {
        module: built.name,
        folder: built.folder.display().to_string(),
        changed: built.changed,
        digest: format!(
            "sha256:{}",
            module_digest(&built.component, text.as_bytes())
        ),
        component_sha256: Digest::of(&built.component).to_string(),
        component_bytes: built.component.len(),
        compiler: built.compiler,
        imports: built.imports,
        capabilities,
        not_imported,
    };
    match shared.format {
        Format::Json => output::json("casemate.module-build/v1", &row)?,
        Format::Ndjson => output::ndjson("casemate.module-build/v1", [&row])?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => output::text(&page(&row))?,
    }
    Ok(Exit::Ok)
}

fn page(row: &Row) -> String {
    let or_none = |list: String| match list.as_str() {
        "" => "nothing".to_owned(),
        _ => list,
    };
    let asks: Vec<&str> = row.capabilities.iter().map(|c| c.name()).collect();
    format!(
        "module `{}`, {}\n  in        {}\n  digest    {}\n  size      {} bytes\n  imports   {}\n  asks for  {}\n  made by   {}\n",
        row.module,
        if row.changed { "changed" } else { "as it was" },
        row.folder,
        row.digest,
        output::count(row.component_bytes as u64),
        or_none(row.imports.join(", ")),
        or_none(asks.join(", ")),
        row.compiler,
    )
}
