//! What must hold for every boundary, tried on many: a tenant's own file alone, and under defaults that
//! may let it widen.

use super::naive::{self, Allowed};
use super::worlds::*;
use super::*;
use crate::model::{Field, RetentionClass};

/// What a boundary decides.
fn allowed(boundary: &Boundary) -> Allowed {
    let now = now();
    let seen = boundary.visible_fields(now);
    let (values, tokens) = (boundary.model_fields(now), boundary.model_tokens(now));
    for field in Field::ALL {
        let withheld = boundary.withheld(*field, now);
        assert_eq!(withheld.is_none(), seen.contains(*field));
        let sees = match (values.contains(*field), tokens.contains(*field)) {
            (true, _) => ModelSees::Value,
            (false, true) => ModelSees::Token,
            (false, false) => ModelSees::Nothing,
        };
        assert_eq!(boundary.model_sees(*field, now), sees);
    }
    let sources = SOURCES.into_iter().filter(|name| {
        let source = EnrichmentSource::parse(name).unwrap();
        boundary.rules_on_source(&source, now).allowed
    });
    let mut names: Vec<String> = sources.map(str::to_owned).collect();
    if boundary
        .allows(crate::model::Capability::Memory, now)
        .is_ok()
    {
        names.push("memory".to_owned());
    }
    if boundary.rules_on_model(now).allowed {
        names.push(format!("model at {}", boundary.endpoint().unwrap()));
    }
    let review = boundary.review();
    names.extend(review.replay_bundle().map(|a| format!("replay for {a}")));
    let not_asked = ReviewItem::ALL
        .iter()
        .filter(|i| !review.required().any(|r| r == **i));
    names.extend(not_asked.map(|item| format!("no review of {item}")));
    let not_needed = PacketPart::ALL
        .iter()
        .filter(|p| !review.packet_needs().any(|n| n == **p));
    names.extend(not_needed.map(|part| format!("no {part} in a packet")));
    let kept = RetentionClass::ALL
        .iter()
        .map(|class| boundary.retention().days(*class));
    names.sort();
    Allowed {
        seen,
        values,
        tokens,
        names,
        downgrade: review.downgrade_needs().into(),
        kept: kept.map(|days| days.unwrap_or(u64::MAX)).collect(),
    }
}

fn assert_no_more(narrow: &World, wide: &World) {
    let (less, more) = (allowed(&written(narrow)), allowed(&written(wide)));
    assert!(
        less.is_within(&more),
        "{narrow:?}\n{less:?}\n\n{wide:?}\n{more:?}"
    );
    // What is told of the step says the same.
    let told = Difference::between(Some(&written(wide)), &written(narrow), now());
    let at_once = told.more.iter().filter(|changed| changed.from.is_none());
    assert_eq!(at_once.count(), 0, "{told}");
}

/// One of the files, by chance.
fn a_side<'w>(dice: &mut Dice, world: &'w mut World) -> &'w mut Said {
    match &mut world.defaults {
        Some((said, _)) if dice.coin() => said,
        _ => &mut world.own,
    }
}

/// Keeps a file free of contradictions after something was taken out of it.
fn mend(world: &mut World) {
    for said in [
        Some(&mut world.own),
        world.defaults.as_mut().map(|(said, _)| said),
    ]
    .into_iter()
    .flatten()
    {
        let seen = named(&said.modules);
        said.model.retain(|f| named(&[f]).without(seen).is_empty());
        said.pseudonymise
            .retain(|f| named(&[f]).without(seen).is_empty());
    }
    if let Some((said, widening)) = &mut world.defaults {
        let seen = named(&said.modules).union(named(&widening.modules));
        widening
            .model
            .retain(|f| named(&[f]).without(seen).is_empty());
    }
}

#[test]
fn what_is_allowed_is_what_a_second_reading_of_the_rules_allows() {
    let mut dice = Dice(11);
    for _ in 0..3_000 {
        let world = a_world(&mut dice);
        assert_eq!(
            allowed(&written(&world)),
            naive::allowed(&world),
            "{world:?}"
        );
    }
}

#[test]
fn adding_an_exclusion_never_allows_more() {
    let mut dice = Dice(1);
    for _ in 0..500 {
        let world = a_world(&mut dice);
        let mut more = world.clone();
        let exclusion = an_exclusion(&mut dice);
        let list = &mut a_side(&mut dice, &mut more).exclusions;
        let place = dice.roll(list.len() + 1);
        list.insert(place, exclusion);
        assert_no_more(&more, &world);
    }
}

#[test]
fn removing_an_allowance_never_allows_more() {
    let mut dice = Dice(2);
    for _ in 0..1_500 {
        let world = a_world(&mut dice);
        let mut less = world.clone();
        let said = a_side(&mut dice, &mut less);
        match dice.roll(8) {
            0 => dice.lose(&mut said.modules),
            1 => dice.lose(&mut said.sources),
            2 => said.memory = false,
            3 => said.endpoint = "none",
            4 => dice.lose(&mut said.model),
            5 => dice.lose(&mut said.replay),
            // A token where there was the value is less, as nothing is where there was a token.
            6 => {
                let shown: Vec<_> = said.model.iter().copied().collect();
                said.pseudonymise.extend(shown);
                said.pseudonymise.sort();
                said.pseudonymise.dedup();
            }
            _ => {
                let model = said.model.clone();
                said.pseudonymise.retain(|field| model.contains(field));
            }
        }
        mend(&mut less);
        assert_no_more(&less, &world);
    }
}

#[test]
fn letting_tenants_widen_less_never_allows_more() {
    let mut dice = Dice(5);
    for _ in 0..1_500 {
        let world = a_world(&mut dice);
        let mut less = world.clone();
        let Some((_, widening)) = &mut less.defaults else {
            continue;
        };
        match dice.roll(7) {
            0 => dice.lose(&mut widening.modules),
            1 => dice.lose(&mut widening.model),
            2 => dice.lose(&mut widening.sources),
            3 => dice.lose(&mut widening.replay),
            4 => widening.memory = false,
            5 => widening.endpoint = false,
            _ => widening.retention = false,
        }
        mend(&mut less);
        assert_no_more(&less, &world);
    }
}

#[test]
fn adding_a_demand_never_allows_more() {
    let mut dice = Dice(6);
    for _ in 0..800 {
        let world = a_world(&mut dice);
        let mut more = world.clone();
        let said = a_side(&mut dice, &mut more);
        match dice.roll(4) {
            0 => said.required = ITEMS.to_vec(),
            1 => said.packet = PARTS.to_vec(),
            2 => said.downgrade += 1,
            _ => {
                // What is stated already and for longer. Under `widen` a new statement may be one for
                // longer than the defaults'.
                for days in said.kept.iter_mut().flatten() {
                    *days = (*days).min(7);
                }
            }
        }
        assert_no_more(&more, &world);
    }
}

#[test]
fn defaults_never_allow_more_than_the_tenants_own_file() {
    let mut dice = Dice(7);
    for _ in 0..800 {
        let world = a_world(&mut dice);
        let alone = World {
            own: world.own.clone(),
            defaults: None,
        };
        assert_no_more(&world, &alone);
    }
}

#[test]
fn without_defaults_the_tenants_own_file_is_all() {
    let mut dice = Dice(8);
    for _ in 0..200 {
        let own = written_own(&a_file(&mut dice));
        let under = own.clone().under(None);
        assert_eq!(allowed(&under), allowed(&own));
        assert_eq!(under.digest(), Digest::of(own.text().as_bytes()));
        assert!(under.ineffective().is_empty());
    }
}

#[test]
fn what_has_no_effect_is_told_and_nothing_else() {
    let mut dice = Dice(9);
    for _ in 0..500 {
        let mut world = a_world(&mut dice);
        world.own.exclusions.clear();
        if let Some((said, _)) = &mut world.defaults {
            said.exclusions.clear();
        }
        let mut alone = world.clone();
        alone.defaults = None;
        let (under, own) = (allowed(&written(&world)), allowed(&written(&alone)));
        let mut told = written(&world).ineffective();
        // Two demands that are met by either file take nothing from what the tenant's names.
        let demands = |name: &String| !name.starts_with("no ");
        let lost = own
            .names
            .iter()
            .filter(|n| demands(n))
            .any(|n| !under.names.contains(n))
            || under.seen != own.seen
            || own.downgrade < under.downgrade
            || own
                .kept
                .iter()
                .zip(&under.kept)
                .any(|(o, u)| u < o && *o != u64::MAX);
        // Lists for a model have no effect anyway where none is reached.
        if own.values.is_empty() && own.tokens.is_empty() {
            told.retain(|note| !note.what.starts_with("a model "));
        }
        let lost = lost || under.values != own.values || under.tokens != own.tokens;
        assert_eq!(!told.is_empty(), lost, "{told:?}\n{world:?}");
    }
}

#[test]
fn lengthening_an_exclusion_never_allows_more() {
    let mut dice = Dice(3);
    for _ in 0..300 {
        let world = a_world(&mut dice);
        let mut longer = world.clone();
        for (_, until) in &mut a_side(&mut dice, &mut longer).exclusions {
            *until = None;
        }
        assert_no_more(&longer, &world);
    }
}

#[test]
fn order_decides_nothing() {
    let mut dice = Dice(4);
    for _ in 0..300 {
        let world = a_world(&mut dice);
        let mut turned = world.clone();
        for said in [
            Some(&mut turned.own),
            turned.defaults.as_mut().map(|(said, _)| said),
        ]
        .into_iter()
        .flatten()
        {
            dice.shuffle(&mut said.modules);
            dice.shuffle(&mut said.model);
            dice.shuffle(&mut said.pseudonymise);
            dice.shuffle(&mut said.sources);
            dice.shuffle(&mut said.exclusions);
            for (deny, _) in &mut said.exclusions {
                dice.shuffle(deny);
            }
        }
        let (turned, world) = (written(&turned), written(&world));
        assert_eq!(allowed(&turned), allowed(&world));
        let told = Difference::between(Some(&world), &turned, now());
        assert!(told.is_nothing(), "{told}");
    }
}
