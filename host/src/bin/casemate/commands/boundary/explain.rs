//! `casemate boundary explain`.

use super::super::{not_started, open, store};
use super::{line, there};
use crate::ambient;
use crate::args::{Explain, Format, Shared};
use crate::output::{self, Exit, Failure, time};
use casemate::Casemate;
use casemate::boundaries::ModuleAsked;
use casemate::boundary::{Defaults, ExclusionLine, Explained};
use casemate::model::Instant;
use casemate::sandbox::Module;
use casemate::written::nearest;
use serde::Serialize;

#[derive(Serialize)]
struct Report {
    tenant: String,
    as_of: Instant,
    digest: String,
    /// The file of the defaults that it stands under.
    defaults: Option<&'static str>,
    lines: Vec<Explained>,
    exclusions: Vec<ExclusionLine>,
    module: Option<ModuleAsked>,
}

pub(super) fn explain(shared: &Shared, args: &Explain) -> Result<Exit, Failure> {
    let casemate = open(shared)?;
    there(&casemate, std::slice::from_ref(&args.tenant))?;
    let module = args.module.as_deref();
    let module = module.map(|name| named(&casemate, name)).transpose()?;
    let as_of = args.as_of.unwrap_or_else(ambient::now);
    let scope = casemate.home().tenant(&args.tenant).map_err(store)?;
    let boundary = casemate.boundary(&scope).map_err(not_started)?;
    let report = Report {
        tenant: args.tenant.to_string(),
        as_of,
        digest: format!("sha256:{}", boundary.digest()),
        defaults: boundary.defaults().map(Defaults::file),
        lines: boundary.explain(as_of),
        exclusions: boundary.exclusions(as_of),
        module: module.map(|module| casemate.asked(module, &boundary, as_of)),
    };
    match shared.format {
        Format::Json => output::json("casemate.boundary-explained/v1", &report)?,
        Format::Ndjson => output::ndjson("casemate.boundary-line/v1", &report.lines)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => output::text(&page(&report))?,
    }
    Ok(Exit::Ok)
}

/// The module of that name.
fn named<'c>(casemate: &'c Casemate, name: &str) -> Result<&'c Module, Failure> {
    let names = || {
        casemate
            .modules()
            .iter()
            .map(|m| m.manifest().name().as_str())
    };
    let modules = casemate.modules().iter();
    let mut named = modules.filter(|m| m.manifest().name().as_str() == name);
    named.next().ok_or_else(|| {
        let shown = casemate::model::Text::capped(name, 80);
        let error = anyhow::anyhow!("module `{shown}` is not installed, or cannot be loaded");
        let help = match nearest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "it may be one of: {}",
                names().collect::<Vec<_>>().join(", ")
            ),
        };
        Failure::new(Exit::Usage, error).help(help)
    })
}

fn page(report: &Report) -> String {
    let mut text = format!(
        "boundary of tenant {} as of {}\n{}, {}\n\n",
        report.tenant,
        time(report.as_of),
        report.digest,
        match report.defaults {
            Some(file) => format!("under {file}"),
            None => "under no defaults".to_owned(),
        }
    );
    let cells = |said: &Explained| {
        let by = match &said.with {
            Some(with) => format!("{}, with {}", line(&said.by), line(with)),
            None => line(&said.by),
        };
        vec![said.subject.clone(), said.answer.clone(), by]
    };
    let rows: Vec<_> = report.lines.iter().map(cells).collect();
    text.push_str(&output::table(&["WHAT", "IN EFFECT", "DECIDED BY"], &rows));
    text.push('\n');
    if report.exclusions.is_empty() {
        text.push_str("no exclusions\n");
    } else {
        let cells = |exclusion: &ExclusionLine| {
            vec![
                exclusion.clause.to_string(),
                exclusion.denies.join(", "),
                exclusion
                    .until
                    .clone()
                    .unwrap_or_else(|| "for ever".to_owned()),
                if exclusion.in_force {
                    "in force"
                } else {
                    "over"
                }
                .to_owned(),
                format!("{}:{}", exclusion.by.file, exclusion.by.line),
            ]
        };
        let rows: Vec<_> = report.exclusions.iter().map(cells).collect();
        let head = ["EXCLUSION", "DENIES", "UNTIL", "STANDING", "LINE"];
        text.push_str(&output::table(&head, &rows));
    }
    if let Some(asked) = &report.module {
        text.push_str(&module(asked));
    }
    text
}

fn module(asked: &ModuleAsked) -> String {
    let mut text = format!("\nmodule {}, sha256:{}\n", asked.module, asked.digest);
    if let Some(why) = &asked.not_granted {
        text.push_str(&format!("it is not granted and gets nothing: {why}\n"));
    }
    if let Some((replaced, by)) = &asked.replaces {
        text.push_str(&format!(
            "it runs in the place of {replaced}: {}\n",
            line(by)
        ));
    }
    let by = |given, whose: Option<&str>| match (given, whose) {
        (true, _) => "given".to_owned(),
        (false, Some(whose)) => format!("denied by the {whose}"),
        (false, None) => "withheld".to_owned(),
    };
    let capabilities = asked.capabilities.iter().map(|asked| {
        vec![
            format!("capability {}", asked.capability),
            by(asked.given, asked.denied_by),
            asked.by.as_ref().map_or_else(|| "-".to_owned(), line),
        ]
    });
    let not_granted = asked.not_granted.as_ref().map(|_| "grant");
    let fields = asked.fields.iter().map(|asked| {
        vec![
            format!("field {}", asked.field),
            by(asked.given, not_granted),
            line(&asked.by),
        ]
    });
    let rows: Vec<_> = capabilities.chain(fields).collect();
    if asked.capabilities.is_empty() {
        text.push_str("it asks for no capability\n");
    }
    text.push_str(&output::table(&["IT ASKS FOR", "AND", "DECIDED BY"], &rows));
    text
}
