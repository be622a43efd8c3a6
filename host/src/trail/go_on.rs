//! What a log leaves that cannot be continued, for the one that goes on after it.

use super::disk::{CHECKPOINT, CheckpointKey};
use super::entry::Before;
use super::frame::{HEADER, Header, Origin};
use super::head::Head;
use super::journal::{Framing, JOURNAL};
use super::note::{SignError, SignedCheckpoint};
use super::open_error::OpenError;
use super::shelf::Shelf;

/// The last that is known of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastKnown {
    /// Its last checkpoint that the tenant's key signed, in the folder or outside.
    pub before: Option<Before>,
    /// A number that no entry of it has that is known.
    pub next: u64,
}

/// Looks for the last that is known of the log in a folder, and outside of it. Nothing is checked but
/// signatures: the log may be damaged, put back to an earlier state, or gone.
///
/// # Errors
/// When the disk cannot be read, or the key not be used.
pub fn last_known(shelf: &mut dyn Shelf, key: &dyn CheckpointKey) -> Result<LastKnown, OpenError> {
    let head = shelf.head()?.and_then(|bytes| Head::read(&bytes));
    let mut next = head.as_ref().map_or(0, |head| head.books.next());
    let mut base = 0;
    if let Some(journal) = shelf.read(JOURNAL)?
        && let Ok(header) = Header::read(&journal)
    {
        let frames = Framing::new(&journal, HEADER).count() as u64;
        base = header.base;
        next = next.max(base + header.first + frames);
    }
    let note = shelf.read(CHECKPOINT)?;
    let note = note.and_then(|bytes| SignedCheckpoint::parse(&bytes).ok());
    if let Some(note) = &note {
        next = next.max(base.saturating_add(note.unverified().size()));
    }
    let mut before: Option<Before> = None;
    // What is known outside decides which log it is.
    for signed in [head.map(|head| head.checkpoint), note]
        .into_iter()
        .flatten()
    {
        let Some(found) = signed_by(&signed, key)? else {
            continue;
        };
        let is_later = |before: Before| before.log == found.log && before.size < found.size;
        if before.is_none_or(is_later) {
            before = Some(found);
        }
    }
    Ok(LastKnown { before, next })
}

fn signed_by(
    signed: &SignedCheckpoint,
    key: &dyn CheckpointKey,
) -> Result<Option<Before>, SignError> {
    let checkpoint = signed.unverified();
    let Some(log) = Origin::of_name(checkpoint.origin()) else {
        return Ok(None);
    };
    let signer = key.signer(checkpoint.origin())?;
    let is_ours = signed.verify(signer.key()).is_ok();
    Ok(is_ours.then_some(Before {
        log,
        size: checkpoint.size(),
        root: checkpoint.root(),
    }))
}
