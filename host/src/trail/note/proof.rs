use super::checkpoint::{Checkpoint, number};
use super::key::VerifierKey;
use super::signed::{MAX_NOTE, NoteFault, SignedCheckpoint};
use crate::trail::merkle::{Hash, ProofFault, base64, verify_inclusion};

/// The first line of a proof.
pub const PROOF_HEADER: &str = "c2sp.org/tlog-proof@v1";

/// The most extra data a proof carries, in bytes.
pub const MAX_EXTRA: usize = 64 << 10;

/// The most hashes a proof has: a tree whose size fits in 64 bits is no higher.
const MAX_HASHES: usize = 64;

/// The largest proof, in bytes. Base64 makes four out of three; what is left over is for the header
/// and the hashes, 45 bytes each.
const MAX_PROOF: usize = MAX_NOTE + MAX_EXTRA.div_ceil(3) * 4 + MAX_HASHES * 45 + 128;

/// A proof that an entry is in a log, which whoever has the log's key checks without asking anybody
/// (C2SP tlog-proof).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    index: u64,
    extra: Option<Vec<u8>>,
    hashes: Vec<Hash>,
    checkpoint: SignedCheckpoint,
}

/// Why a proof is none, or proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// It is larger than any proof.
    #[error("a proof of {0} bytes is too large")]
    TooLarge(usize),
    /// It does not begin with [`PROOF_HEADER`].
    #[error("a proof begins with the line `{PROOF_HEADER}`")]
    Header,
    /// The extra data is not base64, there is none of it, or more than [`MAX_EXTRA`] bytes.
    #[error("the `extra` line holds 1 to {MAX_EXTRA} bytes in standard base64 with padding")]
    Extra,
    /// There is no index.
    #[error("a proof has a line `index` with a number below 2^64, without zeros before it")]
    Index,
    /// A line is no hash; they are counted from 1.
    #[error("hash {0} of the proof is not 32 bytes in standard base64 with padding")]
    Hash(usize),
    /// There are too many hashes.
    #[error("a proof has at most {MAX_HASHES} hashes")]
    TooManyHashes,
    /// No checkpoint stands below an empty line.
    #[error("a proof ends with an empty line and a signed checkpoint")]
    NoCheckpoint,
    /// The checkpoint is none, or is not to be believed.
    #[error(transparent)]
    Note(#[from] NoteFault),
    /// The hashes do not lead from the entry to the root.
    #[error(transparent)]
    Inclusion(#[from] ProofFault),
}

impl Proof {
    /// That the entry at this index is in the log with this checkpoint, by these hashes. The extra
    /// data is for whoever reads it and nobody vouches for it.
    ///
    /// # Errors
    /// When there is too much of something, or the extra data is empty rather than not there.
    pub fn new(
        index: u64,
        extra: Option<Vec<u8>>,
        hashes: Vec<Hash>,
        checkpoint: SignedCheckpoint,
    ) -> Result<Self, ProofError> {
        if hashes.len() > MAX_HASHES {
            return Err(ProofError::TooManyHashes);
        }
        if let Some(extra) = &extra
            && !(1..=MAX_EXTRA).contains(&extra.len())
        {
            return Err(ProofError::Extra);
        }
        Ok(Self {
            index,
            extra,
            hashes,
            checkpoint,
        })
    }

    /// Reads a proof, in the one spelling it has.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofError> {
        if bytes.len() > MAX_PROOF {
            return Err(ProofError::TooLarge(bytes.len()));
        }
        let text = str::from_utf8(bytes).map_err(|_| NoteFault::Text)?;
        let (head, note) = text.split_once("\n\n").ok_or(ProofError::NoCheckpoint)?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(PROOF_HEADER) {
            return Err(ProofError::Header);
        }
        let mut extra = None;
        if let Some(data) = lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            extra = Some(base64::read(data).ok_or(ProofError::Extra)?);
            lines.next();
        }
        let index = lines.next().and_then(|line| line.strip_prefix("index "));
        let index = index.and_then(number).ok_or(ProofError::Index)?;
        let mut hashes = Vec::new();
        for (at, line) in (1..).zip(lines) {
            if at > MAX_HASHES {
                return Err(ProofError::TooManyHashes);
            }
            hashes.push(Hash::parse(line).ok_or(ProofError::Hash(at))?);
        }
        let checkpoint = SignedCheckpoint::parse(note.as_bytes())?;
        Self::new(index, extra, hashes, checkpoint)
    }

    /// The proof as it is handed on: the content of a `.tlog-proof` file.
    pub fn text(&self) -> String {
        let mut text = format!("{PROOF_HEADER}\n");
        if let Some(extra) = &self.extra {
            text += &format!("extra {}\n", base64::write(extra));
        }
        text += &format!("index {}\n", self.index);
        for hash in &self.hashes {
            text += &format!("{hash}\n");
        }
        text + "\n" + self.checkpoint.as_str()
    }

    /// Checks that this entry, byte for byte, is in the log whose key this is, and returns the
    /// checkpoint it is under. Who cosigned that is a matter of [`super::Policy`].
    ///
    /// # Errors
    /// When it is not shown to be.
    pub fn verify(&self, entry: &[u8], log: &VerifierKey) -> Result<&Checkpoint, ProofError> {
        self.verify_leaf(&Hash::leaf(entry), log)
    }

    /// The same, for whoever has only the entry's leaf hash.
    ///
    /// # Errors
    /// When it is not shown to be.
    pub fn verify_leaf(&self, leaf: &Hash, log: &VerifierKey) -> Result<&Checkpoint, ProofError> {
        let checkpoint = self.checkpoint.verify_log(log)?;
        let (size, root) = (checkpoint.size(), checkpoint.root());
        verify_inclusion(leaf, self.index, size, &self.hashes, &root)?;
        Ok(checkpoint)
    }

    /// Where the entry is in the log, counted from 0.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The extra data, for which nobody vouches.
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// The hashes beside the entry's path, the leaf's sibling first.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// The checkpoint with its signatures.
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }
}
