//! What changes from one boundary to another, in words: what is allowed that was not, what no longer,
//! and what else.

use super::facts::Fact;
use super::{Boundary, EnrichmentSource};
use crate::model::Instant;
use std::collections::BTreeMap;
use std::fmt;

/// How many ends of exclusions are looked ahead to.
const MOST_TIMES: usize = 100;

/// What changes from one boundary to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// What is allowed that was not, and what is asked for no longer.
    pub more: Vec<Changed>,
    /// What is no longer allowed, and what is asked for besides.
    pub less: Vec<Changed>,
    /// What changes and allows neither more nor less by itself.
    pub other: Vec<String>,
    /// Whether the files have other bytes and say the same.
    pub text_only: bool,
}

/// Things of one kind that change in the same way.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Changed {
    /// The kind of thing, for example `fields for modules`.
    pub about: &'static str,
    /// Which; empty where there is only one.
    pub items: Vec<String>,
    /// What holds.
    pub now: String,
    /// What held.
    pub before: String,
    /// From when on, where an exclusion denies it until then; none where at once.
    pub from: Option<Instant>,
}

impl Difference {
    /// What changes where `now` takes the place of `before`, as of a time: at once, and from the day
    /// on which an exclusion is over. Where nothing was in effect before, all that is allowed is more.
    pub fn between(before: Option<&Boundary>, now: &Boundary, as_of: Instant) -> Self {
        let mut sources: Vec<EnrichmentSource> = Vec::new();
        for source in [before, Some(now)]
            .into_iter()
            .flatten()
            .flat_map(Boundary::named_sources)
        {
            if !sources.contains(source) {
                sources.push(source.clone());
            }
        }
        sources.sort_by_key(ToString::to_string);
        let ends = [before, Some(now)]
            .into_iter()
            .flatten()
            .flat_map(Boundary::ends);
        let mut times: Vec<Instant> = ends.filter(|end| *end > as_of).collect();
        times.sort();
        times.dedup();
        let untold = times.len().saturating_sub(MOST_TIMES);
        times.truncate(MOST_TIMES);
        let mut difference = Self::default();
        let mut told = Vec::new();
        for at in std::iter::once(as_of).chain(times) {
            let from = (at != as_of).then_some(at);
            let new = now.facts(&sources, at);
            let old = before.map(|before| before.facts(&sources, at));
            difference.compare(old, new, from, &mut told);
        }
        if untold > 0 {
            let line = format!("what {untold} later ends of exclusions will bring is not told");
            difference.other.push(line);
        }
        match before {
            None => difference
                .other
                .push("no boundary was in effect before".to_owned()),
            Some(before) => {
                difference.others(before, now);
                difference.text_only = difference.is_nothing() && before.digest() != now.digest();
            }
        }
        difference
    }

    /// Whether nothing changes in what is said; the bytes may.
    pub fn is_nothing(&self) -> bool {
        self.more.is_empty() && self.less.is_empty() && self.other.is_empty()
    }

    fn compare(
        &mut self,
        old: Option<Vec<Fact>>,
        new: Vec<Fact>,
        from: Option<Instant>,
        told: &mut Vec<(&'static str, String, String, String)>,
    ) {
        let nothing = || Fact {
            about: "",
            item: String::new(),
            rank: 0,
            says: "no boundary".to_owned(),
            is_demand: false,
        };
        let is_first = old.is_none();
        let olds = old
            .into_iter()
            .flatten()
            .map(Some)
            .chain(std::iter::repeat_with(|| None));
        for (old, new) in olds.zip(new) {
            let old = old.unwrap_or_else(nothing);
            if old.rank == new.rank || is_first && new.is_demand {
                continue;
            }
            let line = (
                new.about,
                new.item.clone(),
                old.says.clone(),
                new.says.clone(),
            );
            if told.contains(&line) {
                continue;
            }
            told.push(line);
            let list = if new.rank > old.rank {
                &mut self.more
            } else {
                &mut self.less
            };
            let same = list.iter_mut().find(|c| {
                c.about == new.about && c.now == new.says && c.before == old.says && c.from == from
            });
            match same {
                Some(changed) => changed.items.push(new.item),
                None => list.push(Changed {
                    about: new.about,
                    items: Some(new.item)
                        .filter(|item| !item.is_empty())
                        .into_iter()
                        .collect(),
                    now: new.says,
                    before: old.says,
                    from,
                }),
            }
        }
    }

    fn others(&mut self, before: &Boundary, now: &Boundary) {
        let mut changed = |what: &str, old: &str, new: &str| {
            if old != new {
                self.other.push(format!("{what}: {new} (before: {old})"));
            }
        };
        let endpoint = |b: &Boundary| b.endpoint().unwrap_or("none").to_owned();
        changed("accountable", before.accountable(), now.accountable());
        changed("model endpoint", &endpoint(before), &endpoint(now));
        changed("model location", before.location(), now.location());
        let signers = (before.review().signers(), now.review().signers());
        changed("file of signers", signers.0, signers.1);
        let (old, new) = (clauses(before), clauses(now));
        let until = |until: &Option<String>| match until {
            Some(day) => format!("to {day}"),
            None => "for ever".to_owned(),
        };
        for ((file, clause, denies), ends) in &new {
            let what = format!("`{clause}` of {file} denies {denies}");
            let ends: Vec<String> = ends.iter().map(until).collect();
            match old.get(&(*file, clause.clone(), denies.clone())) {
                None => {
                    let ends = ends.join(" and ");
                    self.other.push(format!("exclusion added: {what}, {ends}"));
                }
                Some(were) => {
                    let were: Vec<String> = were.iter().map(until).collect();
                    let (new, old) = (ends.join(" and "), were.join(" and "));
                    if new != old {
                        let line = format!("exclusion {what}, {new} (before: {old})");
                        self.other.push(line);
                    }
                }
            }
        }
        for (file, clause, denies) in old.keys().filter(|key| !new.contains_key(*key)) {
            let line = format!("exclusion taken out: `{clause}` of {file} denies {denies}");
            self.other.push(line);
        }
    }
}

/// Whose file, clause and what it denies, with when each such exclusion ends.
type Clauses = BTreeMap<(&'static str, String, String), Vec<Option<String>>>;

fn clauses(boundary: &Boundary) -> Clauses {
    let mut clauses = Clauses::new();
    for (file, said) in ["the tenant's file", "the defaults"]
        .into_iter()
        .zip(boundary.files())
    {
        for exclusion in &said.exclusions {
            let key = (
                file,
                exclusion.clause.to_string(),
                exclusion.denies().join(", "),
            );
            let ends = clauses.entry(key).or_default();
            ends.push(exclusion.until());
            ends.sort();
        }
    }
    clauses
}

impl fmt::Display for Difference {
    /// A line for each change, which begins with `MORE`, `LESS` or `OTHER`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (word, list) in [("MORE ", &self.more), ("LESS ", &self.less)] {
            for changed in list {
                writeln!(f, "{word}  {changed}")?;
            }
        }
        for other in &self.other {
            writeln!(f, "OTHER  {other}")?;
        }
        if self.text_only {
            writeln!(f, "only the text differs, not what it says")?;
        } else if self.is_nothing() {
            writeln!(f, "nothing changes")?;
        }
        Ok(())
    }
}

impl fmt::Display for Changed {
    /// `fields for modules: host.name, host.ip: visible (before: withheld)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.about)?;
        if !self.items.is_empty() {
            write!(f, "{}: ", self.items.join(", "))?;
        }
        write!(f, "{} (before: {})", self.now, self.before)?;
        match self.from {
            Some(from) => write!(f, ", from {from} on"),
            None => Ok(()),
        }
    }
}
