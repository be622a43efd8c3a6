//! `casemate module diff`.

use super::inspect::read;
use crate::args::{Format, Shared};
use crate::output::{self, Exit, Failure, Paint};
use casemate::sandbox::inspect::{Change, Difference, Version};
use std::path::Path;

pub(super) fn diff(shared: &Shared, old: &Path, new: &Path) -> Result<Exit, Failure> {
    let (old, new) = (read(shared, old)?, read(shared, new)?);
    let difference = Difference::between(&old, &new);
    match shared.format {
        Format::Json => output::json("casemate.difference/v1", &difference)?,
        Format::Ndjson => output::ndjson("casemate.change/v1", &difference.changes)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            output::text(&page(&difference))?
        }
    }
    Ok(match difference.formality {
        true => Exit::Ok,
        false => Exit::Findings,
    })
}

fn page(difference: &Difference) -> String {
    let paint = Paint::stdout();
    let version = |version: &Version| {
        let name = version
            .name
            .as_ref()
            .map_or("(no module.toml)", |n| n.as_str());
        let digest = version.digest.map(|digest| format!(", sha256:{digest}"));
        format!(
            "{name} {}{}",
            version.version.as_deref().unwrap_or_default(),
            digest.unwrap_or_default()
        )
    };
    let mut out = format!(
        "old  {}\nnew  {}\n\n",
        version(&difference.old),
        version(&difference.new)
    );
    let told = |change: &Change| match (&change.old, &change.new) {
        (Some(old), Some(new)) => format!("{}: {old} -> {new}", change.what),
        (None, Some(new)) => format!("{}: {new}", change.what),
        (Some(old), None) => format!("{}: was {old}", change.what),
        (None, None) => change.what.clone(),
    };
    let weigh: Vec<&Change> = difference.changes.iter().filter(|c| c.weighs).collect();
    for change in &difference.changes {
        out.push_str(&format!(
            "{:<6}{:<12}{}\n",
            change.direction.word().to_uppercase(),
            change.area.word(),
            told(change)
        ));
    }
    if difference.changes.is_empty() {
        out.push_str("SAME\n");
    }
    out.push_str(&match weigh.len() {
        0 => format!(
            "\n{}: nothing more is asked and no type changed\n",
            paint.green("consent is a formality")
        ),
        count => format!(
            "\n{}: {count} of {}, listed first, {} it more, or {} another type or setting\n",
            paint.red("it needs a fresh look"),
            output::many(difference.changes.len() as u64, "change"),
            if count == 1 { "gives" } else { "give" },
            if count == 1 { "is" } else { "are" },
        ),
    });
    out
}
