//! Tenants' trails, for whoever must show them: the operator, the client, a stranger.

use crate::earlier::Exported;
use crate::model::{TenantId, Text};
use crate::open::Casemate;
use crate::setup::{SetupError, operator};
use crate::store::{Dir, GoOnError, StoreError, TrailReader, WentOn, export_trail};
use crate::trail::note::{Checkpoint, Proof, SignedCheckpoint, VerifierKey};
use crate::trail::{Commitment, Entries, Finding, Report, Restore, Salt, prove};

/// Why something could not be said of a tenant's trail, or done with it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrailsError {
    /// A file could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Whoever asks for it may not.
    #[error(transparent)]
    NotAllowed(#[from] SetupError),
    /// The log is sound and would be ended.
    #[error(
        "the trail of tenant `{0}` is sound, and going on would end its log for good: the client would have to be told; `--yes-end-a-healthy-log` says that it is meant"
    )]
    Healthy(TenantId),
    /// The tenant has no trail yet, or nothing of it was signed yet.
    #[error(
        "the trail of tenant `{0}` has no checkpoint yet: it gets one when a run for the tenant has ended"
    )]
    NoCheckpoint(TenantId),
    /// The log could not be gone on from.
    #[error("the trail of tenant `{tenant}`: {error}")]
    GoOn {
        /// The tenant.
        tenant: TenantId,
        /// Why.
        error: GoOnError,
    },
    /// The trail is not what it should be.
    #[error("the trail of tenant `{tenant}`: {bad}")]
    Bad {
        /// The tenant.
        tenant: TenantId,
        /// What is wrong.
        bad: Finding,
    },
    /// There is no such earlier log.
    #[error("tenant `{tenant}` has no earlier log `{log}` with a checkpoint; it has {there}")]
    NoLog {
        /// The tenant.
        tenant: TenantId,
        /// What was asked for.
        log: Text,
        /// Those that there are.
        there: String,
    },
    /// A proof of growth between these sizes cannot be made.
    #[error(
        "the log of tenant `{tenant}` is signed over {size} entries: choose sizes up to that, the smaller first, not {old} and {new}"
    )]
    Sizes {
        /// The tenant.
        tenant: TenantId,
        /// The first size.
        old: u64,
        /// The second.
        new: u64,
        /// What the checkpoint is over.
        size: u64,
    },
    /// There is no such entry.
    #[error("the trail of tenant `{tenant}` has no entry {number}")]
    NoEntry {
        /// The tenant.
        tenant: TenantId,
        /// The number asked for.
        number: u64,
    },
    /// No checkpoint covers the entry yet.
    #[error(
        "entry {number} of tenant `{tenant}` is not signed yet: the checkpoint is over {size} entries; one is signed when the work on the tenant ends"
    )]
    NotSigned {
        /// The tenant.
        tenant: TenantId,
        /// The number asked for.
        number: u64,
        /// What the checkpoint is over.
        size: u64,
    },
    /// The tenant's key cannot be used.
    #[error(transparent)]
    Key(#[from] crate::trail::note::SignError),
}

/// What [`Casemate::trail_go_on`] does with a log that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Healthy {
    /// It stays, and that is an error.
    Keep,
    /// It is ended all the same.
    End,
}

/// An entry with the proof that it stands in its log.
#[derive(Clone, Debug)]
pub struct Proven {
    /// The entry's exact bytes.
    pub entry: Vec<u8>,
    /// The proof, with the checkpoint that it leads to.
    pub proof: Proof,
    /// The key that signed the checkpoint.
    pub key: VerifierKey,
}

/// The client's file: see [`Casemate::client_file`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ClientFile {
    /// The tenant.
    pub tenant: TenantId,
    /// The name of its log.
    pub log: String,
    /// The key that signs its checkpoints: `NAME+ID+KEY`.
    pub key: String,
    /// A checkpoint: a signed note, byte for byte.
    pub checkpoint: String,
    /// Who may sign.
    pub roster: Vec<ClientPerson>,
}

/// Somebody who may sign.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ClientPerson {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
    /// What they may do.
    pub roles: Vec<String>,
    /// Their OpenSSH keys, as `authorized_keys` has them.
    pub keys: Vec<String>,
}

impl Casemate {
    /// Checks a tenant's whole trail, also beside its writer: see [`crate::store::TenantScope::verify_trail`].
    ///
    /// # Errors
    /// When a file cannot be read. What is wrong with the trail is in the report.
    pub fn trail_verify(
        &self,
        tenant: &TenantId,
        seen: Option<&Checkpoint>,
    ) -> Result<Option<Report>, TrailsError> {
        Ok(self.home().tenant(tenant)?.verify_trail(seen)?)
    }

    /// The last checkpoint of a tenant's trail, and the key that signed it. The whole trail is checked
    /// before: what is given out is what the key signed, and nothing later is known.
    ///
    /// # Errors
    /// When there is none yet, the trail does not hold, or the key cannot be used.
    pub fn trail_head(
        &self,
        tenant: &TenantId,
    ) -> Result<(SignedCheckpoint, VerifierKey), TrailsError> {
        let scope = self.home().tenant(tenant)?;
        let report = scope.verify_trail(None)?.unwrap_or_default();
        if let Some(bad) = report.bad {
            let tenant = tenant.clone();
            return Err(TrailsError::Bad { tenant, bad });
        }
        let signed = report
            .checkpoint
            .ok_or_else(|| TrailsError::NoCheckpoint(tenant.clone()))?;
        let signer = scope.trail_key().signer(signed.unverified().origin())?;
        Ok((signed, signer.key().clone()))
    }

    /// A proof that an entry stands in a tenant's trail. Where no checkpoint covers the entry yet and
    /// nobody writes for the tenant, one is signed.
    ///
    /// # Errors
    /// When there is no such entry, it is not signed yet, or the trail cannot be read.
    pub fn trail_prove(&self, tenant: &TenantId, number: u64) -> Result<Proven, TrailsError> {
        let (signed, key) = self.trail_head(tenant)?;
        let scope = self.home().tenant(tenant)?;
        prove_in(tenant, &|| scope.read_trail(), signed, key, number)
    }

    /// What the client gets once, when they are taken on: which log is theirs, its key, who may sign
    /// for them, and a first checkpoint. From then on nobody needs to be trusted for them.
    ///
    /// # Errors
    /// As [`Casemate::trail_head`].
    pub fn client_file(&self, tenant: &TenantId) -> Result<ClientFile, TrailsError> {
        let (signed, key) = self.trail_head(tenant)?;
        let people = self.roster().people().iter();
        Ok(ClientFile {
            tenant: tenant.clone(),
            log: signed.unverified().origin().to_owned(),
            key: key.to_string(),
            checkpoint: signed.as_str().to_owned(),
            roster: people
                .map(|person| ClientPerson {
                    id: person.id().to_owned(),
                    name: person.name().to_owned(),
                    roles: person
                        .roles()
                        .iter()
                        .map(|role| role.word().to_owned())
                        .collect(),
                    keys: person.key_lines(),
                })
                .collect(),
        })
    }

    /// Begins a new log for a tenant whose trail was put back to an earlier state, or cannot be read any
    /// more. Its first entry names the last checkpoint that is known of the old one, which is kept as it
    /// is in `trails/` of the tenant's folder. A log that holds is ended only where that is meant.
    ///
    /// # Errors
    /// When whoever does it is no operator of the roster, the log holds and is not to be ended, another
    /// process writes for the tenant, or a file cannot be written.
    pub fn trail_go_on(
        &self,
        tenant: &TenantId,
        by: &str,
        healthy: Healthy,
    ) -> Result<WentOn, TrailsError> {
        operator(self.home(), by)?;
        let scope = self.home().tenant(tenant)?;
        // Before the lock is held: a store that a stopped machine left is repaired by who reads it.
        let report = scope.verify_trail(None);
        let writer = scope.lock()?;
        if healthy == Healthy::Keep && report.is_ok_and(|r| r.is_some_and(|r| r.bad.is_none())) {
            return Err(TrailsError::Healthy(tenant.clone()));
        }
        let random = &*self.settings().random;
        let mut salt = [0; 32];
        random.fill(&mut salt)?;
        let entry = Restore {
            backup: None,
            taken: None,
            before: None,
            kept: None,
            by: Some(Commitment::of(&Salt::from_bytes(salt), by.as_bytes())),
        };
        let now = self.settings().clock.now();
        let went = scope.go_on(&writer, random, now, entry);
        let went = went.map_err(|error| TrailsError::GoOn {
            tenant: tenant.clone(),
            error,
        })?;
        // Who did it and the salt, so that the entry can be shown.
        let records = scope.records(&writer, self.settings().cache_bytes)?;
        let mut change = records.change()?;
        let material = crate::store::Material {
            salt,
            answer: by.as_bytes().to_vec(),
            ..crate::store::Material::default()
        };
        change.put_material(went.entry, &material)?;
        change.commit()?;
        Ok(went)
    }

    /// Writes what a stranger needs to check a tenant's trail into an empty folder: the checkpoint and
    /// the tiles it is over, checked before they are written.
    ///
    /// # Errors
    /// When the trail does not hold, or the folder cannot be written.
    pub fn trail_export(&self, tenant: &TenantId, to: &Dir) -> Result<Exported, TrailsError> {
        let scope = self.home().tenant(tenant)?;
        let report = scope.verify_trail(None)?;
        if let Some(bad) = report.and_then(|report| report.bad) {
            return Err(TrailsError::Bad {
                tenant: tenant.clone(),
                bad,
            });
        }
        let checkpoint = export_trail(&scope, to)?;
        let checkpoint = checkpoint.ok_or_else(|| TrailsError::NoCheckpoint(tenant.clone()))?;
        self.export_beside(tenant, to, checkpoint)
    }
}

/// Proves that an entry stands in a log that these files are of.
pub(crate) fn prove_in(
    tenant: &TenantId,
    files: &dyn Fn() -> Result<Option<TrailReader>, StoreError>,
    signed: SignedCheckpoint,
    key: VerifierKey,
    number: u64,
) -> Result<Proven, TrailsError> {
    let no_entry = || TrailsError::NoEntry {
        tenant: tenant.clone(),
        number,
    };
    let files = || files().map(|files| files.ok_or_else(no_entry));
    let first = Entries::new(files()??).map_err(Finding::from);
    let first = first.map(|mut entries| entries.next());
    let bad = |bad: Finding| TrailsError::Bad {
        tenant: tenant.clone(),
        bad,
    };
    let base = match first.map_err(bad)? {
        Some(first) => first.map_err(|e| bad(e.into()))?.stamped.seq,
        None => return Err(no_entry()),
    };
    let index = number.checked_sub(base).ok_or_else(no_entry)?;
    let found = Entries::after(files()??, index)
        .map_err(|e| bad(e.into()))?
        .next();
    let found = found.ok_or_else(no_entry)?.map_err(|e| bad(e.into()))?;
    if index >= signed.unverified().size() {
        return Err(TrailsError::NotSigned {
            tenant: tenant.clone(),
            number,
            size: signed.unverified().size(),
        });
    }
    let proof = prove(&mut files()??, &signed, index).map_err(|e| bad(Finding::Tile(e)))?;
    // What is handed on holds: a tile that is damaged is found here.
    let held = proof.verify(&found.bytes, &key);
    held.map_err(|e| bad(Finding::Proof(e)))?;
    Ok(Proven {
        entry: found.bytes,
        proof,
        key,
    })
}
