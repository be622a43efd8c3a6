//! The states that a machine leaves which stops.

use super::*;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Random numbers that come again with the same seed (SplitMix64).
#[derive(Clone)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }
}

/// What tells a folder and its head from another one.
pub(super) fn print(shelf: &MemoryShelf) -> u64 {
    let mut hasher = DefaultHasher::new();
    files(shelf).hash(&mut hasher);
    shelf.clone().head().unwrap().hash(&mut hasher);
    hasher.finish()
}

/// Every state that a machine leaves which stops now, where there are at most so many; else the one
/// with nothing of what is not durable, the one with all of it, the one with the last thing alone, and
/// so many by chance.
pub(super) fn each_left(
    shelf: &MemoryShelf,
    most: u64,
    dice: &mut Dice,
    mut visit: impl FnMut(MemoryShelf),
) {
    let mut choices = Vec::new();
    let last = shelf.left(&mut |of| {
        choices.push(of);
        of - 1
    });
    let none = shelf.left(&mut |_| 0);
    let bound = choices
        .iter()
        .try_fold(1_u64, |all, of| all.checked_mul(*of));
    if bound.is_some_and(|bound| bound <= most) {
        return odometer(shelf, &mut visit);
    }
    visit(none);
    visit(last);
    let mut left = choices.len();
    visit(shelf.left(&mut |of| {
        left = left.saturating_sub(1);
        if left == 0 { of - 1 } else { 0 }
    }));
    for nth in 0..most {
        // Some lose much and some little.
        let keep = [50, 10, 90, 2, 98][nth as usize % 5];
        visit(shelf.left(&mut |of| match of {
            2 => u64::from(dice.below(100) < keep),
            _ => dice.below(of),
        }));
    }
}

/// Counts through all choices; which ones there are may depend on those before.
fn odometer(shelf: &MemoryShelf, visit: &mut dyn FnMut(MemoryShelf)) {
    let mut path: Vec<(u64, u64)> = Vec::new();
    loop {
        let mut nth = 0;
        visit(shelf.left(&mut |of| {
            if nth == path.len() {
                path.push((0, of));
            }
            nth += 1;
            path[nth - 1].0
        }));
        path.truncate(nth);
        while path.last().is_some_and(|(chosen, of)| chosen + 1 == *of) {
            path.pop();
        }
        match path.last_mut() {
            None => return,
            Some((chosen, _)) => *chosen += 1,
        }
    }
}

#[test]
fn all_states_are_visited_and_each_once() {
    let mut shelf = MemoryShelf::default();
    shelf.create("a", &[1; 700]).unwrap();
    shelf.create("b", &[2; 100]).unwrap();
    let mut prints = Vec::new();
    each_left(&shelf, 100, &mut Dice(0), |left| prints.push(print(&left)));
    // Nothing; `a` with any of two sectors; beside each of these `b` with or without its one.
    assert_eq!(prints.len(), 1 + 4 + 4 * 2);
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(prints.len(), 1 + 4 + 4 * 2);
}
