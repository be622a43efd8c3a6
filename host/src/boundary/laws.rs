//! What must hold for every boundary, tried on many.

use super::*;
use crate::model::{Capability, Field};

/// SplitMix64: small, seeded, the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % sides as u64).unwrap()
    }

    fn some(&mut self, from: &[&'static str]) -> Vec<&'static str> {
        let mut picked: Vec<_> = from.iter().copied().filter(|_| self.roll(2) == 0).collect();
        self.shuffle(&mut picked);
        picked
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            let j = self.roll(i + 1);
            list.swap(i, j);
        }
    }
}

const SOURCES: [&str; 5] = ["assets", "known-good", "cases", "runbooks", "feeds/x"];

/// What a file says, before it is written.
#[derive(Clone, Debug)]
struct Said {
    modules: Vec<&'static str>,
    memory: bool,
    endpoint: bool,
    sources: Vec<&'static str>,
    exclusions: Vec<(Vec<&'static str>, Option<&'static str>)>,
}

fn names() -> Vec<&'static str> {
    let groups = ["rule", "host", "user", "process", "network", "file"];
    Field::ALL.iter().map(|f| f.name()).chain(groups).collect()
}

fn an_exclusion(dice: &mut Dice) -> (Vec<&'static str>, Option<&'static str>) {
    let mut all = names();
    all.extend(SOURCES);
    all.extend(["model", "memory"]);
    let mut deny = vec![all[dice.roll(all.len())], all[dice.roll(all.len())]];
    deny.dedup();
    let until = [None, Some("2026-11-22"), Some("2027-03-31")][dice.roll(3)];
    (deny, until)
}

fn a_boundary(dice: &mut Dice) -> Said {
    Said {
        modules: dice.some(&names()),
        memory: dice.roll(2) == 0,
        endpoint: dice.roll(2) == 0,
        sources: dice.some(&SOURCES),
        exclusions: (0..dice.roll(4)).map(|_| an_exclusion(dice)).collect(),
    }
}

fn written(said: &Said) -> Boundary {
    let list = |words: &[&str]| format!("{words:?}");
    let mut text = String::from("version = 1\nfields = 1\naccountable = \"a@b\"\n");
    if said.exclusions.is_empty() {
        text.push_str("exclusions = []\n");
    }
    // The model may see all that modules may, so that every law is tried on it too.
    text.push_str(&format!(
        "[data]\nmodules = {0}\nmodel = {0}\npseudonymise = []\nmemory = {1}\n[model]\nendpoint = \"{2}\"\nlocation = \"here\"\n[enrichment]\nsources = {3}\n[review]\nrequired = []\nsigners = \"s\"\ndowngrade_needs = 1\npacket_needs = []\nreplay_bundle = []\n",
        list(&said.modules),
        said.memory,
        if said.endpoint { "llm" } else { "none" },
        list(&said.sources),
    ));
    for (deny, until) in &said.exclusions {
        text.push_str(&format!(
            "[[exclusions]]\nclause = \"c\"\ndeny = {}\n",
            list(deny)
        ));
        if let Some(until) = until {
            text.push_str(&format!("until = {until}\n"));
        }
    }
    let roster = "version = 1\n[[people]]\nid = \"a@b\"\nname = \"A\"\nroles = [\"operator\"]\n";
    let host = HostNames::new(vec![Endpoint::new("llm", "here").unwrap()]);
    let roster = Roster::parse(roster).unwrap();
    let tenant = TenantId::parse("t").unwrap();
    Boundary::parse(&tenant, &text, &roster, &host)
        .unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

/// Everything a boundary decides, as a set of what it allows.
fn allowed(boundary: &Boundary) -> (FieldSet, FieldSet, Vec<String>) {
    let now = Instant::parse("2026-11-23").unwrap();
    let capabilities = Capability::ALL
        .into_iter()
        .filter(|c| boundary.allows(*c, now).is_ok())
        .map(|c| c.to_string());
    let sources = SOURCES.into_iter().filter(|name| {
        let source = EnrichmentSource::parse(name).unwrap();
        boundary.rules_on_source(&source, now).allowed
    });
    let mut names: Vec<String> = capabilities.chain(sources.map(str::to_owned)).collect();
    if boundary.rules_on_model(now).allowed {
        names.push("model".to_owned());
    }
    let seen = boundary.visible_fields(now);
    for field in Field::ALL {
        assert_eq!(
            boundary.withheld(*field, now).is_none(),
            seen.contains(*field)
        );
    }
    (seen, boundary.model_fields(now), names)
}

fn assert_no_more(narrow: &Said, wide: &Said) {
    let (less, more) = (allowed(&written(narrow)), allowed(&written(wide)));
    assert!(less.0.without(more.0).is_empty(), "{narrow:?}\n{wide:?}");
    assert!(less.1.without(more.1).is_empty(), "{narrow:?}\n{wide:?}");
    for name in less.2 {
        assert!(more.2.contains(&name), "{name}: {narrow:?}\n{wide:?}");
    }
}

#[test]
fn adding_an_exclusion_never_allows_more() {
    let mut dice = Dice(1);
    for _ in 0..300 {
        let said = a_boundary(&mut dice);
        let mut more = said.clone();
        let place = dice.roll(more.exclusions.len() + 1);
        more.exclusions.insert(place, an_exclusion(&mut dice));
        assert_no_more(&more, &said);
    }
}

#[test]
fn removing_an_allowance_never_allows_more() {
    let mut dice = Dice(2);
    for _ in 0..300 {
        let said = a_boundary(&mut dice);
        let mut less = said.clone();
        match dice.roll(4) {
            0 if !less.modules.is_empty() => _ = less.modules.remove(dice.roll(less.modules.len())),
            1 if !less.sources.is_empty() => _ = less.sources.remove(dice.roll(less.sources.len())),
            2 => less.memory = false,
            _ => less.endpoint = false,
        }
        assert_no_more(&less, &said);
    }
}

#[test]
fn lengthening_an_exclusion_never_allows_more() {
    let mut dice = Dice(3);
    for _ in 0..300 {
        let said = a_boundary(&mut dice);
        let mut longer = said.clone();
        for (_, until) in &mut longer.exclusions {
            *until = None;
        }
        assert_no_more(&longer, &said);
    }
}

#[test]
fn order_decides_nothing() {
    let mut dice = Dice(4);
    for _ in 0..300 {
        let said = a_boundary(&mut dice);
        let mut turned = said.clone();
        dice.shuffle(&mut turned.modules);
        dice.shuffle(&mut turned.sources);
        dice.shuffle(&mut turned.exclusions);
        for (deny, _) in &mut turned.exclusions {
            dice.shuffle(deny);
        }
        assert_eq!(allowed(&written(&turned)), allowed(&written(&said)));
    }
}
