//! The cache of compiled components. Loading one is running code, so a file counts only if this host
//! wrote it: each carries a message authentication code under a key that only the owner can read.

use super::{Dir, Random, StoreError, file};
use crate::model::Digest;
use hmac::{KeyInit as _, Mac as _};
use std::io;

const MAX_BYTES: u64 = 1 << 30;
const KEY: &str = "key";

/// A folder of compiled components that only this host's account can write.
pub struct CompiledCache {
    dir: Dir,
    key: [u8; 32],
}

impl CompiledCache {
    pub(super) fn open(home: &Dir, random: &dyn Random) -> Result<Self, StoreError> {
        let fail = || StoreError::io("cache");
        match home.create_dir("cache") {
            Ok(()) => (),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => (),
            Err(e) => return Err(fail()(e)),
        }
        let dir = home.open_dir("cache").map_err(fail())?;
        file::owner_alone(&dir).map_err(fail())?;
        let key = match file::read(&dir, KEY, 32)? {
            Some(bytes) if bytes.len() == 32 => bytes,
            Some(_) | None => {
                let mut key = vec![0; 32];
                random.fill(&mut key)?;
                file::replace(&dir, KEY, &key, true)?;
                key
            }
        };
        let mut fixed = [0; 32];
        fixed.copy_from_slice(&key);
        Ok(Self { dir, key: fixed })
    }

    /// The compiled form kept under this name, if it is there whole and as this host wrote it.
    pub(crate) fn get(&self, name: &Digest) -> Option<Vec<u8>> {
        let bytes = file::read(&self.dir, &name.to_string(), MAX_BYTES).ok()??;
        let (code, compiled) = bytes.split_at_checked(32)?;
        self.mac(name, compiled)?.verify_slice(code).ok()?;
        Some(compiled.to_vec())
    }

    /// Forgets what is kept under this name, if anything is.
    pub(super) fn forget(home: &Dir, name: &Digest) -> Result<(), StoreError> {
        match home.remove_file(format!("cache/{name}")) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(StoreError::io("cache")(e)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Keeps a compiled form.
    pub(crate) fn put(&self, name: &Digest, compiled: &[u8]) -> Result<(), StoreError> {
        let Some(mac) = self.mac(name, compiled) else {
            return Ok(());
        };
        let mut bytes = mac.finalize().into_bytes().to_vec();
        bytes.extend_from_slice(compiled);
        file::replace(&self.dir, &name.to_string(), &bytes, true)
    }

    fn mac(&self, name: &Digest, compiled: &[u8]) -> Option<hmac::Hmac<sha2::Sha256>> {
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(name.as_bytes());
        mac.update(compiled);
        Some(mac)
    }
}
