//! Keys in files: the usual [`Custody`].

use super::{Dir, Random, StoreError, file, opened};
use crate::custody::{Custody, CustodyError, VaultKey};
use crate::model::TenantId;
use ed25519_dalek::{Signer as _, SigningKey};
use std::io::{self, Read as _};
use std::sync::Arc;
use zeroize::Zeroizing;

const TRAIL: &str = "trail.key";
const VAULT: &str = "vault.key";
const DESTROYED: &str = "destroyed";
/// Bytes of a key, as it lies in its file.
const KEY: usize = 32;

/// Keys below one folder, one folder a tenant, for the owner of the home alone:
/// `keys/ID/trail.key` and `keys/ID/vault.key`, each the 32 bytes of the key as they are. A home has it
/// beside its tenants' folders; it can lie on another disk, by handing another folder in.
///
/// Whoever has a copy of a key opens what was copied with it. So a folder of keys belongs into another
/// backup than what they seal.
///
/// Destroying a key writes `keys/ID/destroyed`, overwrites the key's file with zeros, makes that durable
/// and removes it. On a disk that writes in place nothing of it is left. A solid-state disk, a file
/// system that copies on write and a snapshot may keep the old bytes for a time that nobody here
/// decides; there it is the disk's own encryption that has to be trusted, or a custody in hardware. A
/// copy in a backup is not reached at all: it has to be destroyed with its backup.
pub struct KeyFolder {
    dir: Dir,
    random: Arc<dyn Random>,
}

impl KeyFolder {
    /// Below this folder: keys are in `keys/` of it.
    pub fn new(dir: Dir, random: Arc<dyn Random>) -> Self {
        Self { dir, random }
    }

    fn read(&self, tenant: &TenantId, name: &str) -> Result<Zeroizing<[u8; KEY]>, CustodyError> {
        let path = path(tenant, name);
        let mut key = Zeroizing::new([0; KEY]);
        let read = opened::to_read(&self.dir, &path).and_then(|mut file| {
            let length = file.metadata()?.len();
            if length != KEY as u64 {
                let error = format!("it has {length} bytes, and a key has {KEY}");
                return Err(io::Error::other(error));
            }
            file.read_exact(&mut *key)
        });
        match read {
            Ok(()) => Ok(key),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(CustodyError::Missing {
                tenant: tenant.clone(),
                place: quoted(&path),
            }),
            Err(error) => Err(unusable(tenant, &path, &error)),
        }
    }

    fn signing(&self, tenant: &TenantId) -> Result<SigningKey, CustodyError> {
        Ok(SigningKey::from_bytes(&*self.read(tenant, TRAIL)?))
    }

    /// Makes a key where there is none.
    fn make_one(&self, tenant: &TenantId, name: &str) -> Result<(), StoreError> {
        let path = path(tenant, name);
        if self.exists(&path)? {
            return Ok(());
        }
        let mut key = Zeroizing::new([0; KEY]);
        self.random.fill(&mut *key)?;
        file::replace(&self.dir, &path, &*key, true)
    }

    fn exists(&self, path: &str) -> Result<bool, StoreError> {
        self.dir.try_exists(path).map_err(StoreError::io(path))
    }

    /// The tenant's folder, made where it is not there, durable and for its owner alone.
    fn make_folder(&self, tenant: &TenantId) -> io::Result<()> {
        let below = format!("keys/{tenant}");
        file::make_private_dir(&self.dir, &below)?;
        file::owner_alone(&self.dir.open_dir("keys")?)?;
        file::sync(&self.dir.open_dir("keys")?)?;
        file::sync(&self.dir)
    }

    fn destroy(&self, tenant: &TenantId) -> Result<(), StoreError> {
        let (mark, path) = (path(tenant, DESTROYED), path(tenant, VAULT));
        self.make_folder(tenant).map_err(StoreError::io(&mark))?;
        // First: whoever stops behind this finds that the key is to go, and no other is made.
        file::replace(&self.dir, &mark, b"", true)?;
        file::destroy(&self.dir, &path)
    }
}

impl Custody for KeyFolder {
    fn public_key(&self, tenant: &TenantId) -> Result<[u8; 32], CustodyError> {
        Ok(self.signing(tenant)?.verifying_key().to_bytes())
    }

    fn sign(&self, tenant: &TenantId, message: &[u8]) -> Result<[u8; 64], CustodyError> {
        Ok(self.signing(tenant)?.sign(message).to_bytes())
    }

    fn vault_key(&self, tenant: &TenantId) -> Result<VaultKey, CustodyError> {
        let mark = path(tenant, DESTROYED);
        match self.exists(&mark) {
            Ok(false) => Ok(VaultKey::from_bytes(*self.read(tenant, VAULT)?)),
            Ok(true) => Err(CustodyError::Destroyed {
                tenant: tenant.clone(),
            }),
            Err(error) => Err(unusable(tenant, &mark, &error)),
        }
    }

    fn make(&self, tenant: &TenantId) -> Result<(), CustodyError> {
        let made = || {
            let below = format!("keys/{tenant}");
            self.make_folder(tenant).map_err(StoreError::io(below))?;
            self.make_one(tenant, TRAIL)?;
            if self.exists(&path(tenant, DESTROYED))? {
                return Ok(());
            }
            self.make_one(tenant, VAULT)
        };
        made().map_err(|error: StoreError| unusable(tenant, &format!("keys/{tenant}"), &error))
    }

    fn destroy_vault_key(&self, tenant: &TenantId) -> Result<(), CustodyError> {
        let destroyed = self.destroy(tenant);
        destroyed.map_err(|error| unusable(tenant, &path(tenant, VAULT), &error))
    }

    fn place(&self, tenant: &TenantId) -> String {
        quoted(&path(tenant, VAULT))
    }
}

fn path(tenant: &TenantId, name: &str) -> String {
    format!("keys/{tenant}/{name}")
}

fn quoted(path: &str) -> String {
    format!("`{path}`")
}

fn unusable(tenant: &TenantId, path: &str, error: &dyn std::fmt::Display) -> CustodyError {
    CustodyError::Unusable {
        tenant: tenant.clone(),
        place: quoted(path),
        message: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{SystemRandom, make_dir};
    use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};

    fn with_keys(name: &str, test: impl FnOnce(&KeyFolder, &Dir, &TenantId)) {
        let name = format!("casemate-keys-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let dir = make_dir(&path).unwrap();
        let keys = KeyFolder::new(dir.try_clone().unwrap(), Arc::new(SystemRandom));
        test(&keys, &dir, &TenantId::parse("acme").unwrap());
        std::fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn a_key_that_is_there_is_not_replaced_and_one_that_is_missing_is_made() {
        with_keys("made", |keys, dir, acme| {
            let none = keys.vault_key(acme);
            assert!(matches!(none, Err(CustodyError::Missing { .. })));
            keys.make(acme).unwrap();
            let vault = *keys.vault_key(acme).unwrap().as_bytes();
            let public = keys.public_key(acme).unwrap();
            assert_ne!(vault, [0; 32]);
            keys.make(acme).unwrap();
            assert_eq!(*keys.vault_key(acme).unwrap().as_bytes(), vault);
            dir.remove_file("keys/acme/vault.key").unwrap();
            keys.make(acme).unwrap();
            assert_ne!(*keys.vault_key(acme).unwrap().as_bytes(), vault);
            assert_eq!(keys.public_key(acme).unwrap(), public);
        });
    }

    #[test]
    fn what_is_signed_verifies_with_the_public_key() {
        with_keys("signed", |keys, _, acme| {
            keys.make(acme).unwrap();
            let signature = Signature::from_bytes(&keys.sign(acme, b"a checkpoint").unwrap());
            let public = VerifyingKey::from_bytes(&keys.public_key(acme).unwrap()).unwrap();
            public.verify(b"a checkpoint", &signature).unwrap();
            assert!(public.verify(b"another", &signature).is_err());
        });
    }

    #[test]
    fn a_destroyed_key_is_gone_and_none_is_made_again() {
        with_keys("destroyed", |keys, dir, acme| {
            keys.make(acme).unwrap();
            let public = keys.public_key(acme).unwrap();
            // A second handle sees what is left in the file when it is removed.
            let mut open = dir.open("keys/acme/vault.key").unwrap();
            keys.destroy_vault_key(acme).unwrap();
            let mut left = Vec::new();
            open.read_to_end(&mut left).unwrap();
            assert_eq!(left, [0; 32]);
            for _ in 0..2 {
                let gone = keys.vault_key(acme);
                assert!(matches!(gone, Err(CustodyError::Destroyed { .. })));
                assert!(!dir.exists("keys/acme/vault.key"));
                assert_eq!(keys.public_key(acme).unwrap(), public);
                keys.make(acme).unwrap();
                keys.destroy_vault_key(acme).unwrap();
            }
        });
    }
}
