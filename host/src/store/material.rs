use super::guard::guarded;
use super::tables as t;
use super::vault::{Thing, Where};
use super::{Change, StoreError, View};

/// What a run's commitments in the trail commit to, with the salt: kept so that the run can be shown
/// and repeated later.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Material {
    /// The salt of every commitment of the run.
    pub salt: [u8; 32],
    /// The batch as the module saw it.
    pub batch: Vec<u8>,
    /// Each call of a capability, in order.
    pub calls: Vec<Call>,
    /// The module's answer; empty where the run failed.
    pub answer: Vec<u8>,
    /// The settings as the module saw them; empty where there was no run.
    pub settings: Vec<u8>,
}

/// One call of a capability.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Call {
    /// What the module asked.
    pub question: Vec<u8>,
    /// What it was given.
    pub answer: Vec<u8>,
}

/// As it lies in its row: the salt, and where in the vault the rest is.
#[derive(serde::Serialize, serde::Deserialize)]
struct Row {
    salt: [u8; 32],
    batch: Where,
    calls: Vec<(Where, Where)>,
    answer: Where,
    settings: Where,
}

const WHAT: &str = "a run's material";

impl Change {
    /// Keeps what an entry's commitments commit to: what is in the vault already is kept once.
    pub(crate) fn put_material(
        &mut self,
        entry: u64,
        material: &Material,
    ) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            self.remove_material(entry)?;
            let mut vault = self.vault()?;
            let mut calls = Vec::with_capacity(material.calls.len());
            for call in &material.calls {
                let question = vault.keep(Thing::Question, &call.question)?;
                calls.push((question, vault.keep(Thing::Given, &call.answer)?));
            }
            let row = Row {
                salt: material.salt,
                batch: vault.keep(Thing::Batch, &material.batch)?,
                calls,
                answer: vault.keep(Thing::Answer, &material.answer)?,
                settings: vault.keep(Thing::Settings, &material.settings)?,
            };
            drop(vault);
            self.put(t::MATERIAL, entry, WHAT, &row)
        })
    }

    /// Removes what an entry's commitments commit to, and of the vault what nothing names any more.
    /// Says whether there was any.
    pub(super) fn remove_material(&mut self, entry: u64) -> Result<bool, StoreError> {
        let mut table = self.sealed(t::MATERIAL)?;
        let Some(row) = table.read::<Row>(&entry, WHAT)? else {
            return Ok(false);
        };
        table.remove(&entry)?;
        drop(table);
        let mut vault = self.vault()?;
        for (question, given) in row.calls {
            vault.release(question)?;
            vault.release(given)?;
        }
        for at in [row.batch, row.answer, row.settings] {
            vault.release(at)?;
        }
        Ok(true)
    }
}

impl View {
    /// What a run's commitments commit to.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn material(&self, run: u64) -> Result<Option<Material>, StoreError> {
        guarded!(self.tenant(), {
            let Some(row) = self.sealed(t::MATERIAL)?.read::<Row>(&run, WHAT)? else {
                return Ok(None);
            };
            let calls = row.calls.into_iter().map(|(question, given)| {
                Ok(Call {
                    question: self.in_vault(Thing::Question, question)?,
                    answer: self.in_vault(Thing::Given, given)?,
                })
            });
            Ok(Some(Material {
                salt: row.salt,
                batch: self.in_vault(Thing::Batch, row.batch)?,
                calls: calls.collect::<Result<_, StoreError>>()?,
                answer: self.in_vault(Thing::Answer, row.answer)?,
                settings: self.in_vault(Thing::Settings, row.settings)?,
            }))
        })
    }
}
