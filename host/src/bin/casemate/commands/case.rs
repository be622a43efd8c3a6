use super::{open, store};
use crate::args::{Case as Args, CaseId, Format, Shared};
use crate::output::{self, Exit, Failure, Paint, many, time};
use casemate::model::{Citation, Evidence, Holding, Section, mark};
use casemate::queue::{CaseFile, Gone, reason};

pub(crate) fn run(shared: &Shared, args: &Args) -> Result<Exit, Failure> {
    let Args::Show {
        case: CaseId { tenant, number },
    } = args;
    let casemate = open(shared)?;
    let view = casemate.view(tenant).map_err(store)?;
    let file = match &view {
        Some(view) => CaseFile::of(view, *number).map_err(store)?,
        None => None,
    };
    let Some(file) = file else {
        let error =
            anyhow::anyhow!("tenant `{tenant}` has no case or group {number} in the foreground");
        return Err(Failure::new(Exit::Environment, error).help(format!(
            "`casemate queue --tenant {tenant}` lists its cases"
        )));
    };
    match shared.format {
        Format::Json => output::json("casemate.case/v1", &file)?,
        Format::Ndjson => output::ndjson("casemate.case/v1", [&file])?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => output::text(&page(&file))?,
    }
    Ok(Exit::Ok)
}

fn page(file: &CaseFile) -> String {
    let paint = Paint::stdout();
    let mut out = format!(
        "{}\n  assessed severity {}; {}, {}\n",
        paint.bold(&format!("case {}/{}", file.tenant, file.case.number)),
        file.case.assessed_severity,
        many(file.groups.len() as u64, "group"),
        many(file.groups.iter().map(|g| g.group.count).sum(), "alert"),
    );
    let cited: Vec<&Citation> = file.cited().into_iter().collect();
    draft(file, &cited, &paint, &mut out);
    out.push_str(&format!("\n{}\n", paint.bold("Groups")));
    for group in &file.groups {
        out.push_str(&format!(
            "  {}  {} on {}: {}, {} to {}, {}\n",
            group.group.number,
            group.title,
            group.host,
            many(group.group.count, "alert"),
            time(group.group.first),
            time(group.group.last),
            group.group.severity,
        ));
        for placed in &group.placed {
            out.push_str(&paint.dim(&format!("      {placed}\n")));
        }
        if group.known_good > 0 {
            out.push_str(&format!(
                "      known good: {} of {} alerts\n",
                group.known_good, group.group.count
            ));
        }
        if let Some(gone) = gone(file, Holding::Documents, group.group.number) {
            out.push_str(&format!(
                "      the document of its first alert was {gone}\n"
            ));
        }
        if let Some(gone) = gone(file, Holding::Enrichments, group.group.number) {
            out.push_str(&format!("      what was added to it was {gone}\n"));
        }
        for enrichment in &group.enrichments {
            out.push_str(&format!(
                "      {}: {}\n",
                enrichment.module, enrichment.text
            ));
        }
    }
    for link in &file.case.links {
        if let Some(rule) = file.link_rules.get(&link.rule) {
            let why = reason(rule, link.measured, link.bound);
            out.push_str(&format!(
                "  groups {} and {} are in one case: {why}\n",
                link.a, link.b
            ));
        }
    }
    out.push_str(&format!("\n{}\n", paint.bold("What is cited")));
    for (place, citation) in cited.iter().enumerate() {
        let gone = match &citation.evidence {
            Evidence::Alert(number) => gone(file, Holding::Documents, *number),
            Evidence::Group(_)
            | Evidence::Earlier(_)
            | Evidence::Asset(_)
            | Evidence::Fact(_)
            | Evidence::Enrichment(_, _)
            | Evidence::Gap(_) => None,
        };
        out.push_str(&format!(
            "  {} {}, sha256 {:.16}…{}\n",
            mark(&(place + 1).to_string()),
            evidence(&citation.evidence),
            citation.digest.to_string(),
            gone.map_or_else(String::new, |gone| format!("; its document was {gone}")),
        ));
    }
    out
}

fn gone(file: &CaseFile, what: Holding, number: u64) -> Option<&Gone> {
    let is = |gone: &&Gone| gone.what == what && gone.number == number;
    file.deleted.iter().find(is)
}

fn draft(file: &CaseFile, cited: &[&Citation], paint: &Paint, out: &mut String) {
    let Some(draft) = &file.draft else {
        match gone(file, Holding::Drafts, file.case.number) {
            Some(gone) => out.push_str(&format!("\n  no draft: it was {gone}\n")),
            None => out.push_str("\n  no draft: no drafter could run\n"),
        }
        return;
    };
    out.push_str(&format!(
        "  draft {} by module {}, as of {}  {}\n",
        draft.version,
        draft.module,
        time(draft.as_of),
        mark("proposed, signed by nobody")
    ));
    if file.changed_since {
        out.push_str(&paint.red("  the case has changed since it was drafted\n"));
    }
    let mut section: Option<Section> = None;
    for sentence in &draft.sentences {
        if section != Some(sentence.section) {
            section = Some(sentence.section);
            out.push_str(&format!("\n{}\n", paint.bold(sentence.section.title())));
        }
        let marks: Vec<String> = sentence
            .citations
            .iter()
            .filter_map(|c| cited.iter().position(|known| *known == c))
            .map(|place| (place + 1).to_string())
            .collect();
        let marks = if marks.is_empty() {
            paint.red(&mark("uncited"))
        } else {
            paint.dim(&mark(&marks.join(", ")))
        };
        out.push_str(&format!("  {} {marks}\n", sentence.text));
    }
}

fn evidence(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Alert(number) => format!("alert {number}"),
        Evidence::Group(number) => format!("group {number}"),
        Evidence::Earlier(number) => format!("earlier group {number}"),
        Evidence::Asset(line) => format!("knowledge/assets.csv, line {line}"),
        Evidence::Fact(id) => format!("knowledge/known-good.toml, fact `{id}`"),
        Evidence::Enrichment(alert, place) => format!("enrichment {} of alert {alert}", place + 1),
        Evidence::Gap(text) => format!("known to be missing: {text}"),
    }
}
