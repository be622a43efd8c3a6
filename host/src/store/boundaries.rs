//! The boundary that was last in effect, as it is kept.

use super::guard::guarded;
use super::tables as t;
use super::vault::{Thing, Where};
use super::{Change, StoreError, View};
use crate::model::Digest;

/// A boundary as it is kept.
pub(crate) struct Kept {
    /// The digest of what was in effect.
    pub(crate) digest: Digest,
    /// The tenant's own text.
    pub(crate) own: String,
    /// The text of the defaults that it stood under.
    pub(crate) defaults: Option<String>,
}

impl Change {
    /// Keeps the boundary that is in effect, with the salt of its entry in the trail: the tenant's own
    /// text, and that of the defaults it stands under.
    pub(crate) fn put_boundary(
        &mut self,
        digest: Digest,
        entry: u64,
        salt: [u8; 32],
        text: &str,
        defaults: Option<&str>,
    ) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let mut vault = self.vault()?;
            let own = vault.keep(Thing::Boundary, text.as_bytes())?;
            let defaults = match defaults {
                Some(text) => Some(vault.keep(Thing::Defaults, text.as_bytes())?),
                None => None,
            };
            drop(vault);
            if let Some(at) = defaults {
                self.put(t::DEFAULTS, entry, "defaults", &at)?;
            }
            self.put(t::BOUNDARIES, entry, "a boundary", &(digest, salt, own))
        })
    }
}

impl View {
    /// The digest of the boundary that was last in effect.
    pub fn boundary_digest(&self) -> Result<Option<Digest>, StoreError> {
        guarded!(self.tenant(), {
            Ok(self.last_boundary()?.map(|(_, digest, _)| digest))
        })
    }

    /// The boundary that was last in effect; none where none was yet.
    pub(crate) fn boundary_kept(&self) -> Result<Option<Kept>, StoreError> {
        guarded!(self.tenant(), {
            let Some((entry, digest, own)) = self.last_boundary()? else {
                return Ok(None);
            };
            let table = self.sealed(t::DEFAULTS)?;
            let defaults = table.read::<Where>(&entry, "defaults")?;
            let defaults = defaults.map(|at| self.text_in_vault(Thing::Defaults, at));
            Ok(Some(Kept {
                digest,
                own: self.text_in_vault(Thing::Boundary, own)?,
                defaults: defaults.transpose()?,
            }))
        })
    }

    /// Its entry in the trail, its digest and where the tenant's own text is.
    fn last_boundary(&self) -> Result<Option<(u64, Digest, Where)>, StoreError> {
        let table = self.sealed(t::BOUNDARIES)?;
        let Some(row) = table.all()?.last_row()? else {
            return Ok(None);
        };
        let (digest, _, own): (Digest, [u8; 32], Where) = row.read("a boundary")?;
        Ok(Some((row.key(), digest, own)))
    }
}
