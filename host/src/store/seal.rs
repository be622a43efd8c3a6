//! One tenant's seal: what is sealed with it opens for this tenant, in its own row, and nowhere else.
//!
//! A sealed value is a byte that says its form (1), a nonce of 24 random bytes, and the value under
//! XChaCha20-Poly1305. Its associated data is a word for the form, the tenant, the kind (a table's
//! name, or what a thing in the vault is) and the row's key as it lies, each behind its length as a
//! u64 LE. So a value that is copied into another row, table or tenant does not open.
//!
//! What is guessed by trying stands nowhere as it is: where rows are looked up by a client's text or by
//! a digest, their key is a [`Hidden`], HMAC-SHA256 under a key that comes from the vault key.

use super::sealed::{Address, Hidden};
use super::{Random, StoreError};
use crate::custody::VaultKey;
use crate::model::TenantId;
use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::{AeadInOut as _, KeyInit as _, Tag, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The form of a sealed value.
const FORM: u8 = 1;
const DOMAIN: &[u8] = b"casemate sealed value, form 1";
const NONCE: usize = 24;
const TAG: usize = 16;
const HEAD: usize = 1 + NONCE;

/// A tenant's seal.
pub(super) struct Seal {
    tenant: TenantId,
    cipher: XChaCha20Poly1305,
    /// The associated data as it begins for every value.
    begins: Vec<u8>,
    hides: Hmac<Sha256>,
    addresses: Hmac<Sha256>,
    check: u64,
    random: Arc<dyn Random>,
    /// Where the key is, for errors.
    place: String,
}

impl Seal {
    pub(super) fn new(
        tenant: &TenantId,
        key: &VaultKey,
        random: Arc<dyn Random>,
        place: String,
    ) -> Result<Self, StoreError> {
        let mut begins = Vec::new();
        part(&mut begins, DOMAIN);
        part(&mut begins, tenant.as_str().as_bytes());
        let sealing = Zeroizing::new(derived(key, b"casemate seal"));
        let check = derived(key, b"casemate check");
        let check = check
            .first_chunk()
            .map_or(0, |first| u64::from_le_bytes(*first));
        Ok(Self {
            tenant: tenant.clone(),
            cipher: XChaCha20Poly1305::new((&*sealing).into()),
            begins,
            hides: keyed(&Zeroizing::new(derived(key, b"casemate hidden keys"))),
            addresses: keyed(&Zeroizing::new(derived(key, b"casemate addresses"))),
            check,
            random,
            place,
        })
    }

    pub(super) fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// A number by which a store knows the key it was sealed with, and which says nothing of it.
    pub(super) fn check(&self) -> u64 {
        self.check
    }

    /// That the store was sealed with this key.
    pub(super) fn checked(&self, stated: u64) -> Result<(), StoreError> {
        if stated == self.check {
            return Ok(());
        }
        Err(StoreError::OtherKey {
            tenant: self.tenant.to_string(),
            place: self.place.clone(),
        })
    }

    /// Seals a value of a kind for the row of that key.
    pub(super) fn seal(&self, kind: &str, row: &[u8], value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE];
        self.random.fill(&mut nonce)?;
        let mut sealed = Vec::with_capacity(HEAD + value.len() + TAG);
        sealed.push(FORM);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(value);
        let about = self.about(kind, row);
        let (_, to_seal) = sealed.split_at_mut(HEAD);
        let done = self.cipher.encrypt_inout_detached(
            &XNonce::from(nonce),
            &about,
            InOutBuf::from(to_seal),
        );
        // Only a value of more than 256 GiB has none.
        let tag = done.map_err(|_| self.refused(kind))?;
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    /// Opens what was sealed as that kind for the row of that key.
    pub(super) fn open(
        &self,
        kind: &str,
        row: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        let parts = || {
            let (form, rest) = sealed.split_first()?;
            let (nonce, rest) = rest.split_first_chunk::<NONCE>()?;
            let (value, tag) = rest.split_last_chunk::<TAG>()?;
            (*form == FORM).then_some((nonce, value, tag))
        };
        let (nonce, value, tag) = parts().ok_or_else(|| self.refused(kind))?;
        let mut opened = value.to_vec();
        let done = self.cipher.decrypt_inout_detached(
            &XNonce::from(*nonce),
            &self.about(kind, row),
            InOutBuf::from(opened.as_mut_slice()),
            &Tag::from(*tag),
        );
        done.map(|()| opened).map_err(|_| self.refused(kind))
    }

    /// The key of a row that is looked up by this text, or by this digest of one.
    pub(super) fn hidden(&self, kind: &str, text: &[u8]) -> Hidden {
        let mac = mac(&self.hides, kind, text);
        let mut hidden = [0; 16];
        for (to, from) in hidden.iter_mut().zip(mac) {
            *to = from;
        }
        Hidden::from_bytes(hidden)
    }

    /// Where bytes of a kind lie in the vault.
    pub(super) fn address(&self, kind: &str, bytes: &[u8]) -> Address {
        Address::from_bytes(mac(&self.addresses, kind, bytes))
    }

    fn about(&self, kind: &str, row: &[u8]) -> Vec<u8> {
        let mut about = Vec::with_capacity(self.begins.len() + 16 + kind.len() + row.len());
        about.extend_from_slice(&self.begins);
        part(&mut about, kind.as_bytes());
        part(&mut about, row);
        about
    }

    fn refused(&self, kind: &str) -> StoreError {
        StoreError::NotSealed {
            tenant: self.tenant.to_string(),
            kind: kind.to_owned(),
        }
    }
}

fn part(to: &mut Vec<u8>, part: &[u8]) {
    to.extend_from_slice(&(part.len() as u64).to_le_bytes());
    to.extend_from_slice(part);
}

/// HMAC fills a key up with zeros to a block of 64 bytes (RFC 2104, section 2); a whole block is taken
/// as it is.
fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = Zeroizing::new([0; 64]);
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    Hmac::new((&*block).into())
}

/// A key for one use, from the vault key.
fn derived(key: &VaultKey, usage: &[u8]) -> [u8; 32] {
    let mut mac = keyed(key.as_bytes());
    mac.update(usage);
    mac.finalize().into_bytes().into()
}

fn mac(keyed: &Hmac<Sha256>, kind: &str, bytes: &[u8]) -> [u8; 32] {
    let mut mac = keyed.clone();
    mac.update(&(kind.len() as u64).to_le_bytes());
    mac.update(kind.as_bytes());
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::SystemRandom;

    fn seal(tenant: &str, key: u8) -> Seal {
        let tenant = TenantId::parse(tenant).unwrap();
        let key = VaultKey::from_bytes([key; 32]);
        Seal::new(&tenant, &key, Arc::new(SystemRandom), "a place".to_owned()).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_in_its_own_row_only() {
        let acme = seal("acme", 1);
        let sealed = acme.seal("drafts", b"row", b"a value").unwrap();
        assert_eq!(acme.open("drafts", b"row", &sealed).unwrap(), b"a value");
        assert_eq!(sealed.len(), 7 + HEAD + TAG);
        assert!(!sealed.windows(7).any(|w| w == b"a value"));
        for (kind, row) in [
            ("drafts", &b"other"[..]),
            ("rules", b"row"),
            ("draft", b"srow"),
        ] {
            let error = acme.open(kind, row, &sealed).unwrap_err();
            assert!(matches!(error, StoreError::NotSealed { .. }), "{error}");
        }
        // The same key in the hands of another tenant.
        assert!(seal("bolt", 1).open("drafts", b"row", &sealed).is_err());
        assert!(seal("acme", 2).open("drafts", b"row", &sealed).is_err());
    }

    #[test]
    fn no_byte_of_a_sealed_value_can_be_changed_or_taken_away() {
        let acme = seal("acme", 1);
        let sealed = acme.seal("drafts", b"row", b"a value").unwrap();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(acme.open("drafts", b"row", &changed).is_err(), "{place}");
            assert!(acme.open("drafts", b"row", &sealed[..place]).is_err());
        }
    }

    #[test]
    fn one_value_sealed_twice_is_not_the_same_twice() {
        let acme = seal("acme", 1);
        let once = acme.seal("drafts", b"row", b"a value").unwrap();
        assert_ne!(once, acme.seal("drafts", b"row", b"a value").unwrap());
    }

    #[test]
    fn a_hidden_key_is_told_by_the_key_the_kind_and_the_text() {
        let acme = seal("acme", 1);
        let hidden = acme.hidden("notes", b"10.0.0.1");
        assert_eq!(hidden, acme.hidden("notes", b"10.0.0.1"));
        assert_ne!(hidden, acme.hidden("notes", b"10.0.0.2"));
        assert_ne!(hidden, acme.hidden("note", b"s10.0.0.1"));
        assert_ne!(hidden, seal("acme", 2).hidden("notes", b"10.0.0.1"));
    }

    #[test]
    fn another_key_is_recognised_before_anything_is_opened() {
        let (one, other) = (seal("acme", 1), seal("acme", 2));
        one.checked(one.check()).unwrap();
        let error = one.checked(other.check()).unwrap_err().to_string();
        assert!(error.contains("a place"), "{error}");
    }
}
