use super::checkpoint::number;
use super::cosignature::Cosignature;
use super::key::VerifierKey;
use super::line::SignatureLine;
use super::signed::{MAX_NOTE, NoteFault, SignedCheckpoint, note_text, signature_lines};
use crate::trail::merkle::{Hash, ProofFault, verify_consistency};

/// The most hashes in a request to a witness.
pub const MAX_CONSISTENCY: usize = 63;

/// The `Content-Type` with which a witness answers `409 Conflict`; the body is read by
/// [`size_read`].
pub const SIZE_TYPE: &str = "text/x.tlog.size";

/// The largest request, in bytes: the size, the hashes, 45 bytes each, and the note.
const MAX_REQUEST: usize = 32 + MAX_CONSISTENCY * 45 + MAX_NOTE;

/// What is sent to a witness for it to cosign: the body of `add-checkpoint` (C2SP tlog-witness).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    old: u64,
    consistency: Vec<Hash>,
    checkpoint: SignedCheckpoint,
}

/// Why a request is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddFault {
    /// It is larger than any request.
    #[error("a request of {0} bytes is too large")]
    TooLarge(usize),
    /// The old size is not one.
    #[error(
        "a request begins with the line `old` with a number below 2^64, without zeros before it"
    )]
    Old,
    /// The old size is above that of the checkpoint.
    #[error("the old size, {old}, is above the checkpoint's, {new}")]
    Backwards {
        /// The old size.
        old: u64,
        /// The checkpoint's.
        new: u64,
    },
    /// A line is no hash; they are counted from 1.
    #[error("hash {0} of the proof is not 32 bytes in standard base64 with padding")]
    Hash(usize),
    /// There are too many hashes.
    #[error("a proof of consistency has at most {MAX_CONSISTENCY} hashes here")]
    TooManyHashes,
    /// No checkpoint stands below an empty line.
    #[error("a request ends with an empty line and a signed checkpoint")]
    NoCheckpoint,
    /// The checkpoint is none.
    #[error(transparent)]
    Note(#[from] NoteFault),
}

impl AddCheckpoint {
    /// For a witness that cosigned this log last at `old` entries, or never where that is 0. Whether
    /// the proof is sound is not looked at.
    ///
    /// # Errors
    /// When `old` is above the checkpoint's size or there are more than [`MAX_CONSISTENCY`] hashes.
    pub fn new(
        old: u64,
        consistency: Vec<Hash>,
        checkpoint: SignedCheckpoint,
    ) -> Result<Self, AddFault> {
        let new = checkpoint.unverified().size();
        if old > new {
            return Err(AddFault::Backwards { old, new });
        }
        if consistency.len() > MAX_CONSISTENCY {
            return Err(AddFault::TooManyHashes);
        }
        Ok(Self {
            old,
            consistency,
            checkpoint,
        })
    }

    /// Reads the body of a request, in the one spelling it has.
    ///
    /// # Errors
    /// Says what is wrong; a witness answers it with `400 Bad Request`.
    pub fn parse(body: &[u8]) -> Result<Self, AddFault> {
        if body.len() > MAX_REQUEST {
            return Err(AddFault::TooLarge(body.len()));
        }
        let text = str::from_utf8(body).map_err(|_| NoteFault::Text)?;
        let (head, note) = text.split_once("\n\n").ok_or(AddFault::NoCheckpoint)?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old "));
        let old = old.and_then(number).ok_or(AddFault::Old)?;
        let mut consistency = Vec::new();
        for (at, line) in (1..).zip(lines) {
            if at > MAX_CONSISTENCY {
                return Err(AddFault::TooManyHashes);
            }
            consistency.push(Hash::parse(line).ok_or(AddFault::Hash(at))?);
        }
        Self::new(old, consistency, SignedCheckpoint::parse(note.as_bytes())?)
    }

    /// The body of the request.
    pub fn text(&self) -> String {
        let mut text = format!("old {}\n", self.old);
        for hash in &self.consistency {
            text += &format!("{hash}\n");
        }
        text + "\n" + self.checkpoint.as_str()
    }

    /// Checks that the log went on from the root it had at the old size. Who signed the checkpoint is
    /// not looked at.
    ///
    /// # Errors
    /// When that is not shown; a witness answers it with `422 Unprocessable Entity`.
    pub fn verify_consistency(&self, old_root: &Hash) -> Result<(), ProofFault> {
        let new = self.checkpoint.unverified();
        verify_consistency(
            self.old,
            old_root,
            new.size(),
            &new.root(),
            &self.consistency,
        )
    }

    /// How many entries the log had when the witness last cosigned it; 0 if it never did.
    pub const fn old(&self) -> u64 {
        self.old
    }

    /// The proof that the log went on from there.
    pub fn consistency(&self) -> &[Hash] {
        &self.consistency
    }

    /// The checkpoint to cosign.
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }
}

impl SignedCheckpoint {
    /// The note with the cosignatures out of a witness's answer that are by these keys. Those by
    /// other keys are passed over, and so are those of a witness that stands in the note already.
    ///
    /// # Errors
    /// When the answer is no list of signatures, none is by these keys, or one that is said to be by
    /// them is not sound.
    pub fn with_answer(&self, body: &[u8], witnesses: &[VerifierKey]) -> Result<Self, NoteFault> {
        let lines = cosignatures_read(body)?;
        let (mut note, mut found) = (self.clone(), false);
        for line in lines {
            let Some(key) = witnesses.iter().find(|key| line.is_by(key)) else {
                continue;
            };
            let cosignature = Cosignature::from_line(&line)
                .ok_or_else(|| NoteFault::Signature(key.name().to_owned()))?;
            cosignature.verify(self.unverified(), key)?;
            found = true;
            if !note.signatures().iter().any(|other| other.same_key(&line)) {
                note = note.with_signature(line)?;
            }
        }
        if !found {
            let names: Vec<_> = witnesses.iter().map(VerifierKey::name).collect();
            return Err(NoteFault::Missing(names.join(", ")));
        }
        Ok(note)
    }
}

/// Reads a witness's answer to `add-checkpoint`: one or more signature lines. Nothing about them is
/// known to be true.
///
/// # Errors
/// Says what is wrong.
pub fn cosignatures_read(body: &[u8]) -> Result<Vec<SignatureLine>, NoteFault> {
    signature_lines(note_text(body)?)
}

/// A witness's answer to `add-checkpoint`.
pub fn cosignatures_write(cosignatures: &[Cosignature]) -> String {
    let lines = cosignatures.iter().map(|c| format!("{}\n", c.to_line()));
    lines.collect()
}

/// Reads what a witness answers where the old size is not the one it cosigned last: that size.
pub fn size_read(body: &[u8]) -> Option<u64> {
    number(str::from_utf8(body).ok()?.strip_suffix('\n')?)
}

/// What a witness answers where the old size is not the one it cosigned last.
pub fn size_write(size: u64) -> String {
    format!("{size}\n")
}
