use super::checkpoint::{Checkpoint, CheckpointFault};
use super::cosignature::Cosignature;
use super::key::{KeyKind, VerifierKey};
use super::line::SignatureLine;
use super::signer::{self, SignError, Signer};

/// The largest note, in bytes.
pub const MAX_NOTE: usize = 64 << 10;

/// The most signatures a note has.
pub const MAX_SIGNATURES: usize = 100;

/// A checkpoint with signatures below it: a note (C2SP signed-note), kept as the bytes it came in.
///
/// What was parsed is believed only once it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    signatures: Vec<SignatureLine>,
    text: String,
}

/// Why a note is none, or is not to be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteFault {
    /// It has more than [`MAX_NOTE`] bytes.
    #[error("a note of {0} bytes is too large: at most {MAX_NOTE}")]
    TooLarge(usize),
    /// It is not UTF-8, or has control characters.
    #[error("a note is UTF-8 without control characters")]
    Text,
    /// It has no signatures, or what stands below the text does not end with a newline.
    #[error("a note ends with an empty line and at least one signature line")]
    NoSignatures,
    /// It has more than [`MAX_SIGNATURES`].
    #[error("a note has at most {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// A signature line is none; they are counted from 1.
    #[error("signature line {0} is not `\u{2014} name base64`")]
    Line(usize),
    /// Its text is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointFault),
    /// There is no signature by this key.
    #[error("`{0}` has not signed")]
    Missing(String),
    /// There is more than one signature by this key.
    #[error("`{0}` has signed twice")]
    Twice(String),
    /// The signature by this key does not fit what it is said to sign.
    #[error("the signature by `{0}` is not sound")]
    Signature(String),
    /// The key is for another kind of signature.
    #[error("the key of `{0}` is not for signatures of this kind")]
    Kind(String),
    /// The log's key is for another origin.
    #[error("the key of `{key}` is not for the log `{origin}`")]
    Origin {
        /// The key's name.
        key: String,
        /// The checkpoint's origin.
        origin: String,
    },
}

impl SignedCheckpoint {
    /// Signs a checkpoint as the log whose key this is.
    ///
    /// # Errors
    /// When the key is not named as the log is (C2SP tlog-policy), not a [`KeyKind::Ed25519`] one, or
    /// there is no signature to be had.
    pub fn sign(checkpoint: Checkpoint, signer: &dyn Signer) -> Result<Self, SignError> {
        let key = signer.key();
        if key.name() != checkpoint.origin() {
            return Err(SignError::new(format!(
                "the key of `{}` is not for the log `{}`",
                key.name(),
                checkpoint.origin()
            )));
        }
        let text = checkpoint.text();
        let signature = signer::signed(signer, KeyKind::Ed25519, text.as_bytes())?;
        let line = SignatureLine::of(key.name(), key.key_id(), signature.to_vec());
        Ok(Self {
            text: format!("{text}\n{line}\n"),
            checkpoint,
            signatures: vec![line],
        })
    }

    /// Reads a note whose text is a checkpoint, in the one spelling it has. It may hold signatures by
    /// keys that nobody here knows.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteFault> {
        let text = note_text(bytes)?;
        // The last empty line divides them; a text may have empty lines too, though a checkpoint has
        // none.
        let (body, lines) = text.rsplit_once("\n\n").ok_or(NoteFault::NoSignatures)?;
        let signatures = signature_lines(lines)?;
        Ok(Self {
            checkpoint: Checkpoint::parse(&format!("{body}\n"))?,
            signatures,
            text: text.to_owned(),
        })
    }

    /// The exact bytes of the note.
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The exact text of the note.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it says, whoever may have signed it. To believe it, take what [`Self::verify`] returns.
    pub const fn unverified(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The signatures as they stand there, whether or not they are sound, in their order.
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// The checkpoint, if this key signed it, once. Says nothing of the other signatures, nor whether
    /// the key is for this log: for that see [`Self::verify_log`].
    ///
    /// # Errors
    /// When there is not exactly one signature by this key, it does not fit, or the key is not a
    /// [`KeyKind::Ed25519`] one.
    pub fn verify(&self, key: &VerifierKey) -> Result<&Checkpoint, NoteFault> {
        let name = || key.name().to_owned();
        if key.kind() != KeyKind::Ed25519 {
            return Err(NoteFault::Kind(name()));
        }
        let signature = self.signature_by(key)?.signature().try_into();
        let signature = signature.map_err(|_| NoteFault::Signature(name()))?;
        if !key.signed(self.checkpoint.text().as_bytes(), signature) {
            return Err(NoteFault::Signature(name()));
        }
        Ok(&self.checkpoint)
    }

    /// The checkpoint, if it is of the log whose key this is: the key signed it, and its name is the
    /// log's origin.
    ///
    /// # Errors
    /// As for [`Self::verify`], and when the checkpoint has another origin.
    pub fn verify_log(&self, key: &VerifierKey) -> Result<&Checkpoint, NoteFault> {
        let checkpoint = self.verify(key)?;
        if checkpoint.origin() != key.name() {
            return Err(NoteFault::Origin {
                key: key.name().to_owned(),
                origin: checkpoint.origin().to_owned(),
            });
        }
        Ok(checkpoint)
    }

    /// The cosignature by this key, if there is exactly one and it is sound.
    ///
    /// # Errors
    /// When there is not, or the key is not a [`KeyKind::Cosignature`] one.
    pub fn cosignature(&self, key: &VerifierKey) -> Result<Cosignature, NoteFault> {
        let line = self.signature_by(key)?;
        let cosignature = Cosignature::from_line(line)
            .ok_or_else(|| NoteFault::Signature(key.name().to_owned()))?;
        cosignature.verify(&self.checkpoint, key)?;
        Ok(cosignature)
    }

    /// The note with one more signature at its end, which is not looked into.
    ///
    /// # Errors
    /// When its key has signed already, or the note would become too large.
    pub fn with_signature(&self, line: SignatureLine) -> Result<Self, NoteFault> {
        if self.signatures.iter().any(|other| other.same_key(&line)) {
            return Err(NoteFault::Twice(line.name().to_owned()));
        }
        if self.signatures.len() >= MAX_SIGNATURES {
            return Err(NoteFault::TooManySignatures);
        }
        let text = format!("{}{line}\n", self.text);
        if text.len() > MAX_NOTE {
            return Err(NoteFault::TooLarge(text.len()));
        }
        let mut signatures = self.signatures.clone();
        signatures.push(line);
        let checkpoint = self.checkpoint.clone();
        Ok(Self {
            checkpoint,
            signatures,
            text,
        })
    }

    /// The note with one more cosignature at its end, if this key made it of this checkpoint.
    ///
    /// # Errors
    /// When it did not, has cosigned already, or the note would become too large.
    pub fn with_cosignature(
        &self,
        cosignature: &Cosignature,
        key: &VerifierKey,
    ) -> Result<Self, NoteFault> {
        cosignature.verify(&self.checkpoint, key)?;
        self.with_signature(cosignature.to_line())
    }

    fn signature_by(&self, key: &VerifierKey) -> Result<&SignatureLine, NoteFault> {
        let mut lines = self.signatures.iter().filter(|line| line.is_by(key));
        match (lines.next(), lines.next()) {
            (Some(line), None) => Ok(line),
            (None, _) => Err(NoteFault::Missing(key.name().to_owned())),
            (Some(_), Some(_)) => Err(NoteFault::Twice(key.name().to_owned())),
        }
    }
}

/// The text in these bytes, if they may be a note or lines of one.
pub(super) fn note_text(bytes: &[u8]) -> Result<&str, NoteFault> {
    if bytes.len() > MAX_NOTE {
        return Err(NoteFault::TooLarge(bytes.len()));
    }
    if bytes.iter().any(|byte| *byte < b' ' && *byte != b'\n') {
        return Err(NoteFault::Text);
    }
    str::from_utf8(bytes).map_err(|_| NoteFault::Text)
}

/// One or more signature lines, each with a newline at its end.
pub(super) fn signature_lines(text: &str) -> Result<Vec<SignatureLine>, NoteFault> {
    let text = text.strip_suffix('\n').ok_or(NoteFault::NoSignatures)?;
    let mut signatures = Vec::new();
    for (number, line) in (1..).zip(text.split('\n')) {
        if number > MAX_SIGNATURES {
            return Err(NoteFault::TooManySignatures);
        }
        signatures.push(SignatureLine::parse(line).ok_or(NoteFault::Line(number))?);
    }
    Ok(signatures)
}
