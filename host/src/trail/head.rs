//! What is kept of a trail outside its folder: the last checkpoint that was signed, and where the
//! books stood. So that a folder which was put back whole is recognised, and opening need not read
//! everything.

use super::ledger::Ledger;
use super::note::SignedCheckpoint;

/// Between the note and the books.
const BETWEEN: &[u8] = b"\n\nbooks ";

/// The last checkpoint, and the books at it.
pub(super) struct Head {
    pub(super) checkpoint: SignedCheckpoint,
    pub(super) books: Ledger,
}

impl Head {
    /// Its bytes: the checkpoint's note, a line between, the books as JSON, and a digest of it all.
    pub(super) fn bytes(checkpoint: &SignedCheckpoint, books: &Ledger) -> Vec<u8> {
        let mut bytes = checkpoint.as_bytes().to_vec();
        bytes.extend_from_slice(BETWEEN);
        // Books are numbers: there is nothing in them that could not be written.
        serde_json::to_writer(&mut bytes, books).unwrap_or_default();
        let sum = crate::model::Digest::of(&bytes);
        bytes.extend_from_slice(format!("\n{sum}\n").as_bytes());
        bytes
    }

    /// Reads one; none where its bytes are not those that were written.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.strip_suffix(b"\n")?;
        let line = end.iter().rposition(|b| *b == b'\n')?;
        let (said, sum) = (end.get(..line)?, end.get(line + 1..)?);
        if crate::model::Digest::of(said).to_string().as_bytes() != sum {
            return None;
        }
        let at = said.windows(BETWEEN.len()).position(|w| w == BETWEEN)?;
        let books = said.get(at + BETWEEN.len()..)?;
        Some(Self {
            checkpoint: SignedCheckpoint::parse(said.get(..at)?).ok()?,
            books: serde_json::from_slice(books).ok()?,
        })
    }
}

/// The checkpoint in what is kept of a trail outside its folder; none where its bytes are not those
/// that were written. Whose signature it carries is for [`SignedCheckpoint::verify`].
pub fn head_checkpoint(bytes: &[u8]) -> Option<SignedCheckpoint> {
    Head::read(bytes).map(|head| head.checkpoint)
}
