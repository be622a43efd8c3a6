//! What a step changed, so that nobody has to look through a store for it.

use crate::model::{AlertNumber, Placement};
use crate::store::Delivery;
use std::collections::{BTreeMap, BTreeSet};

/// What changed in a step, by number. Everything in it is durable; [`crate::triage::Session::view`]
/// has the rest of each. It is added to, never emptied, by those who are handed it: keep it for one
/// step and drop it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changed {
    /// What each alert that was taken in was, in the order in which they were handed over.
    pub deliveries: Vec<Delivery>,
    /// Where alerts were placed, in the order in which that was done.
    pub placements: Vec<Placement>,
    /// Cases that are new, or that an alert or another case was added to. None of them is in
    /// `joined`.
    pub cases: BTreeSet<AlertNumber>,
    /// Cases that are no more, each with the case that its groups are in now.
    pub joined: BTreeMap<AlertNumber, AlertNumber>,
    /// Cases that have a draft of their present state now and had none.
    pub drafts: BTreeSet<AlertNumber>,
}

impl Changed {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// Says that a case's groups are in another case now.
    pub(super) fn join(&mut self, gone: AlertNumber, into: AlertNumber) {
        self.cases.remove(&gone);
        self.cases.insert(into);
        for case in self.joined.values_mut().filter(|case| **case == gone) {
            *case = into;
        }
        self.joined.insert(gone, into);
    }

    /// Adds what changed after it.
    pub(super) fn add(&mut self, later: Self) {
        self.deliveries.extend(later.deliveries);
        self.placements.extend(later.placements);
        for (gone, into) in later.joined {
            self.join(gone, into);
        }
        self.cases.extend(later.cases);
        self.drafts.extend(later.drafts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_that_was_joined_is_in_the_last_one_that_took_it() {
        let mut changed = Changed::default();
        changed.cases.extend([3, 5, 9]);
        changed.join(9, 5);
        let mut later = Changed::default();
        later.join(5, 3);
        later.cases.insert(12);
        changed.add(later);
        assert_eq!(changed.cases, BTreeSet::from([3, 12]));
        assert_eq!(changed.joined, BTreeMap::from([(9, 3), (5, 3)]));
        assert!(!changed.is_empty());
        assert!(Changed::default().is_empty());
    }
}
