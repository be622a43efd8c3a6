//! All that a batch needs from memory, recalled in two calls.

use casemate_sdk::Refusal;
use casemate_sdk::memory::Note;

use crate::digest::Digest;
use crate::says::Says;
use crate::state::{Anywhere, Group, Key, Pivot, Pointer, Subject, Variant};
use crate::table::{At, Table};

/// The notes a batch touches.
pub(crate) struct Memory {
    /// By all that an alert says.
    pub(crate) variants: Table<Variant>,
    /// By rule, subject and details.
    pub(crate) keys: Table<Key>,
    /// By subject.
    pub(crate) subjects: Table<Subject>,
    /// By rule and circumstances.
    pub(crate) rules: Table<Anywhere>,
    /// By account.
    pub(crate) users: Table<Pivot>,
    /// By hash.
    pub(crate) hashes: Table<Pivot>,
    /// By remote address.
    pub(crate) peers: Table<Pivot>,
}

/// Where the notes on one thing said are.
#[derive(Clone, Copy)]
pub(crate) struct Rows {
    /// In `variants`.
    pub(crate) variant: At<Variant>,
    /// In `keys`.
    pub(crate) key: At<Key>,
    /// In `subjects`.
    pub(crate) subject: At<Subject>,
    /// In `rules`.
    pub(crate) rule: At<Anywhere>,
    /// In `users`.
    pub(crate) user: Option<At<Pivot>>,
    /// In `hashes`.
    pub(crate) hash: Option<At<Pivot>>,
    /// In `peers`.
    pub(crate) peer: Option<At<Pivot>>,
}

impl Memory {
    /// Recalls what these things need: first their own notes, then those of the groups these name.
    ///
    /// # Errors
    /// The refusal of a call. Placing without what was remembered would forget it, so the run can't
    /// go on.
    pub(crate) fn recall(
        said: &[Says],
        mut recall: impl FnMut(&[String]) -> Result<Vec<Option<Vec<u8>>>, Refusal>,
    ) -> Result<(Self, Vec<Rows>), Refusal> {
        let mut memory = Self {
            variants: Table::new('v'),
            keys: Table::new('k'),
            subjects: Table::new('s'),
            rules: Table::new('r'),
            users: Table::new('u'),
            hashes: Table::new('h'),
            peers: Table::new('p'),
        };
        let rows = said.iter().map(|says| memory.rows(says)).collect();
        memory.fill(&mut recall)?;
        for home in memory.homes() {
            memory.variants.row(home);
        }
        memory.fill(&mut recall)?;
        Ok((memory, rows))
    }

    fn rows(&mut self, says: &Says) -> Rows {
        Rows {
            variant: self.variants.row(says.variant),
            key: self.keys.row(says.key),
            subject: self.subjects.row(says.subject),
            rule: self.rules.row(says.rule),
            user: says.user.map(|d| self.users.row(d)),
            hash: says.hash.map(|d| self.hashes.row(d)),
            peer: says.peer.map(|d| self.peers.row(d)),
        }
    }

    /// The variants whose notes hold the groups that the recalled notes name.
    fn homes(&self) -> Vec<Digest> {
        let last = self.variants.values().filter_map(|v| v.last);
        let recent = self.keys.values().flat_map(|k| k.recent.iter().copied());
        let families = self
            .subjects
            .values()
            .flat_map(|s| s.families.iter().map(|f| f.group));
        let any = self.subjects.values().filter_map(|s| s.any);
        let rules = self.rules.values().filter_map(|r| r.group);
        last.chain(recent)
            .chain(families)
            .chain(any)
            .chain(rules)
            .map(|p| p.home)
            .collect()
    }

    fn fill(
        &mut self,
        recall: &mut impl FnMut(&[String]) -> Result<Vec<Option<Vec<u8>>>, Refusal>,
    ) -> Result<(), Refusal> {
        let mut keys = Vec::new();
        self.variants.ask(&mut keys);
        self.keys.ask(&mut keys);
        self.subjects.ask(&mut keys);
        self.rules.ask(&mut keys);
        self.users.ask(&mut keys);
        self.hashes.ask(&mut keys);
        self.peers.ask(&mut keys);
        if keys.is_empty() {
            return Ok(());
        }
        let mut notes = recall(&keys)?.into_iter();
        self.variants.answered(&mut notes);
        self.keys.answered(&mut notes);
        self.subjects.answered(&mut notes);
        self.rules.answered(&mut notes);
        self.users.answered(&mut notes);
        self.hashes.answered(&mut notes);
        self.peers.answered(&mut notes);
        Ok(())
    }

    /// The group a pointer names; none where it's no longer kept, and so can't be joined.
    pub(crate) fn group(&self, pointer: &Pointer) -> Option<&Group> {
        let home = self.variants.get(self.variants.find(&pointer.home)?);
        home.groups.iter().find(|g| g.number == pointer.number)
    }

    /// What changed, as notes.
    pub(crate) fn notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        self.variants.notes(&mut notes, |v| v.touched);
        self.keys.notes(&mut notes, |k| k.touched);
        self.subjects.notes(&mut notes, |s| s.touched);
        self.rules.notes(&mut notes, |r| r.touched);
        self.users.notes(&mut notes, |p| p.touched);
        self.hashes.notes(&mut notes, |p| p.touched);
        self.peers.notes(&mut notes, |p| p.touched);
        notes
    }
}
