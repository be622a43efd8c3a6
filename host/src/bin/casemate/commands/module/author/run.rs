use super::{not_tried, piece};
use crate::ambient::Scratch;
use crate::args::{Format, OnBench, Shared};
use crate::output::{self, Exit, Failure};
use casemate::workbench::Answer;
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
pub(super) struct Answers<'a> {
    pub(super) answers: &'a [Answer],
}

pub(super) fn run(shared: &Shared, args: &OnBench, alerts: Option<&Path>) -> Result<Exit, Failure> {
    let on = piece::put(args, alerts)?;
    let scratch = Scratch::new()?;
    let (answers, failures) = on.bench.run(scratch.dir()?).map_err(not_tried)?;
    match shared.format {
        Format::Json => {
            let answers = &answers;
            output::json("casemate.module-answers/v1", &Answers { answers })?;
        }
        Format::Table | Format::Ndjson | Format::Csv | Format::Sarif | Format::Html => {
            output::ndjson("casemate.module-answer/v1", &answers)?;
        }
    }
    for failure in &failures {
        output::say(&format!("error: {failure}"));
    }
    Ok(if failures.is_empty() {
        Exit::Ok
    } else {
        Exit::Findings
    })
}
