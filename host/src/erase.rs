//! A tenant erased: its data and the key that it was sealed with are destroyed, and its trail stays and
//! still verifies.
//!
//! In this order, each step durable before the next: `tenants.toml` of the home says who erases the
//! tenant, when and why, from when on it does not start; the trail says what is destroyed; the key is
//! destroyed; the files are removed. An erasure that was stopped anywhere is gone on with by the same
//! call. Where that happened before the key was destroyed, the trail says it again.
//!
//! What of the tenant is left: its trail, which holds commitments and no client's data; the key that
//! signs it; and what the operator wrote down in the home's own files: `tenants.toml`, `grants.toml`,
//! `applied.toml`, `owners.toml` and the defaults name the tenant. Documents in quarantine that were known
//! to be this tenant's are sealed with its key and go with it; the others are nobody's and stay. Backups,
//! and copies that somebody else made, are not reached.

use crate::custody::CustodyError;
use crate::model::{Instant, TenantId, Text};
use crate::open::Casemate;
use crate::setup::{SetupError, operator};
use crate::store::{StoreError, TenantScope, WriterLock};
use crate::suspension::{Erasure, Suspensions};
use crate::trail::{self, Commitment, Salt};
use std::time::Duration;

/// How long an erasure waits for whoever works on the tenant.
const WAIT: Duration = Duration::from_secs(10);

/// A tenant that was erased.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Erased {
    /// Who erased it, when and why, as `tenants.toml` of the home says.
    #[serde(flatten)]
    pub erasure: Erasure,
    /// The entry of the trail; none where an earlier call was stopped behind it.
    pub entry: Option<u64>,
    /// Alerts that were held; none where an earlier call destroyed the key.
    pub alerts: Option<u64>,
    /// Files that were removed by this call.
    pub files: u64,
    /// Their bytes together.
    pub bytes: u64,
    /// The salt of the entry's commitments to the reason and to who did it, in hexadecimal digits. It is
    /// kept nowhere: who keeps it can show later what the entry commits to.
    pub salt: Option<String>,
}

impl Casemate {
    /// Erases a suspended tenant, for good. A reader that has its store open keeps what it has.
    ///
    /// # Errors
    /// When there is no such tenant, it works still or was erased before, `by` is no operator of the
    /// roster, somebody works on it, or a file cannot be read, written or removed. Whatever was done
    /// before stays done, and the same call goes on.
    pub fn erase(&self, tenant: &TenantId, by: &str, reason: &str) -> Result<Erased, SetupError> {
        let scope = self.home().tenant(tenant)?;
        operator(self.home(), by)?;
        let _alone = self.home().lock()?;
        let writer = scope.lock_within(WAIT)?;
        let text = self.home().text(Suspensions::FILE)?;
        let standing = Suspensions::parse(text.as_deref()).map_err(SetupError::Written)?;
        let (files, bytes) = scope.to_be_erased()?;
        let has_key = match scope.custody().vault_key(tenant) {
            Ok(_) => true,
            Err(CustodyError::Destroyed { .. }) => false,
            Err(error) => return Err(StoreError::from(error).into()),
        };
        let begun = standing.erased(tenant).cloned();
        let erasure = match begun {
            Some(begun) if !has_key && files == 0 => {
                return Err(SetupError::Erased(tenant.clone(), begun.at));
            }
            Some(begun) => begun,
            None if standing.suspended(tenant).is_none() => {
                return Err(SetupError::WorksYet(tenant.clone()));
            }
            None => {
                let erasure = Erasure {
                    tenant: tenant.clone(),
                    by: Text::capped(by, 254),
                    at: self.settings().clock.now(),
                    reason: Text::capped(reason, 500),
                };
                let new = Suspensions::add_erasure(text.as_deref(), &erasure);
                let new = new.map_err(SetupError::Written)?;
                self.home().replace_text(Suspensions::FILE, &new)?;
                erasure
            }
        };
        let mut erased = Erased {
            erasure,
            entry: None,
            alerts: None,
            files,
            bytes,
            salt: None,
        };
        if has_key {
            self.tell_erasure(&scope, &writer, &mut erased)?;
            let destroyed = scope.custody().destroy_vault_key(tenant);
            destroyed.map_err(StoreError::from)?;
        }
        if let Some(quarantine) = self.home().quarantine_if_any()? {
            quarantine.erase(tenant)?;
        }
        scope.remove_all_but_trail(&writer)?;
        Ok(erased)
    }

    /// Records what is about to be destroyed.
    fn tell_erasure(
        &self,
        scope: &TenantScope,
        writer: &WriterLock,
        erased: &mut Erased,
    ) -> Result<(), SetupError> {
        let in_home = |error| SetupError::InHome(Box::new(error));
        let now: Instant = self.settings().clock.now();
        let (records, log) = self.continue_trail(scope, writer, now).map_err(in_home)?;
        let standing = self.standing().map_err(in_home)?;
        let recorder = self.recorder(&records, &log, now);
        recorder.suspensions(&standing).map_err(in_home)?;
        let alerts = records.view()?.alert_count()?;
        let mut salt = [0; 32];
        self.settings().random.fill(&mut salt)?;
        let salt = Salt::from_bytes(salt);
        let of = |text: &Text| Commitment::of(&salt, text.as_str().as_bytes());
        let entry = trail::Erasure {
            alerts,
            files: erased.files,
            bytes: erased.bytes,
            reason: of(&erased.erasure.reason),
            by: of(&erased.erasure.by),
        };
        let recorded = log.append(now, entry).and_then(|number| {
            log.sync()?;
            Ok(number)
        });
        erased.entry = Some(recorded.map_err(|e| in_home(e.into()))?);
        records.sign(&log).map_err(in_home)?;
        erased.alerts = Some(alerts);
        erased.salt = Some(hex::encode(salt.as_bytes()));
        Ok(())
    }

    /// Whether the erasure of a tenant was begun and not ended.
    ///
    /// # Errors
    /// When its folder or `tenants.toml` cannot be read.
    pub fn is_half_erased(&self, tenant: &TenantId) -> Result<bool, SetupError> {
        if self.suspensions()?.erased(tenant).is_none() {
            return Ok(false);
        }
        let scope = self.home().tenant(tenant)?;
        Ok(match scope.custody().vault_key(tenant) {
            Err(CustodyError::Destroyed { .. }) => scope.to_be_erased()?.0 > 0,
            Ok(_) | Err(_) => true,
        })
    }
}
