use hmac::{Hmac, KeyInit as _, Mac as _};
use std::fmt;

/// 32 random bytes that keep a committed value from being guessed. It lies with the value, never in
/// the trail.
#[derive(Clone, PartialEq, Eq)]
pub struct Salt([u8; 32]);

/// HMAC-SHA256 over a value, keyed with a [`Salt`]: it shows later that the value was this one, and
/// nothing to those who have not got the salt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commitment([u8; 32]);

impl Salt {
    /// From 32 random bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(..)")
    }
}

impl Commitment {
    /// To these bytes.
    pub fn of(salt: &Salt, bytes: &[u8]) -> Self {
        let mut mac = keyed(salt);
        mac.update(bytes);
        Self(mac.finalize().into_bytes().into())
    }

    /// To several parts, each preceded by its length in bytes as u64 LE, so that parts cannot run
    /// into each other.
    pub fn of_parts(salt: &Salt, parts: &[&[u8]]) -> Self {
        let mut mac = keyed(salt);
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        Self(mac.finalize().into_bytes().into())
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Parses `hmac-sha256:` and 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.strip_prefix("hmac-sha256:")?, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

/// HMAC fills a key up with zeros to a block of 64 bytes (RFC 2104, section 2); a whole block is
/// taken as it is.
fn keyed(salt: &Salt) -> Hmac<sha2::Sha256> {
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(salt.0) {
        *to = from;
    }
    Hmac::new(&block.into())
}

impl fmt::Display for Commitment {
    /// `hmac-sha256:` and 64 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hmac-sha256:{}", hex::encode(self.0))
    }
}

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl serde::Serialize for Commitment {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Commitment {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(from)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom("not `hmac-sha256:` and 64 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2 has a short key; ours is 32 bytes, so the value is from `openssl dgst
    /// -sha256 -mac HMAC -macopt hexkey:0b..0b` over `Hi There`.
    #[test]
    fn a_commitment_is_hmac_sha256() {
        assert_eq!(
            Commitment::of(&Salt([0x0b; 32]), b"Hi There").to_string(),
            "hmac-sha256:198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7"
        );
    }

    #[test]
    fn parts_cannot_run_into_each_other() {
        let salt = Salt([1; 32]);
        assert_ne!(
            Commitment::of_parts(&salt, &[b"ab", b"c"]),
            Commitment::of_parts(&salt, &[b"a", b"bc"])
        );
    }

    #[test]
    fn a_salt_is_not_printed() {
        assert_eq!(format!("{:?}", Salt([0xAB; 32])), "Salt(..)");
    }
}
