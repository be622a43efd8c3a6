//! `casemate boundary fields`.

use crate::args::{Format, Shared};
use crate::output::{self, Exit, Failure};
use casemate::boundary::{FieldLine, field_list};
use casemate::model::Field;
use serde::Serialize;

#[derive(Serialize)]
struct List {
    version: u32,
    fields: Vec<FieldLine>,
}

pub(super) fn fields(shared: &Shared) -> Result<Exit, Failure> {
    let list = List {
        version: Field::LIST_VERSION,
        fields: field_list(),
    };
    match shared.format {
        Format::Json => output::json("casemate.fields/v1", &list)?,
        Format::Ndjson => output::ndjson("casemate.field/v1", &list.fields)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => output::text(&page(&list))?,
    }
    Ok(Exit::Ok)
}

fn page(list: &List) -> String {
    let cells = |line: &FieldLine| {
        let template = if line.shown_by_template {
            "shown"
        } else {
            "withheld"
        };
        vec![
            line.name.to_owned(),
            line.groups.join(", "),
            template.to_owned(),
            line.meaning.to_owned(),
        ]
    };
    let rows: Vec<_> = list.fields.iter().map(cells).collect();
    format!(
        "field list version {}; a group stands for all its fields\n\n{}",
        list.version,
        output::table(&["FIELD", "GROUPS", "NEW TENANT", "WHAT IT HOLDS"], &rows)
    )
}
