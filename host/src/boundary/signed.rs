//! Who wrote a boundary or a grant, proven by an OpenSSH signature instead of asserted by a name in
//! it. Signatures are made by `ssh-keygen -Y sign`; no private key is ever read here.

use super::{Role, Roster};
use crate::model::{Digest, TenantId, Text};
use ssh_key::{Algorithm, EcdsaCurve, HashAlg, LineEnding, PublicKey, SshSig};
use std::fmt;

/// The longest signature that is read, in bytes.
const MAX_BYTES: usize = 8 << 10;

/// What a signature is for: the namespace it was made with. One made for something else, or for
/// another tenant, does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A grant: `casemate-grant`. Its text names the tenants.
    Grant,
    /// A tenant's boundary: `casemate-boundary:TENANT`. Its text does not name the tenant.
    Boundary(TenantId),
    /// The defaults of all tenants: `casemate-defaults`.
    Defaults,
}

impl fmt::Display for Purpose {
    /// The namespace, as `ssh-keygen -Y sign -n` takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Grant => f.write_str("casemate-grant"),
            Self::Boundary(tenant) => write!(f, "casemate-boundary:{tenant}"),
            Self::Defaults => f.write_str("casemate-defaults"),
        }
    }
}

/// An operator's signature that holds. Made by [`Signed::verify`] alone.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Signed {
    by: Text,
    key: Text,
    signature: Digest,
}

impl Signed {
    /// Verifies that an operator of the roster signed these very bytes for this purpose.
    ///
    /// # Errors
    /// When the signature cannot be read, is for something else, is of a key that is no operator's, or
    /// the bytes are not those that were signed.
    pub fn verify(
        roster: &Roster,
        purpose: &Purpose,
        text: &[u8],
        signature: &str,
    ) -> Result<Self, NotSigned> {
        if signature.len() > MAX_BYTES {
            return Err(NotSigned::Unreadable);
        }
        let signed = SshSig::from_pem(signature.trim()).map_err(|_| NotSigned::Unreadable)?;
        if !is_canonical(&signed, signature) {
            return Err(NotSigned::Unreadable);
        }
        let namespace = purpose.to_string();
        if signed.namespace() != namespace {
            return Err(NotSigned::OtherPurpose {
                found: Text::capped(signed.namespace(), 100),
                wanted: namespace,
            });
        }
        let of_key = |key: &&PublicKey| key.key_data() == signed.public_key();
        let found = roster
            .people()
            .iter()
            .find_map(|person| Some((person, person.keys().iter().find(of_key)?)));
        let Some((person, key)) = found else {
            let fingerprint = signed.public_key().fingerprint(HashAlg::Sha256);
            return Err(NotSigned::Stranger(Text::capped(
                &fingerprint.to_string(),
                100,
            )));
        };
        if !person.is(Role::Operator) {
            return Err(NotSigned::NotAnOperator(Text::capped(person.id(), 254)));
        }
        key.verify(&namespace, text, &signed)
            .map_err(|_| NotSigned::OtherText)?;
        Ok(Self {
            by: Text::capped(person.id(), 254),
            key: Text::capped(&key.fingerprint(HashAlg::Sha256).to_string(), 100),
            signature: signature_digest(signature),
        })
    }

    /// Itself, where it is that of the person who is named.
    ///
    /// # Errors
    /// [`NotSigned::OtherPerson`].
    pub fn named(self, person: &Text) -> Result<Self, NotSigned> {
        match self.by == *person {
            true => Ok(self),
            false => Err(NotSigned::OtherPerson {
                signed: self.by,
                named: person.clone(),
            }),
        }
    }

    /// The person who signed, by the id in the roster.
    pub fn by(&self) -> &str {
        self.by.as_str()
    }

    /// The fingerprint of the key, as `ssh-keygen -l` prints it.
    pub fn key(&self) -> &str {
        self.key.as_str()
    }

    /// The digest of the signature's text, without space around it.
    pub fn signature(&self) -> Digest {
        self.signature
    }
}

/// Why a text does not count as signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotSigned {
    /// There is no signature.
    #[error("it is not signed, and this host wants it signed")]
    Missing,
    /// It was applied, and the file is not there any more.
    #[error("it was applied and is not there any more")]
    Gone,
    /// It is no signature of OpenSSH.
    #[error("its signature is none of OpenSSH's: it begins with `-----BEGIN SSH SIGNATURE-----`")]
    Unreadable,
    /// It was made for something else.
    #[error("its signature is for `{found}`, not for `{wanted}`")]
    OtherPurpose {
        /// The namespace it was made with.
        found: Text,
        /// The one it needs.
        wanted: String,
    },
    /// The key is nobody's in the roster; its fingerprint.
    #[error("the key {0} that signed it is nobody's in `roster.toml`")]
    Stranger(Text),
    /// The person may not do it.
    #[error("`{0}`, who signed it, is no operator in `roster.toml`")]
    NotAnOperator(Text),
    /// It was signed by somebody other than it names.
    #[error("`{signed}` signed it and it names `{named}`")]
    OtherPerson {
        /// Who signed.
        signed: Text,
        /// Who is named.
        named: Text,
    },
    /// The text is not the one that was signed, or the signature is forged.
    #[error("its signature does not fit its text: it was changed after it was signed")]
    OtherText,
}

/// The digest that the trail names a signature by: of its text, without space around it.
pub(crate) fn signature_digest(signature: &str) -> Digest {
    Digest::of(signature.trim().as_bytes())
}

/// Whether it is written as OpenSSH writes it, but for where its lines end: so that what is not among
/// the bytes that are signed, such as its version and its lengths, cannot be changed either.
fn is_canonical(signed: &SshSig, text: &str) -> bool {
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    let written = signed.to_pem(LineEnding::LF);
    signed.version() == SshSig::VERSION
        && signed.reserved().is_empty()
        && written.is_ok_and(|written| bare(&written) == bare(text))
}

/// Whether signatures of such a key can be verified here.
pub(super) fn can_verify(key: &PublicKey) -> bool {
    matches!(
        key.algorithm(),
        Algorithm::Ed25519
            | Algorithm::SkEd25519
            | Algorithm::SkEcdsaSha2NistP256
            | Algorithm::Ecdsa {
                curve: EcdsaCurve::NistP256
            }
    )
}
