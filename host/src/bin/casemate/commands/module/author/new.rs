use super::not_built;
use crate::args::Kind;
use crate::output::{self, Exit, Failure};
use casemate::model::ModuleName;
use std::path::Path;

pub(super) fn new(kind: Kind, name: &ModuleName, dir: Option<&Path>) -> Result<Exit, Failure> {
    let kind = match kind {
        Kind::Grouper => casemate_build::Kind::Grouper,
        Kind::Enricher => casemate_build::Kind::Enricher,
        Kind::Drafter => casemate_build::Kind::Drafter,
    };
    let name = name.as_str();
    let folder = dir.unwrap_or(Path::new(name));
    let begun = casemate_build::begin(kind, name, folder).map_err(not_built)?;
    let shown = begun.folder.display();
    output::say(&format!("began the {kind} `{name}` in `{shown}`:"));
    for file in &begun.files {
        output::say(&format!("  {file}"));
    }
    output::say("  casemate/ (the SDK and the contract; not to be changed)");
    output::say(&format!(
        "next: `casemate module test {shown}` builds it and runs it over its samples"
    ));
    Ok(Exit::Ok)
}
