use super::super::super::open_home;
use super::{not_built, piece};
use crate::ambient;
use crate::args::{Format, Shared};
use crate::output::{self, Exit, Failure};
use anyhow::{Context as _, anyhow};
use casemate::model::{Digest, ModuleName};
use casemate::sandbox::module_digest;
use casemate_build::{Producer, Rebuilt, differences, producers};
use serde::Serialize;
use std::io::Read as _;
use std::path::Path;

/// What a rebuilt module is compared with.
enum Against {
    /// The component, and the manifest where it is there.
    Bytes(Vec<u8>, Option<String>),
    /// A digest: of component and manifest together, as a grant names it, or of the component.
    Digest(String),
}

#[derive(Serialize)]
struct Verdict {
    module: String,
    same: bool,
    against: String,
    digest: String,
    component_sha256: String,
    compiler: String,
    /// What is compared with says that these made it.
    made_by: Vec<String>,
    /// Where it differs, a line each.
    differences: Vec<String>,
}

pub(super) fn verify(shared: &Shared, source: &Path, against: &str) -> Result<Exit, Failure> {
    let other = find(shared, against)?;
    let rebuilt = casemate_build::rebuild(source).map_err(not_built)?;
    let digest = module_digest(&rebuilt.component, rebuilt.manifest.as_bytes()).to_string();
    let component_sha256 = Digest::of(&rebuilt.component).to_string();
    let (made_by, differences) = match &other {
        Against::Bytes(component, manifest) => (
            producers(component).iter().map(said).collect(),
            compared(&rebuilt, component, manifest.as_deref()),
        ),
        Against::Digest(wanted) if *wanted == digest || *wanted == component_sha256 => {
            (Vec::new(), Vec::new())
        }
        Against::Digest(wanted) => {
            let line = format!(
                "sha256:{wanted} is neither the module's, component and module.toml together, nor the component's"
            );
            (Vec::new(), vec![line])
        }
    };
    let verdict = Verdict {
        module: rebuilt.name,
        same: differences.is_empty(),
        against: against.to_owned(),
        digest: format!("sha256:{digest}"),
        component_sha256,
        compiler: rebuilt.compiler,
        made_by,
        differences,
    };
    match shared.format {
        Format::Json => output::json("casemate.module-verify/v1", &verdict)?,
        Format::Ndjson => output::ndjson("casemate.module-verify/v1", [&verdict])?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            output::text(&page(&verdict))?;
        }
    }
    Ok(if verdict.same {
        Exit::Ok
    } else {
        Exit::Integrity
    })
}

fn find(shared: &Shared, against: &str) -> Result<Against, Failure> {
    if let Some(digest) = against.strip_prefix("sha256:") {
        if digest.len() != 64 || !digest.bytes().all(|b| b.is_ascii_hexdigit()) {
            let error = anyhow!("`{against}` is no digest: `sha256:` and 64 hexadecimal digits");
            return Err(Failure::new(Exit::Usage, error));
        }
        return Ok(Against::Digest(digest.to_ascii_lowercase()));
    }
    // As for `inspect` and `diff`: a name is an installed module's, a folder of the present one is
    // written `./NAME`.
    if let Ok(name) = ModuleName::parse(against)
        && let Ok(home) = open_home(shared)
        && let Some((component, manifest)) = home.module(&name)?
    {
        return Ok(Against::Bytes(component, Some(manifest)));
    }
    let path = Path::new(against);
    if path.is_dir() {
        let piece = piece::read(path)?;
        return Ok(Against::Bytes(piece.component, Some(piece.manifest)));
    }
    if path.is_file() {
        let mut component = Vec::new();
        let mut file = ambient::open_file(path)?;
        file.read_to_end(&mut component)
            .with_context(|| format!("`{against}`"))?;
        return Ok(Against::Bytes(component, None));
    }
    let error = anyhow!("`{against}` is no folder, no file, no digest and no module of the home");
    Err(Failure::new(Exit::Usage, error))
}

fn compared(rebuilt: &Rebuilt, component: &[u8], manifest: Option<&str>) -> Vec<String> {
    let mut lines = Vec::new();
    if rebuilt.component != component {
        let (ours, theirs) = (producers(&rebuilt.component), producers(component));
        let tool = |p: &&Producer| p.part != "language";
        for other in theirs.iter().filter(tool).filter(|p| !ours.contains(p)) {
            let own = ours.iter().find(|p| p.name == other.name);
            let own = own.map_or("nothing of that name".to_owned(), said);
            lines.push(format!("made by {}, here by {own}", said(other)));
        }
        let sections = differences(&rebuilt.component, component);
        lines.extend(
            sections
                .iter()
                .map(|difference| format!("built here: {difference}")),
        );
    }
    if manifest.is_some_and(|manifest| manifest != rebuilt.manifest) {
        lines.push("module.toml is another one".to_owned());
    }
    lines
}

fn said(producer: &Producer) -> String {
    let text = format!("{} {}", producer.name, producer.version);
    casemate::model::Text::capped(text.trim(), 200).to_string()
}

fn page(verdict: &Verdict) -> String {
    let Verdict {
        module,
        against,
        digest,
        compiler,
        ..
    } = verdict;
    if verdict.same {
        return format!(
            "module `{module}`: the same bytes as {against}\n  digest   {digest}\n  made by  {compiler}\n"
        );
    }
    let mut out = format!(
        "module `{module}`: NOT the same as {against}\n  built here  {digest}\n  made by     {compiler}\n"
    );
    for line in &verdict.differences {
        out.push_str(&format!("  {line}\n"));
    }
    out
}
