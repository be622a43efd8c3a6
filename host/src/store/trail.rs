//! A tenant's trail: where it lies, the key that signs it, and whether it holds.

use super::shelf::{TrailFolder, TrailReader};
use super::{Records, StoreError, TenantScope, WriterLock, file};
use crate::custody::{Custody, CustodyError};
use crate::model::TenantId;
use crate::trail::note::{Checkpoint, NoteFault, SignError, SignedCheckpoint, Signer, VerifierKey};
use crate::trail::{
    Apart, CheckpointKey, Files as _, Finding, JOURNAL, Report, Seal, StoreSays, head_checkpoint,
    stands, stands_without, verify,
};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How often a trail that does not hold is read again, where somebody may be writing it.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(40);

impl TenantScope {
    /// Opens the trail's folder for writing, making it where it is not there.
    ///
    /// # Errors
    /// When it cannot be opened; [`StoreError::Closed`] once a write to the tenant's files has failed in
    /// this process.
    pub fn trail(&self, _writer: &WriterLock) -> Result<TrailFolder, StoreError> {
        self.closing().check()?;
        let fail = || StoreError::io(self.path("trail"));
        let dir = self.folder();
        dir.create_dir_all("trail").map_err(fail())?;
        let folder = dir.open_dir("trail").map_err(fail())?;
        file::sync(dir).map_err(fail())?;
        let reader = TrailReader::new(folder, self.path("trail"));
        Ok(TrailFolder::new(
            reader,
            Arc::clone(self.home()),
            self.head(),
            self.closing().clone(),
        ))
    }

    /// The trail as it lies; none where there is no trail yet.
    ///
    /// # Errors
    /// When its folder cannot be opened.
    pub fn read_trail(&self) -> Result<Option<TrailReader>, StoreError> {
        self.read_log("trail")
    }

    /// As [`TenantScope::read_trail`], of a log that another one goes on after.
    ///
    /// # Errors
    /// When its folder cannot be opened.
    pub fn read_trail_before(&self, log: &str) -> Result<Option<TrailReader>, StoreError> {
        let is_name =
            !log.is_empty() && log.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
        match is_name && !log.starts_with('.') {
            true => self.read_log(&format!("trails/{log}")),
            false => Ok(None),
        }
    }

    /// The names of the logs that others go on after, ascending.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn trails_before(&self) -> Result<Vec<String>, StoreError> {
        let names = super::folders::folders(self.folder(), "trails");
        let mut names = names.map_err(StoreError::io(self.path("trails")))?;
        names.sort();
        Ok(names)
    }

    fn read_log(&self, path: &str) -> Result<Option<TrailReader>, StoreError> {
        let fail = || StoreError::io(self.path(path));
        let folder = match self.folder().open_dir(path) {
            Ok(folder) => folder,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(fail()(e)),
        };
        let is_there = |name| folder.try_exists(name).map_err(fail());
        let is_begun = is_there("journal")? || is_there("checkpoint")?;
        Ok(is_begun.then(|| TrailReader::new(folder, self.path(path))))
    }

    /// The key that signs the checkpoints of the tenant's logs, wherever it is kept.
    pub fn trail_key(&self) -> Arc<dyn CheckpointKey> {
        Arc::new(KeptKey {
            tenant: self.tenant().clone(),
            custody: Arc::clone(self.custody()),
        })
    }

    /// The last checkpoint of the tenant's trail as it is kept outside of its folder; none where none
    /// was signed yet.
    ///
    /// # Errors
    /// When it cannot be read, or is not as it was written.
    pub fn known_checkpoint(&self) -> Result<Option<Checkpoint>, StoreError> {
        let head = self.head();
        let Some(bytes) = file::read(self.home(), &head, 64 << 20)? else {
            return Ok(None);
        };
        let wrong = || StoreError::io(&head)(io::Error::other("is not as it was written"));
        let signed = head_checkpoint(&bytes).ok_or_else(wrong)?;
        Ok(Some(signed.unverified().clone()))
    }

    /// The checkpoint that lies in the trail's folder; none where none was signed yet. That the tenant's
    /// key signed it is for [`TenantScope::verify_trail`].
    ///
    /// # Errors
    /// When it cannot be read, or is no checkpoint.
    pub fn checkpoint(&self) -> Result<Option<SignedCheckpoint>, StoreError> {
        let path = "trail/checkpoint";
        let Some(bytes) = file::read(self.folder(), path, 64 << 10)? else {
            return Ok(None);
        };
        let wrong = |fault: NoteFault| StoreError::io(self.path(path))(io::Error::other(fault));
        Ok(Some(SignedCheckpoint::parse(&bytes).map_err(wrong)?))
    }

    /// Checks the whole trail as it lies, also beside its writer: against the tenant's key, against
    /// what is known of it outside of its folder, and against what was seen before. None where there
    /// is no trail yet.
    ///
    /// # Errors
    /// When a file cannot be read. What is wrong with the trail is in the report.
    pub fn verify_trail(&self, seen: Option<&Checkpoint>) -> Result<Option<Report>, StoreError> {
        let mut tried = 0;
        loop {
            tried += 1;
            let report = self.verify_once(seen)?;
            let is_bad = report.as_ref().is_some_and(|report| report.bad.is_some());
            if !is_bad || tried == TRIES {
                return Ok(report);
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn verify_once(&self, seen: Option<&Checkpoint>) -> Result<Option<Report>, StoreError> {
        let key = self.trail_key();
        let named = |log: &str| key.signer(log).ok().map(|signer| signer.key().clone());
        // The store, the head, then the folder: a writer signs, and then says so in the other order.
        let sealed = self.store_says()?;
        let head = file::read(self.home(), &self.head(), 64 << 20)?;
        let signed = head.as_deref().map(head_checkpoint);
        let known = signed.flatten();
        let known = known.as_ref().map(SignedCheckpoint::unverified);
        let Some(mut trail) = self.read_trail()? else {
            let apart = stands_without(known, sealed).err();
            let seen = seen.map(|seen| Finding::NoCheckpoint { seen: seen.size() });
            let bad = apart.map(Finding::Apart).or(seen);
            return Ok(bad.map(Report::without));
        };
        let mut report = verify(&mut trail, &named, seen);
        if report.bad.is_none() && head.is_some() && known.is_none() {
            report.bad = Some(Finding::HeadDamaged);
        }
        if report.bad.is_none()
            && trail
                .read(JOURNAL)
                .map_err(StoreError::io(self.path("trail")))?
                .is_none()
        {
            report.bad = Some(Apart::NoJournal.into());
        }
        if let (None, Some(log)) = (&report.bad, report.origin) {
            let through = self.store_says()?;
            let store = match (sealed, through) {
                (
                    StoreSays::Sealed(Seal { signed, .. }),
                    StoreSays::Sealed(Seal { through, .. }),
                ) => StoreSays::Sealed(Seal { signed, through }),
                (_, later) => later,
            };
            let signed = report.checkpoint.as_ref();
            let signed = signed.map(SignedCheckpoint::unverified);
            let entries = report.totals.entries;
            let stands = stands(&mut trail, log, (signed, entries), known, Some(store));
            report.bad = stands.err().map(Finding::Apart);
        }
        Ok(Some(report))
    }

    /// What the store says of the trail, beside a writer or without one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn store_says(&self) -> Result<StoreSays, StoreError> {
        if self.is_destroyed() {
            return Ok(StoreSays::Destroyed);
        }
        let view = self.read_records(1 << 20)?;
        let seal = view.map(|view| view.trail_seal()).transpose()?.flatten();
        Ok(seal.map_or(StoreSays::Nothing, StoreSays::Sealed))
    }

    /// The store open for writing, where there is one, and what it says of the trail. One that a stopped
    /// machine left is repaired.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn records_if_any(
        &self,
        writer: &WriterLock,
        cache_bytes: usize,
    ) -> Result<(StoreSays, Option<Records>), StoreError> {
        if self.is_destroyed() {
            return Ok((StoreSays::Destroyed, None));
        }
        if !self.has_store() {
            return Ok((StoreSays::Nothing, None));
        }
        let records = self.records(writer, cache_bytes)?;
        let seal = records.view()?.trail_seal()?;
        let says = seal.map_or(StoreSays::Nothing, StoreSays::Sealed);
        Ok((says, Some(records)))
    }

    /// Whether what the tenant's data is sealed with was destroyed.
    pub(super) fn is_destroyed(&self) -> bool {
        let key = self.custody().vault_key(self.tenant());
        matches!(key, Err(CustodyError::Destroyed { .. }))
    }

    /// Where in the home the head of the trail is kept.
    fn head(&self) -> String {
        format!("heads/{}", self.tenant())
    }
}

/// A tenant's key in the custody.
struct KeptKey {
    tenant: TenantId,
    custody: Arc<dyn Custody>,
}

/// The same under the name of a log.
struct KeptSigner {
    key: VerifierKey,
    kept: KeptKey,
}

impl CheckpointKey for KeptKey {
    fn signer(&self, log: &str) -> Result<Box<dyn Signer>, SignError> {
        let Self { tenant, custody } = self;
        let public = custody.public_key(tenant);
        let public = public.map_err(|error| SignError::new(error.to_string()))?;
        Ok(Box::new(KeptSigner {
            key: VerifierKey::from_ed25519(log, public)
                .map_err(|error| SignError::new(error.to_string()))?,
            kept: Self {
                tenant: tenant.clone(),
                custody: Arc::clone(custody),
            },
        }))
    }
}

impl Signer for KeptSigner {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        let KeptKey { tenant, custody } = &self.kept;
        let signed = custody.sign(tenant, message);
        signed.map_err(|error| SignError::new(error.to_string()))
    }
}
