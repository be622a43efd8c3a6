//! Boundaries made by chance, for the laws: what the files say, and the files of it.

use super::*;
use crate::model::{Field, FieldSet, Instant};

pub(super) const SOURCES: [&str; 5] = ["assets", "known-good", "cases", "runbooks", "feeds/x"];
pub(super) const AUDIENCES: [&str; 2] = ["counsel", "internal"];
pub(super) const ITEMS: [&str; 3] = ["severity", "affected-assets", "every-citation"];
pub(super) const PARTS: [&str; 4] = ["timeline", "assets", "gaps", "receipts"];

pub(super) fn now() -> Instant {
    Instant::parse("2026-11-23").unwrap()
}

/// SplitMix64: small, seeded, the same everywhere.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % sides as u64).unwrap()
    }

    pub(super) fn coin(&mut self) -> bool {
        self.roll(2) == 0
    }

    pub(super) fn some(&mut self, from: &[&'static str]) -> Vec<&'static str> {
        let mut picked: Vec<_> = from.iter().copied().filter(|_| self.coin()).collect();
        self.shuffle(&mut picked);
        picked
    }

    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            let j = self.roll(i + 1);
            list.swap(i, j);
        }
    }

    /// Takes one out; whether there was one.
    pub(super) fn lose(&mut self, list: &mut Vec<&'static str>) {
        if !list.is_empty() {
            list.remove(self.roll(list.len()));
        }
    }

    pub(super) fn days(&mut self) -> Option<u64> {
        [None, Some(30), Some(400)][self.roll(3)]
    }
}

pub(super) type Excluded = (Vec<&'static str>, Option<&'static str>);

/// What a file says, before it is written.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) modules: Vec<&'static str>,
    pub(super) model: Vec<&'static str>,
    pub(super) pseudonymise: Vec<&'static str>,
    pub(super) memory: bool,
    pub(super) endpoint: &'static str,
    pub(super) sources: Vec<&'static str>,
    pub(super) required: Vec<&'static str>,
    pub(super) packet: Vec<&'static str>,
    pub(super) downgrade: u64,
    pub(super) replay: Vec<&'static str>,
    pub(super) kept: [Option<u64>; 3],
    pub(super) exclusions: Vec<Excluded>,
}

/// What the defaults let a tenant widen.
#[derive(Clone, Debug)]
pub(super) struct Widening {
    pub(super) modules: Vec<&'static str>,
    pub(super) model: Vec<&'static str>,
    pub(super) memory: bool,
    pub(super) endpoint: bool,
    pub(super) sources: Vec<&'static str>,
    pub(super) replay: Vec<&'static str>,
    pub(super) retention: bool,
}

/// A tenant's file, and the defaults where there are any.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) own: Said,
    pub(super) defaults: Option<(Said, Widening)>,
}

pub(super) fn names() -> Vec<&'static str> {
    let groups = ["rule", "host", "user", "process", "network", "file"];
    Field::ALL.iter().map(|f| f.name()).chain(groups).collect()
}

pub(super) fn named(words: &[&str]) -> FieldSet {
    let sets = words.iter().map(|word| Field::named(word).unwrap());
    sets.fold(FieldSet::default(), FieldSet::union)
}

pub(super) fn within(fields: FieldSet) -> Vec<&'static str> {
    fields.iter().map(Field::name).collect()
}

pub(super) fn an_exclusion(dice: &mut Dice) -> Excluded {
    let mut all = names();
    all.extend(SOURCES);
    all.extend(["model", "memory"]);
    let mut deny = vec![all[dice.roll(all.len())], all[dice.roll(all.len())]];
    deny.dedup();
    let until = [None, Some("2026-11-22"), Some("2027-03-31")][dice.roll(3)];
    (deny, until)
}

pub(super) fn a_file(dice: &mut Dice) -> Said {
    let modules = dice.some(&names());
    let visible = within(named(&modules));
    Said {
        model: dice.some(&visible),
        pseudonymise: dice.some(&visible),
        modules,
        memory: dice.coin(),
        endpoint: ["none", "llm", "llm", "far"][dice.roll(4)],
        sources: dice.some(&SOURCES),
        required: dice.some(&ITEMS),
        packet: dice.some(&PARTS),
        downgrade: 1 + dice.roll(3) as u64,
        replay: dice.some(&AUDIENCES),
        kept: [dice.days(), dice.days(), dice.days()],
        exclusions: (0..dice.roll(3)).map(|_| an_exclusion(dice)).collect(),
    }
}

pub(super) fn a_widening(dice: &mut Dice, said: &Said) -> Widening {
    let modules = dice.some(&names());
    let visible = within(named(&modules).union(named(&said.modules)));
    Widening {
        model: dice.some(&visible),
        modules,
        memory: dice.coin(),
        endpoint: dice.coin(),
        sources: dice.some(&SOURCES),
        replay: dice.some(&AUDIENCES),
        retention: dice.coin(),
    }
}

pub(super) fn a_world(dice: &mut Dice) -> World {
    let own = a_file(dice);
    let defaults = (dice.roll(5) > 0).then(|| {
        let said = a_file(dice);
        let widening = a_widening(dice, &said);
        (said, widening)
    });
    World { own, defaults }
}

pub(super) fn statements(said: &Said, head: &str, review: &str) -> String {
    let Said {
        modules,
        model,
        pseudonymise,
        memory,
        endpoint,
        sources,
        required,
        packet,
        downgrade,
        replay,
        kept,
        exclusions,
    } = said;
    let mut text = format!("version = 1\nfields = 1\n{head}");
    if exclusions.is_empty() {
        text.push_str("exclusions = []\n");
    }
    text.push_str(&format!(
        "[data]\nmodules = {modules:?}\nmodel = {model:?}\npseudonymise = {pseudonymise:?}\nmemory = {memory}\n[model]\nendpoint = {endpoint:?}\nlocation = \"here\"\n[enrichment]\nsources = {sources:?}\n[review]\nrequired = {required:?}\n{review}downgrade_needs = {downgrade}\npacket_needs = {packet:?}\nreplay_bundle = {replay:?}\n[retention]\n",
    ));
    for (key, days) in ["raw_days", "derived_days", "packet_days"].iter().zip(kept) {
        if let Some(days) = days {
            text.push_str(&format!("{key} = {days}\n"));
        }
    }
    for (deny, until) in exclusions {
        text.push_str(&format!(
            "[[exclusions]]\nclause = \"c\"\ndeny = {deny:?}\n"
        ));
        if let Some(until) = until {
            text.push_str(&format!("until = {until}\n"));
        }
    }
    text
}

pub(super) fn host() -> HostNames {
    let endpoint = |name| Endpoint::new(name, "here").unwrap();
    HostNames::new(vec![endpoint("llm"), endpoint("far")])
}

pub(super) fn written_own(said: &Said) -> Boundary {
    let text = statements(said, "accountable = \"a@b\"\n", "signers = \"s\"\n");
    let roster = "version = 1\n[[people]]\nid = \"a@b\"\nname = \"A\"\nroles = [\"operator\"]\n";
    let roster = Roster::parse(roster).unwrap();
    let tenant = TenantId::parse("t").unwrap();
    Boundary::parse(&tenant, &text, &roster, &host())
        .unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

pub(super) fn written_defaults(said: &Said, widening: &Widening) -> Defaults {
    let mut text = statements(said, "", "");
    let Widening {
        modules,
        model,
        memory,
        endpoint,
        sources,
        replay,
        retention,
    } = widening;
    text.push_str(&format!(
        "[widen]\nmodules = {modules:?}\nmodel = {model:?}\nmemory = {memory}\nendpoint = {endpoint}\nsources = {sources:?}\nreplay_bundle = {replay:?}\nretention = {retention}\n"
    ));
    Defaults::parse(&text, &host()).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

pub(super) fn written(world: &World) -> Boundary {
    let defaults = world.defaults.as_ref();
    let defaults = defaults.map(|(said, widening)| Arc::new(written_defaults(said, widening)));
    written_own(&world.own).under(defaults)
}
