//! What three places say of one log, and whether they agree: the trail's folder, the head that is kept
//! outside of it, and the store, which holds it sealed. Each of them follows the other in one order, so
//! what a host that stopped anywhere leaves always agrees: the store's seal is at most what the head
//! says, that at most what the checkpoint says, and that at most how far the store knew the trail when
//! it was signed. Whatever else is found was removed, put back or made by somebody else.

use super::entry::Before;
use super::frame::Origin;
use super::merkle::Hash;
use super::tiles::TileError;

/// What the store says of its trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreSays {
    /// Nothing: there is none, or no trail was ever begun with it.
    Nothing,
    /// What it holds sealed.
    Sealed(Seal),
    /// It was destroyed with all that it held: the tenant was erased.
    Destroyed,
}

/// What the store holds of its trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Seal {
    /// The last checkpoint whose head was written.
    pub signed: Before,
    /// The number behind the last entry that the store knows. Nothing behind it is signed.
    pub through: u64,
}

/// Where something is known of a log, outside of its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// In the head, `heads/TENANT` of the home.
    Head,
    /// In the store, sealed.
    Store,
}

impl std::fmt::Display for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Head => "the head of the trail",
            Self::Store => "the store",
        })
    }
}

/// How trail, head and store do not agree.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Apart {
    /// There is no trail, and there was one.
    #[error("the trail is not there, and {by} knows a checkpoint of `{}` over {} entries", .known.log.name(), .known.size)]
    NoTrail {
        /// What is known of it.
        known: Before,
        /// By whom.
        by: Witness,
    },
    /// The journal is gone, and there was one.
    #[error("the trail is damaged: its journal is not there")]
    NoJournal,
    /// The trail has no checkpoint, and there was one.
    #[error("the trail has no checkpoint, and {by} knows one over {} entries", .known.size)]
    NoCheckpoint {
        /// What is known of it.
        known: Before,
        /// By whom.
        by: Witness,
    },
    /// The trail has entries, and nothing of it was ever signed.
    #[error(
        "the trail has {entries} entries and no checkpoint, which the host signs before the first of them"
    )]
    NeverSigned {
        /// How many it has.
        entries: u64,
    },
    /// The head is gone.
    #[error(
        "the head of the trail, `heads/TENANT` of the home, is not there, and the trail has one over {size} entries"
    )]
    NoHead {
        /// What the checkpoint in the folder is over.
        size: u64,
    },
    /// The store is gone, or another one is there.
    #[error(
        "the store is not there, or holds nothing of this trail of {entries} entries: put it back, or begin anew after it with `casemate trail go-on`"
    )]
    NoStore {
        /// How many entries the trail has.
        entries: u64,
    },
    /// The store is older than the trail.
    #[error(
        "the store was put back to an earlier state: it knows the trail up to entry {through}, and {signed} entries are signed; put the later one back, or go on without it with `casemate trail go-on`"
    )]
    StoreOld {
        /// The number behind the last entry that it knows.
        through: u64,
        /// The number behind the last entry that is signed.
        signed: u64,
    },
    /// The head is older than what the store holds.
    #[error(
        "the head of the trail was put back to an earlier state: it is over {found} entries, and the store knows one over {known}"
    )]
    HeadOld {
        /// What the store knows.
        known: u64,
        /// What the head says.
        found: u64,
    },
    /// The trail is older than what is known of it.
    #[error(
        "the trail was put back to an earlier state: it has {found} signed entries, and {by} knows {known}; `casemate trail go-on` begins a new log that names the last one known"
    )]
    RolledBack {
        /// Entries that are known to have been signed.
        known: u64,
        /// Entries the folder's checkpoint covers.
        found: u64,
        /// By whom.
        by: Witness,
    },
    /// The folder holds another history than the one that was signed.
    #[error(
        "the trail is not the one that was signed: its first {size} entries hash to another root than {by} knows; keep both and compare them with a checkpoint that somebody else has"
    )]
    Forked {
        /// The size of the checkpoint it contradicts.
        size: u64,
        /// By whom.
        by: Witness,
    },
    /// The folder holds a log that does not follow from the one that is known.
    #[error(
        "the trail is log `{}`, which does not name the last checkpoint of `{}`, the log that {by} knows", .found.name(), .known.name()
    )]
    Stranger {
        /// The log that is known.
        known: Origin,
        /// The log that is there.
        found: Origin,
        /// By whom.
        by: Witness,
    },
    /// A tile that the comparison needs is bad.
    #[error("the trail is damaged: {0}")]
    Tile(#[from] TileError),
}

/// What a log in its folder says of itself, found sound before.
pub(super) struct LogSays<'a> {
    pub(super) log: Origin,
    /// The last checkpoint; none where none was signed.
    pub(super) checkpoint: Option<Before>,
    /// The number of its first entry.
    pub(super) base: u64,
    /// How many entries it has, signed or not.
    pub(super) entries: u64,
    /// How many of the first of them say only what it goes on after.
    pub(super) begun: u64,
    /// The log that it says that it goes on after.
    pub(super) after: Option<Before>,
    /// Its root when it had a size.
    pub(super) root_at: &'a mut dyn FnMut(u64) -> Result<Hash, TileError>,
}

/// Compares them. A log that no store goes with is held against its head alone.
pub(super) fn compare(
    log: Option<LogSays<'_>>,
    head: Option<Before>,
    store: Option<StoreSays>,
) -> Result<(), Apart> {
    let sealed = match store {
        Some(StoreSays::Sealed(seal)) => Some(seal),
        Some(StoreSays::Nothing | StoreSays::Destroyed) | None => None,
    };
    let by_head = head.map(|known| (known, Witness::Head));
    let known = by_head.or(sealed.map(|seal| (seal.signed, Witness::Store)));
    let Some(mut log) = log else {
        return known.map_or(Ok(()), |(known, by)| Err(Apart::NoTrail { known, by }));
    };
    let Some(signed) = log.checkpoint else {
        return match (known, store) {
            // It was being begun after another one when the host stopped. With a store, somebody has to
            // say again that it is to go on.
            (Some((known, _)), None)
                if known.log != log.log && (log.entries == 0 || log.after == Some(known)) =>
            {
                Ok(())
            }
            (Some((known, by)), _) => Err(Apart::NoCheckpoint { known, by }),
            (None, Some(_)) if log.entries > 0 => Err(Apart::NeverSigned {
                entries: log.entries,
            }),
            (None, Some(_) | None) => Ok(()),
        };
    };
    // It was being begun when the host stopped: the checkpoint is signed before the first entry.
    let is_new = signed.size == 0 && log.entries == 0;
    match head {
        Some(head) => log.follows(head, signed, Witness::Head)?,
        None if store.is_none() || is_new => {}
        None => return Err(Apart::NoHead { size: signed.size }),
    }
    match store {
        None | Some(StoreSays::Destroyed) => Ok(()),
        Some(StoreSays::Nothing) if is_new => Ok(()),
        Some(StoreSays::Nothing) => Err(Apart::NoStore {
            entries: log.entries,
        }),
        Some(StoreSays::Sealed(seal)) => log.sealed(seal, head, signed),
    }
}

impl LogSays<'_> {
    fn sealed(&mut self, seal: Seal, head: Option<Before>, signed: Before) -> Result<(), Apart> {
        self.follows(seal.signed, signed, Witness::Store)?;
        let known = seal.signed;
        if let Some(head) = head {
            let is_old = match head.log == known.log {
                true => head.size < known.size,
                false => head.log != self.log,
            };
            if is_old {
                let (known, found) = (known.size, head.size);
                return Err(Apart::HeadOld { known, found });
            }
        }
        let through = self.base + signed.size;
        // A log that has just gone on after another is signed before the store says so.
        let is_begun = known.log != self.log && self.entries <= self.begun;
        if seal.through < through && !is_begun {
            return Err(Apart::StoreOld {
                through: seal.through,
                signed: through,
            });
        }
        Ok(())
    }

    /// That the log follows from a checkpoint that is known.
    fn follows(&mut self, known: Before, signed: Before, by: Witness) -> Result<(), Apart> {
        if known.log != self.log {
            let is_named = self.after.is_some_and(|after| {
                after.log == known.log
                    && (after.size > known.size && by == Witness::Store || after == known)
            });
            return match is_named {
                true => Ok(()),
                false => Err(Apart::Stranger {
                    known: known.log,
                    found: self.log,
                    by,
                }),
            };
        }
        if known.size > signed.size {
            return Err(Apart::RolledBack {
                known: known.size,
                found: signed.size,
                by,
            });
        }
        match (self.root_at)(known.size)? == known.root {
            true => Ok(()),
            false => Err(Apart::Forked {
                size: known.size,
                by,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: Origin = Origin::from_bytes([1; 16]);
    const NEXT: Origin = Origin::from_bytes([2; 16]);

    fn root(size: u64) -> Hash {
        Hash::leaf(&size.to_le_bytes())
    }

    fn at(log: Origin, size: u64) -> Before {
        let root = root(size);
        Before { log, size, root }
    }

    fn seal(log: Origin, size: u64, through: u64) -> StoreSays {
        let signed = at(log, size);
        StoreSays::Sealed(Seal { signed, through })
    }

    /// Of a log that is signed over so many entries, with so many in all.
    fn of(
        log: Origin,
        signed: Option<u64>,
        entries: u64,
        head: Option<Before>,
        store: StoreSays,
    ) -> String {
        let after = (log == NEXT).then(|| at(LOG, 9));
        let says = LogSays {
            log,
            checkpoint: signed.map(|size| at(log, size)),
            base: if log == NEXT { 9 } else { 0 },
            entries,
            begun: 1,
            after,
            root_at: &mut |size| Ok(root(size)),
        };
        match compare(Some(says), head, Some(store)) {
            Ok(()) => "agree".to_owned(),
            Err(apart) => format!("{apart:?}")
                .split([' ', '('])
                .next()
                .unwrap_or_default()
                .to_owned(),
        }
    }

    #[test]
    fn whatever_a_host_that_stops_leaves_agrees() {
        let head = |size| Some(at(LOG, size));
        let nothing = StoreSays::Nothing;
        // It begins: journal, checkpoint, head, store.
        assert_eq!(of(LOG, None, 0, None, nothing), "agree");
        assert_eq!(of(LOG, Some(0), 0, None, nothing), "agree");
        assert_eq!(of(LOG, Some(0), 0, head(0), nothing), "agree");
        assert_eq!(of(LOG, Some(0), 0, head(0), seal(LOG, 0, 0)), "agree");
        // It works: entries, the store through them, checkpoint, head, the store again.
        assert_eq!(of(LOG, Some(0), 9, head(0), seal(LOG, 0, 0)), "agree");
        assert_eq!(of(LOG, Some(0), 9, head(0), seal(LOG, 0, 9)), "agree");
        assert_eq!(of(LOG, Some(9), 9, head(0), seal(LOG, 0, 9)), "agree");
        assert_eq!(of(LOG, Some(9), 9, head(9), seal(LOG, 0, 9)), "agree");
        assert_eq!(of(LOG, Some(9), 9, head(9), seal(LOG, 9, 9)), "agree");
        // Another log goes on after it.
        assert_eq!(of(NEXT, Some(1), 1, head(9), seal(LOG, 9, 9)), "agree");
        assert_eq!(
            of(NEXT, Some(1), 1, Some(at(NEXT, 1)), seal(LOG, 9, 9)),
            "agree"
        );
        assert_eq!(
            of(NEXT, Some(1), 1, Some(at(NEXT, 1)), seal(NEXT, 1, 10)),
            "agree"
        );
    }

    #[test]
    fn whatever_is_missing_or_older_than_the_others_is_named() {
        let (head, whole) = (|size| Some(at(LOG, size)), seal(LOG, 9, 9));
        let nothing = StoreSays::Nothing;
        let gone = compare(None, head(9), Some(nothing)).unwrap_err();
        assert!(matches!(
            gone,
            Apart::NoTrail {
                by: Witness::Head,
                ..
            }
        ));
        let gone = compare(None, None, Some(whole)).unwrap_err();
        assert!(matches!(
            gone,
            Apart::NoTrail {
                by: Witness::Store,
                ..
            }
        ));
        assert!(compare(None, None, Some(nothing)).is_ok());
        assert_eq!(of(LOG, None, 9, head(9), whole), "NoCheckpoint");
        assert_eq!(of(LOG, None, 9, None, whole), "NoCheckpoint");
        assert_eq!(of(LOG, None, 9, None, nothing), "NeverSigned");
        assert_eq!(of(LOG, Some(9), 9, None, whole), "NoHead");
        assert_eq!(of(LOG, Some(9), 9, head(9), nothing), "NoStore");
        assert_eq!(of(LOG, Some(0), 1, head(0), nothing), "NoStore");
        assert_eq!(of(LOG, Some(9), 9, head(5), whole), "HeadOld");
        assert_eq!(of(LOG, Some(5), 5, head(5), whole), "RolledBack");
        assert_eq!(of(LOG, Some(5), 9, head(9), whole), "RolledBack");
        assert_eq!(of(LOG, Some(9), 9, head(9), seal(LOG, 5, 8)), "StoreOld");
        assert_eq!(
            of(
                NEXT,
                Some(1),
                1,
                Some(at(NEXT, 1)),
                seal(Origin::from_bytes([3; 16]), 9, 9)
            ),
            "Stranger"
        );
        assert_eq!(of(NEXT, Some(4), 4, Some(at(NEXT, 4)), whole), "StoreOld");
        assert_eq!(of(NEXT, Some(4), 4, head(9), seal(NEXT, 4, 13)), "HeadOld");
        let forged = Before {
            root: root(1),
            ..at(LOG, 9)
        };
        assert_eq!(of(LOG, Some(9), 9, Some(forged), whole), "Forked");
    }
}
