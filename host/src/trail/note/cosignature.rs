use super::checkpoint::Checkpoint;
use super::key::{KeyKind, VerifierKey};
use super::line::SignatureLine;
use super::signed::NoteFault;
use super::signer::{self, SignError, Signer};

/// The latest time of a cosignature, in seconds: 2^63 - 1.
pub const MAX_TIME: u64 = u64::MAX >> 1;

/// A witness's word that at some time this checkpoint was the largest it had seen of the log, and
/// consistent with all before it: `cosignature/v1` of C2SP tlog-cosignature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    name: String,
    id: [u8; 4],
    time: u64,
    signature: [u8; 64],
}

impl Cosignature {
    /// Signs a checkpoint, at a time in seconds since 1970.
    ///
    /// # Errors
    /// When the time is 0 or above [`MAX_TIME`], the key is not a [`KeyKind::Cosignature`] one, or
    /// there is no signature to be had.
    pub fn sign(
        checkpoint: &Checkpoint,
        time: u64,
        signer: &dyn Signer,
    ) -> Result<Self, SignError> {
        if !is_time(time) {
            return Err(SignError::new("the time of a cosignature is 1 to 2^63 - 1"));
        }
        let message = message(checkpoint, time);
        let signature = signer::signed(signer, KeyKind::Cosignature, message.as_bytes())?;
        Ok(Self {
            name: signer.key().name().to_owned(),
            id: signer.key().key_id(),
            time,
            signature,
        })
    }

    /// Reads a signature line: a time of eight bytes, big-endian, and 64 bytes. None if it has another
    /// form, or no time: a cosignature of a whole log has one (C2SP tlog-witness).
    pub fn from_line(line: &SignatureLine) -> Option<Self> {
        let (time, signature) = line.signature().split_first_chunk()?;
        let time = u64::from_be_bytes(*time);
        let cosignature = Self {
            name: line.name().to_owned(),
            id: line.key_id(),
            time,
            signature: signature.try_into().ok()?,
        };
        is_time(time).then_some(cosignature)
    }

    /// The signature line.
    pub fn to_line(&self) -> SignatureLine {
        let signature = [&self.time.to_be_bytes()[..], &self.signature].concat();
        SignatureLine::of(&self.name, self.id, signature)
    }

    /// The name of the witness's key.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the witness's key.
    pub const fn key_id(&self) -> [u8; 4] {
        self.id
    }

    /// When it was made by the witness's clock, in seconds since 1970.
    pub const fn time(&self) -> u64 {
        self.time
    }

    /// Checks that this key cosigned this checkpoint. Whether the time may be true is the caller's to
    /// say.
    ///
    /// # Errors
    /// When it is by another key, or does not fit.
    pub fn verify(&self, checkpoint: &Checkpoint, key: &VerifierKey) -> Result<(), NoteFault> {
        if key.kind() != KeyKind::Cosignature {
            return Err(NoteFault::Kind(key.name().to_owned()));
        }
        if self.id != key.key_id() || self.name != key.name() {
            return Err(NoteFault::Missing(key.name().to_owned()));
        }
        if !key.signed(message(checkpoint, self.time).as_bytes(), &self.signature) {
            return Err(NoteFault::Signature(key.name().to_owned()));
        }
        Ok(())
    }
}

fn is_time(time: u64) -> bool {
    (1..=MAX_TIME).contains(&time)
}

/// The bytes a witness signs.
fn message(checkpoint: &Checkpoint, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{}", checkpoint.text())
}
