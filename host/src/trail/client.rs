use super::note::{Checkpoint, KeyFault, NoteFault, SignedCheckpoint, VerifierKey};

/// What the client's file says it is.
pub const CLIENT_SCHEMA: &str = "casemate.client/v1";

/// What a client knows of its log, from the file that it got when it was taken on: a key, and a
/// checkpoint that the key signed. Whatever is checked with it follows from that checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientKnows {
    tenant: Option<String>,
    key: VerifierKey,
    checkpoint: Checkpoint,
}

/// Why a file is not a client's file, or contradicts itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientFault {
    /// It is not JSON with the members that are read.
    #[error("it is not the JSON that `casemate trail checkpoint` writes: {0}")]
    Json(#[from] serde_json::Error),
    /// It is of another kind or version.
    #[error("its `schema` is `{0}`, not `{CLIENT_SCHEMA}`")]
    Schema(String),
    /// Its key is not one.
    #[error("its `key`: {0}")]
    Key(#[from] KeyFault),
    /// Its key is not for its log.
    #[error("its `key` is of the log `{key}`, and its `log` is `{log}`")]
    OtherLog {
        /// The key's name.
        key: String,
        /// The log's.
        log: String,
    },
    /// Its key did not sign its checkpoint.
    #[error("its `checkpoint`: {0}")]
    Checkpoint(#[from] NoteFault),
}

/// The members that are read; others are passed over.
#[derive(serde::Deserialize)]
struct Members {
    schema: String,
    #[serde(default)]
    tenant: Option<String>,
    log: String,
    key: String,
    checkpoint: String,
}

impl ClientKnows {
    /// Reads the file that `casemate trail checkpoint` writes, and checks that its key signed its
    /// checkpoint and that both are of its log.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn read(file: &[u8]) -> Result<Self, ClientFault> {
        let members: Members = serde_json::from_slice(file)?;
        if members.schema != CLIENT_SCHEMA {
            return Err(ClientFault::Schema(members.schema));
        }
        let key = VerifierKey::parse(&members.key)?;
        if key.name() != members.log {
            return Err(ClientFault::OtherLog {
                key: key.name().to_owned(),
                log: members.log,
            });
        }
        let signed = SignedCheckpoint::parse(members.checkpoint.as_bytes())?;
        let checkpoint = signed.verify_log(&key)?.clone();
        Ok(Self {
            tenant: members.tenant,
            key,
            checkpoint,
        })
    }

    /// The tenant, as the file names it.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// The tenant's key under the name of the log that the client knows.
    pub const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// The checkpoint that the key signed.
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::merkle::Hash;
    use crate::trail::note::{MemorySigner, Signer as _};

    fn file(log: &str, seed: u8, change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
        let signer = MemorySigner::from_seed(log, [seed; 32]).unwrap();
        let checkpoint = Checkpoint::new(log, 1, Hash::leaf(b"a")).unwrap();
        let signed = SignedCheckpoint::sign(checkpoint, &signer).unwrap();
        let mut file = serde_json::json!({
            "schema": CLIENT_SCHEMA, "tenant": "acme", "log": log, "key": signer.key().to_string(),
            "checkpoint": signed.as_str(), "roster": [],
        });
        change(&mut file);
        file.to_string().into_bytes()
    }

    #[test]
    fn a_clients_file_is_read_only_where_its_key_signed_its_checkpoint() {
        let knows = ClientKnows::read(&file("a", 1, |_| {})).unwrap();
        assert_eq!(
            (knows.tenant(), knows.checkpoint().size()),
            (Some("acme"), 1)
        );
        let other = MemorySigner::from_seed("a", [2; 32]).unwrap();
        for (member, value) in [
            ("schema", "casemate.client/v2".to_owned()),
            ("log", "b".to_owned()),
            ("key", other.key().to_string()),
            ("checkpoint", "a\n1\n".to_owned()),
        ] {
            let changed = file("a", 1, |file| file[member] = value.into());
            assert!(ClientKnows::read(&changed).is_err(), "{member}");
            let without = file("a", 1, |file| {
                file.as_object_mut().unwrap().remove(member);
            });
            assert!(ClientKnows::read(&without).is_err(), "{member}");
        }
        assert!(ClientKnows::read(b"{}").is_err());
    }
}
