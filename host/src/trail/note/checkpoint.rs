use crate::trail::merkle::Hash;

/// The longest origin, in bytes: what C2SP tlog-cosignature can sign.
pub const MAX_ORIGIN: usize = 255;

/// What a log says of itself: which it is, how many entries it has, and the root of their tree (C2SP
/// tlog-checkpoint).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
}

/// Why something is no checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointFault {
    /// It is not three lines.
    #[error("a checkpoint is an origin, a size and a root, each on a line")]
    Lines,
    /// There are extension lines, which nobody can audit.
    #[error("a checkpoint with extension lines is not accepted")]
    Extension,
    /// The origin is not one.
    #[error("an origin is 1 to {MAX_ORIGIN} bytes on one line, without control characters")]
    Origin,
    /// The size is not one.
    #[error("a size is a number below 2^64 without zeros before it")]
    Size,
    /// The root is not one.
    #[error("a root is 32 bytes in standard base64 with padding")]
    Root,
    /// The root of no entries at all is not the hash of nothing.
    #[error("an empty log has another root than this")]
    EmptyRoot,
}

impl Checkpoint {
    /// Of the log with this origin, with `size` entries whose tree has this root.
    ///
    /// # Errors
    /// When the origin is not one, or an empty log is said to have another root than
    /// [`Hash::empty`].
    pub fn new(origin: &str, size: u64, root: Hash) -> Result<Self, CheckpointFault> {
        let allowed = |c: char| !c.is_ascii_control();
        if !(1..=MAX_ORIGIN).contains(&origin.len()) || !origin.chars().all(allowed) {
            return Err(CheckpointFault::Origin);
        }
        if size == 0 && root != Hash::empty() {
            return Err(CheckpointFault::EmptyRoot);
        }
        let origin = origin.to_owned();
        Ok(Self { origin, size, root })
    }

    /// Reads the text of a note, in the one spelling it has.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn parse(text: &str) -> Result<Self, CheckpointFault> {
        let text = text.strip_suffix('\n').ok_or(CheckpointFault::Lines)?;
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointFault::Lines);
        };
        if lines.next().is_some() {
            return Err(CheckpointFault::Extension);
        }
        let size = number(size).ok_or(CheckpointFault::Size)?;
        let root = Hash::parse(root).ok_or(CheckpointFault::Root)?;
        Self::new(origin, size, root)
    }

    /// Which log it is.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many entries it has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root of their tree.
    pub const fn root(&self) -> Hash {
        self.root
    }

    /// The text that is signed: three lines, each with a newline at its end.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }
}

/// A number of 64 bits in decimal digits, without zeros before it.
pub(super) fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}
