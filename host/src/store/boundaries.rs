//! The boundary that was last in effect, as it is kept.

use super::guard::guarded;
use super::records::decode;
use super::tables as t;
use super::{StoreError, View};
use crate::model::Digest;
use redb::ReadableTable as _;

/// A boundary as it is kept.
pub(crate) struct Kept {
    /// The digest of what was in effect.
    pub(crate) digest: Digest,
    /// The tenant's own text.
    pub(crate) own: String,
    /// The text of the defaults that it stood under.
    pub(crate) defaults: Option<String>,
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
            let table = self.table(t::DEFAULTS)?;
            let defaults = table.get(entry).map_err(|e| self.fail(&e))?;
            let defaults = defaults.map(|bytes| decode(self.tenant(), "defaults", bytes.value()));
            Ok(Some(Kept {
                digest,
                own,
                defaults: defaults.transpose()?,
            }))
        })
    }

    /// Its entry in the trail, its digest and the tenant's own text.
    fn last_boundary(&self) -> Result<Option<(u64, Digest, String)>, StoreError> {
        let table = self.table(t::BOUNDARIES)?;
        let Some((entry, bytes)) = table.last().map_err(|e| self.fail(&e))? else {
            return Ok(None);
        };
        let (digest, _, own): (Digest, [u8; 32], String) =
            decode(self.tenant(), "a boundary", bytes.value())?;
        Ok(Some((entry.value(), digest, own)))
    }
}
