use std::fmt;

/// What was measured, one line a figure.
#[derive(Default)]
pub(crate) struct Table {
    lines: Vec<Line>,
}

enum Line {
    Title(String),
    Figure {
        what: String,
        unit: &'static str,
        median: f64,
        range: Option<(f64, f64)>,
        note: String,
    },
}

impl Table {
    pub(crate) fn title(&mut self, title: impl Into<String>) {
        self.lines.push(Line::Title(title.into()));
    }

    /// The median of the rounds, and their range. Gives the median.
    pub(crate) fn median(
        &mut self,
        what: impl Into<String>,
        unit: &'static str,
        rounds: &[f64],
        note: impl Into<String>,
    ) -> f64 {
        let (median, range) = median(rounds);
        self.lines.push(Line::Figure {
            what: what.into(),
            unit,
            median,
            range: Some(range),
            note: note.into(),
        });
        median
    }

    /// A figure that is worked out of others.
    pub(crate) fn figure(
        &mut self,
        what: impl Into<String>,
        unit: &'static str,
        value: f64,
        note: impl Into<String>,
    ) {
        self.lines.push(Line::Figure {
            what: what.into(),
            unit,
            median: value,
            range: None,
            note: note.into(),
        });
    }
}

/// The median of some values, and the least and the most.
pub(crate) fn median(values: &[f64]) -> (f64, (f64, f64)) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |i: usize| sorted.get(i).copied().unwrap_or_default();
    let last = sorted.len().saturating_sub(1);
    (at(sorted.len() / 2), (at(0), at(last)))
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            match line {
                Line::Title(title) => writeln!(f, "\n{title}")?,
                Line::Figure {
                    what,
                    unit,
                    median,
                    range,
                    note,
                } => {
                    let range = range.map_or(String::new(), |(least, most)| {
                        format!("({}-{})", number(least), number(most))
                    });
                    let line = format!(
                        "  {what:<46} {:>10} {unit:<12} {range:<20} {note}",
                        number(*median)
                    );
                    writeln!(f, "{}", line.trim_end())?;
                }
            }
        }
        Ok(())
    }
}

fn number(value: f64) -> String {
    if value.abs() < 10.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
