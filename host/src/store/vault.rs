//! The vault: what entries of the trail commit to, once each. A thing lies at an [`Address`], which is
//! HMAC-SHA256 over its kind and its bytes under a key that comes from the tenant's: so the same bytes
//! are kept once, and nobody without the key can try what they were.
//!
//! Rows of other tables name what they need by its address, and the vault counts them. What no row
//! names any more is removed in the same change.

use super::guard::guarded;
use super::records::failure;
use super::sealed::{Address, ModuleKey, ToWrite};
use super::tables as t;
use super::{Change, StoreError, View};
use crate::model::Digest;
use redb::ReadableTable as _;

/// What a thing in the vault is. It is sealed as that and opens as nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thing {
    /// A batch as a module saw it, or what another entry commits to.
    Batch,
    /// What a module asked in a call.
    Question,
    /// What it was given, also of its own notes.
    Given,
    /// A module's answer, or who did what another entry tells.
    Answer,
    /// A module's settings as it saw them.
    Settings,
    /// A module's component.
    Component,
    /// Its `module.toml`.
    Manifest,
    /// The text of a boundary.
    Boundary,
    /// The text of the defaults that a boundary stood under.
    Defaults,
}

impl Thing {
    const fn kind(self) -> &'static str {
        match self {
            Self::Batch => "vault/batch",
            Self::Question => "vault/question",
            Self::Given => "vault/given",
            Self::Answer => "vault/answer",
            Self::Settings => "vault/settings",
            Self::Component => "vault/component",
            Self::Manifest => "vault/manifest",
            Self::Boundary => "vault/boundary",
            Self::Defaults => "vault/defaults",
        }
    }
}

/// Where something lies; none where it has no bytes.
pub(super) type Where = Option<Address>;

/// The vault, open in a change.
pub(super) struct Vault<'c> {
    change: &'c Change,
    things: ToWrite<'c, Address>,
    counts: redb::Table<'c, Address, u64>,
}

impl Vault<'_> {
    /// Keeps bytes, or counts one more row that names them.
    pub(super) fn keep(&mut self, thing: Thing, bytes: &[u8]) -> Result<Where, StoreError> {
        if bytes.is_empty() {
            return Ok(None);
        }
        let address = self.change.seal.address(thing.kind(), bytes);
        if self.things.has(&address)? {
            let named = self.count(address)?;
            self.set_count(address, named + 1)?;
        } else {
            self.things.put_as_kind(thing.kind(), &address, bytes)?;
        }
        Ok(Some(address))
    }

    /// Says that one row less names it; removes it where none does any more.
    pub(super) fn release(&mut self, at: Where) -> Result<(), StoreError> {
        let Some(address) = at else { return Ok(()) };
        match self.count(address)? {
            0 | 1 => self.things.remove(&address).map(drop),
            named => self.set_count(address, named - 1),
        }
    }

    /// How many rows name what is there.
    fn count(&self, address: Address) -> Result<u64, StoreError> {
        let found = self.counts.get(address);
        let found = found.map_err(|e| failure(&self.change.tenant)(&e))?;
        Ok(found.map_or(1, |count| count.value()))
    }

    /// One is not written down: most things are named once.
    fn set_count(&mut self, address: Address, count: u64) -> Result<(), StoreError> {
        let set = match count {
            0 | 1 => self.counts.remove(address).map(drop),
            count => self.counts.insert(address, count).map(drop),
        };
        set.map_err(|e| failure(&self.change.tenant)(&e))
    }
}

impl Change {
    pub(super) fn vault(&self) -> Result<Vault<'_>, StoreError> {
        Ok(Vault {
            change: self,
            things: self.sealed(t::VAULT)?,
            counts: self.plain(t::VAULT_COUNTS)?,
        })
    }

    /// Keeps a module's two files, by the digest of both; those that are kept already are left.
    pub(crate) fn put_module(
        &mut self,
        digest: &Digest,
        component: &[u8],
        manifest: &str,
    ) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let key = ModuleKey::from_bytes(*digest.as_bytes());
            let mut modules = self.sealed(t::MODULES)?;
            if modules.has(&key)? {
                return Ok(());
            }
            let mut vault = self.vault()?;
            let component = vault.keep(Thing::Component, component)?;
            let manifest = vault.keep(Thing::Manifest, manifest.as_bytes())?;
            modules.write(&key, "a module", &(component, manifest))
        })
    }
}

impl View {
    /// The component and the `module.toml` of a module that has worked for the tenant, by the digest of
    /// both, which its runs name; none where it has not.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn module_bytes(&self, digest: &Digest) -> Result<Option<(Vec<u8>, String)>, StoreError> {
        guarded!(self.tenant(), {
            let key = ModuleKey::from_bytes(*digest.as_bytes());
            let row: Option<(Where, Where)> = self.sealed(t::MODULES)?.read(&key, "a module")?;
            let Some((component, manifest)) = row else {
                return Ok(None);
            };
            let component = self.in_vault(Thing::Component, component)?;
            let manifest = self.text_in_vault(Thing::Manifest, manifest)?;
            Ok(Some((component, manifest)))
        })
    }

    /// Whether a module's files are kept.
    pub(crate) fn has_module(&self, digest: &Digest) -> Result<bool, StoreError> {
        guarded!(self.tenant(), {
            let key = ModuleKey::from_bytes(*digest.as_bytes());
            self.sealed(t::MODULES)?.has(&key)
        })
    }

    /// What lies at an address of the vault.
    pub(super) fn in_vault(&self, thing: Thing, at: Where) -> Result<Vec<u8>, StoreError> {
        let Some(address) = at else {
            return Ok(Vec::new());
        };
        let found = self.sealed(t::VAULT)?.get_as_kind(thing.kind(), &address)?;
        found.ok_or_else(|| StoreError::NotInVault {
            tenant: self.tenant().to_string(),
            kind: thing.kind().to_owned(),
        })
    }

    pub(super) fn text_in_vault(&self, thing: Thing, at: Where) -> Result<String, StoreError> {
        let bytes = self.in_vault(thing, at)?;
        String::from_utf8(bytes)
            .map_err(|e| super::records::unreadable(self.tenant(), "a text in the vault", &e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Holding, Instant};
    use crate::store::{Call, Home, Material, Records, make_dir};

    /// A tenant's store in a folder that goes at the end.
    fn with_records(name: &str, test: impl FnOnce(&Records)) {
        let name = format!("casemate-vault-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let home = Home::create(make_dir(&path).unwrap()).unwrap();
        let tenant = crate::model::TenantId::parse("acme").unwrap();
        let scope = home.add_tenant(&tenant).unwrap();
        let writer = scope.lock().unwrap();
        test(&scope.records(&writer, 1 << 20).unwrap());
        std::fs::remove_dir_all(path).unwrap();
    }

    fn material(salt: u8, batch: &str) -> Material {
        let call = |question: &str| Call {
            question: question.as_bytes().to_vec(),
            answer: b"the same answer".to_vec(),
        };
        Material {
            salt: [salt; 32],
            batch: batch.as_bytes().to_vec(),
            calls: vec![call("one"), call("two"), call("one")],
            answer: b"the same answer".to_vec(),
            settings: Vec::new(),
        }
    }

    fn things(records: &Records) -> u64 {
        let view = records.view().unwrap();
        let counted = view.plain(t::VAULT_COUNTS).unwrap();
        let kept = view.sealed(t::VAULT).unwrap();
        for row in counted.iter().unwrap() {
            let (address, count) = row.unwrap();
            assert!(kept.has(&address.value()).unwrap(), "it counts nothing");
            assert!(count.value() > 1);
        }
        kept.len().unwrap()
    }

    #[test]
    fn the_same_bytes_are_kept_once_and_go_with_the_last_that_names_them() {
        with_records("once", |records| {
            let (first, second) = (material(1, "a batch"), material(2, "another"));
            let mut change = records.change().unwrap();
            change.put_material(7, &first).unwrap();
            change.put_material(9, &second).unwrap();
            change.commit().unwrap();
            // Two batches, two questions, an answer of calls, and one of a module.
            assert_eq!(things(records), 6);
            let view = records.view().unwrap();
            assert_eq!(view.material(7).unwrap(), Some(first));
            assert_eq!(view.material(9).unwrap(), Some(second.clone()));

            let mut change = records.change().unwrap();
            let gone = change.expire(Holding::Material, Instant::default(), &[7, 8]);
            assert_eq!(gone.unwrap().count, 1);
            change.commit().unwrap();
            let view = records.view().unwrap();
            assert_eq!(view.material(7).unwrap(), None);
            assert_eq!(view.material(9).unwrap(), Some(second.clone()));
            assert_eq!(things(records), 5);

            // Written anew it takes nothing more.
            let mut change = records.change().unwrap();
            change.put_material(9, &second).unwrap();
            change.commit().unwrap();
            assert_eq!(things(records), 5);
            let mut change = records.change().unwrap();
            change
                .expire(Holding::Material, Instant::default(), &[9])
                .unwrap();
            change.commit().unwrap();
            assert_eq!(things(records), 0);
        });
    }

    #[test]
    fn a_boundary_and_a_module_are_kept_once_and_read_as_they_were() {
        with_records("module", |records| {
            let (digest, other) = (Digest::of(b"a module"), Digest::of(b"none"));
            for entry in [1, 5] {
                let mut change = records.change().unwrap();
                change
                    .put_module(&digest, b"component", "manifest")
                    .unwrap();
                let text = "its five statements";
                change
                    .put_boundary(digest, entry, [1; 32], text, Some("defaults"))
                    .unwrap();
                change.commit().unwrap();
            }
            assert_eq!(things(records), 4);
            let view = records.view().unwrap();
            let read = view.module_bytes(&digest).unwrap().unwrap();
            assert_eq!(read, (b"component".to_vec(), "manifest".to_owned()));
            assert!(view.module_bytes(&other).unwrap().is_none());
            let kept = view.boundary_kept().unwrap().unwrap();
            assert_eq!(kept.own, "its five statements");
            assert_eq!(kept.defaults.as_deref(), Some("defaults"));
        });
    }
}
