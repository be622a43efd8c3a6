use super::run::Answers;
use super::{not_tried, piece};
use crate::ambient::{self, Scratch};
use crate::args::{Format, OnBench, Shared};
use crate::output::{self, Exit, Failure, Paint, count, many};
use anyhow::Context as _;
use casemate::model::mark;
use casemate::store::write_file;
use casemate::workbench::{Answer, Cited, Report, Verdict};

pub(super) fn test(shared: &Shared, args: &OnBench, write_expected: bool) -> Result<Exit, Failure> {
    let on = piece::put(args, None)?;
    let scratch = Scratch::new()?;
    let expected = on.expected.filter(|_| !write_expected);
    let report = on.bench.test(scratch.dir()?, expected.as_deref());
    let report = report.map_err(not_tried)?;
    match shared.format {
        Format::Json => output::json("casemate.module-test/v1", &report)?,
        Format::Ndjson => output::ndjson("casemate.module-check/v1", &report.checks)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            output::text(&page(&report))?;
        }
    }
    if !report.passed() {
        if write_expected {
            output::say("nothing is written as expected: a check failed");
        }
        return Ok(Exit::Findings);
    }
    if write_expected {
        let answers = &report.answers;
        let data = Answers { answers };
        let document = output::Document::of("casemate.module-answers/v1", &data);
        let text = serde_json::to_string_pretty(&document)?;
        let dir = ambient::open_dir(&on.samples)?;
        write_file(&dir, piece::EXPECTED, format!("{text}\n").as_bytes())
            .with_context(|| format!("writing `{}`", on.samples.join(piece::EXPECTED).display()))?;
        output::say(&format!(
            "wrote {} as expected to `{}`: read them",
            many(answers.len() as u64, "answer"),
            on.samples.join(piece::EXPECTED).display()
        ));
    }
    Ok(Exit::Ok)
}

fn page(report: &Report) -> String {
    let paint = Paint::stdout();
    let or_none = |list: String| match list.as_str() {
        "" => "nothing".to_owned(),
        _ => list,
    };
    let mut out = format!(
        "{}\n  digest    {}\n  size      {} bytes\n",
        paint.bold(&format!(
            "{} {} {}",
            report.kind, report.module, report.version
        )),
        report.digest,
        count(report.component_bytes as u64),
    );
    let asked: Vec<&str> = report.asked.capabilities.iter().map(|c| c.name()).collect();
    out.push_str(&format!(
        "  asks for  {}\n  imports   {}\n  sees      {} of {}\n",
        or_none(asked.join(", ")),
        or_none(report.asked.imports.join(", ")),
        or_none(report.fields_seen.join(", ")),
        many(report.asked.fields.len() as u64, "field"),
    ));
    for withheld in &report.fields_withheld {
        out.push_str(&format!(
            "  withheld  {}: {}\n",
            withheld.field, withheld.by
        ));
    }
    out.push_str(&format!(
        "\n{}\n",
        paint.bold(&format!(
            "Over {} of {}",
            many(report.alerts, "alert"),
            many(report.documents as u64, "document")
        ))
    ));
    let cost = &report.cost;
    out.push_str(&format!(
        "  {}; the most one took: {} us of {} ms, {} KiB of {}, {} of {}\n",
        many(report.runs.len() as u64, "run"),
        count(cost.longest_us),
        count(cost.deadline_ms),
        count(cost.memory_bytes >> 10),
        count(cost.memory_limit_bytes >> 10),
        many(cost.calls, "call"),
        count(cost.calls_limit),
    ));
    for calls in &report.calls {
        out.push_str(&format!(
            "  `{}`: {}, {} asked for, {} answered, {} refused\n",
            calls.capability,
            many(calls.calls, "call"),
            many(calls.asked, "item"),
            many(calls.answered, "item"),
            many(calls.refused, "call"),
        ));
    }
    answers(&report.answers, &paint, &mut out);
    out.push_str(&format!("\n{}\n", paint.bold("Checks")));
    for check in &report.checks {
        let verdict = format!("{:<7}", check.verdict.word());
        let verdict = match check.verdict {
            Verdict::Passed => paint.green(&verdict),
            Verdict::Failed | Verdict::Warned => paint.red(&verdict),
            Verdict::Skipped => paint.dim(&verdict),
        };
        out.push_str(&format!("  {verdict}  {}", check.check));
        if !check.found.is_empty() {
            out.push_str(&format!(": {}", check.found));
        }
        out.push('\n');
        for line in check.details.iter().flat_map(|detail| detail.lines()) {
            out.push_str(&format!("             {line}\n"));
        }
    }
    out
}

/// Answers that are shown; `module run` prints all.
const SHOWN: usize = 20;

fn answers(answers: &[Answer], paint: &Paint, out: &mut String) {
    out.push_str(&format!(
        "\n{}\n",
        paint.bold(&many(answers.len() as u64, "answer"))
    ));
    for answer in answers.iter().take(SHOWN) {
        out.push_str(&format!("  {}\n", line(answer)));
    }
    if answers.len() > SHOWN {
        let rest = (answers.len() - SHOWN) as u64;
        out.push_str(&format!(
            "  and {}; `casemate module run` prints all\n",
            many(rest, "more answer")
        ));
    }
}

fn line(answer: &Answer) -> String {
    match answer {
        Answer::Placed {
            alert,
            group,
            rule,
            says,
            measured,
            bound,
            unit,
        } => format!(
            "alert {alert} in group {group}: {says} [{rule}: measured {measured}, bound {bound}; {unit}]"
        ),
        Answer::Opened { group, standing } => {
            format!("group {group} is {standing:?}").to_lowercase()
        }
        Answer::Linked { case, a, b, rule } => {
            format!("groups {a} and {b} are in case {case} [{rule}]")
        }
        Answer::Stated {
            alert,
            repeats,
            text,
            cites,
            ..
        } => format!(
            "alert {alert}, {}: {text} {}",
            many(*repeats, "time"),
            rests(cites)
        ),
        Answer::Drafted {
            case, text, cites, ..
        } => format!("case {case}: {text} {}", rests(cites)),
    }
}

fn rests(cites: &[Cited]) -> String {
    let records: Vec<&str> = cites.iter().map(|cited| cited.record.as_str()).collect();
    match records.as_slice() {
        [] => mark("uncited"),
        _ => mark(&records.join("; ")),
    }
}
