//! What a log in its folder says of itself, compared with its head and its store.

use super::entry::{Before, Entry};
use super::frame::Origin;
use super::note::Checkpoint;
use super::read::Entries;
use super::shelf::Files;
use super::standing::{Apart, LogSays, StoreSays, compare};
use super::tiles::Tiles;

/// Compares a log that was found sound with its head and with what the store says. Of the log: its
/// checkpoint, and how many entries it has.
pub(crate) fn stands(
    files: &mut dyn Files,
    log: Origin,
    (signed, entries): (Option<&Checkpoint>, u64),
    head: Option<&Checkpoint>,
    store: Option<StoreSays>,
) -> Result<(), Apart> {
    let size = signed.map_or(0, Checkpoint::size);
    let mut found = Entries::new(&mut *files).into_iter().flatten();
    let first = found.next().and_then(Result::ok);
    // What a log begins with that goes on after another one.
    let begins = |entry: &Entry| matches!(entry, Entry::Restore(_) | Entry::Recovery(_));
    let more = found.map_while(|found| found.ok().filter(|it| begins(&it.stamped.entry)));
    let begun = 1 + more.count() as u64;
    let base = first.as_ref().map_or(0, |first| first.stamped.seq);
    let after = first.and_then(|first| first.stamped.entry.before());
    let mut tiles = Tiles::of(files, size);
    let says = LogSays {
        log,
        checkpoint: signed.and_then(before),
        base,
        entries,
        begun,
        after,
        root_at: &mut |size| tiles.root_at(size),
    };
    compare(Some(says), head.and_then(before), store)
}

/// Compares a head and what the store says where there is no trail.
pub(crate) fn stands_without(head: Option<&Checkpoint>, store: StoreSays) -> Result<(), Apart> {
    compare(None, head.and_then(before), Some(store))
}

/// What a checkpoint says; none where it is of no log of ours.
pub(crate) fn before(checkpoint: &Checkpoint) -> Option<Before> {
    Some(Before {
        log: Origin::of_name(checkpoint.origin())?,
        size: checkpoint.size(),
        root: checkpoint.root(),
    })
}
