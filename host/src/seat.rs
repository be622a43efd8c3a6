//! A tenant has one grouper and one drafter: who has that seat, and whether a grant may take it.
//!
//! A grant that would put a second module there names the first in `replaces`, and the same row takes it
//! away; so what is in effect after any grant that is written here has one module for a seat. A file that
//! was edited by hand and says otherwise stops that tenant at its start (`Seats`).

use crate::model::{ModuleKind, ModuleName, TenantId};
use crate::sandbox::{Grant, GrantedTenants, Grants, Manifest};
use crate::store::{Home, StoreError};

/// Why a grant cannot take the seat that it is for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrongSeat {
    /// Another module has it, and the grant does not name that.
    #[error(
        "{} already: one {kind} works for a tenant. `--replaces {holder}` grants `{module}` in its place",
        has(.tenant.as_ref(), *.kind, .holder)
    )]
    Taken {
        /// The module that is to be granted.
        module: ModuleName,
        /// Of which kind it is.
        kind: ModuleKind,
        /// For whom the seat is taken; none where it is for the tenants that the home will have later.
        tenant: Option<TenantId>,
        /// The module that has it.
        holder: ModuleName,
    },
    /// The module that is to be replaced has no seat that this one could take.
    #[error(
        "`{holder}` is not the {kind} of any of these tenants, so `{module}` cannot replace it: \
         `casemate module grants` lists what is granted"
    )]
    NotHeld {
        /// The module that is to be granted.
        module: ModuleName,
        /// Of which kind it is.
        kind: ModuleKind,
        /// The module that it was to replace.
        holder: ModuleName,
    },
}

fn has(tenant: Option<&TenantId>, kind: ModuleKind, holder: &ModuleName) -> String {
    match tenant {
        Some(tenant) => format!("tenant `{tenant}` has the {kind} `{holder}`"),
        None => format!("each later tenant has the {kind} `{holder}`"),
    }
}

/// The modules that have the seats a grant is for, as grants are now.
pub(crate) struct Held {
    kind: ModuleKind,
    /// For whom, none of which are the tenants that come later; and the module.
    rows: Vec<(Option<TenantId>, ModuleName)>,
}

impl Held {
    /// Nobody, where the kind has no seat or the grant is to run beside what counts.
    pub(crate) fn read(
        home: &Home,
        grants: &Grants,
        grant: &Grant,
        kind: ModuleKind,
    ) -> Result<Self, StoreError> {
        let mut rows = Vec::new();
        if kind.has_one_seat() && !grant.shadow {
            let is_other = |module: &ModuleName| -> Result<bool, StoreError> {
                Ok(*module != grant.module && kind_of(home, module)? == Some(kind))
            };
            let tenants = match &grant.tenants {
                GrantedTenants::All => home.tenants()?.0,
                GrantedTenants::These(these) => these.clone(),
            };
            for tenant in tenants {
                for held in grants.in_effect(&tenant) {
                    if !held.shadow && is_other(&held.module)? {
                        rows.push((Some(tenant.clone()), held.module.clone()));
                    }
                }
            }
            if grant.tenants == GrantedTenants::All {
                let later = grants.history(&[]).into_iter();
                for row in later.filter(|row| row.for_later && !row.withdrawn && !row.shadow) {
                    if is_other(&row.module)? {
                        rows.push((None, row.module));
                    }
                }
            }
        }
        Ok(Self { kind, rows })
    }

    /// Whether the grant names each module whose seat it takes, and no other.
    pub(crate) fn give_way_to(&self, grant: &Grant) -> Result<(), WrongSeat> {
        let (module, kind) = (grant.module.clone(), self.kind);
        let unnamed = |(_, held): &&(_, ModuleName)| grant.replaces.as_ref() != Some(held);
        if let Some((tenant, holder)) = self.rows.iter().find(unnamed) {
            return Err(WrongSeat::Taken {
                module,
                kind,
                tenant: tenant.clone(),
                holder: holder.clone(),
            });
        }
        match &grant.replaces {
            Some(holder) if self.rows.is_empty() => Err(WrongSeat::NotHeld {
                module,
                kind,
                holder: holder.clone(),
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// The module that has a tenant's seat.
    pub(crate) fn of(&self, tenant: &TenantId) -> Option<&ModuleName> {
        let mut rows = self.rows.iter();
        let (_, module) = rows.find(|(of, _)| of.as_ref() == Some(tenant))?;
        Some(module)
    }
}

/// What a module is by its manifest: as it is installed, or else its candidate.
fn kind_of(home: &Home, module: &ModuleName) -> Result<Option<ModuleKind>, StoreError> {
    let files = match home.module(module)? {
        Some(files) => Some(files),
        None => home.candidate(module)?,
    };
    let manifest = files.and_then(|(_, text)| Manifest::parse(&text).ok());
    Ok(manifest.map(|manifest| manifest.kind()))
}

/// A granted module, and the line of `grants.toml` that its grant begins on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seated {
    /// The module.
    pub module: ModuleName,
    /// The line, from 1; none where the row is not in the file any more.
    pub line: Option<u32>,
}

impl std::fmt::Display for Seated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "`{}` ({}:{line})", self.module, Grants::FILE),
            None => write!(f, "`{}`", self.module),
        }
    }
}

/// Two modules that are granted to a tenant for one seat, in the order of their names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "tenant `{tenant}` has two modules of kind {kind}, {first} and {second}, and one works for a tenant: \
     withdraw the other with `casemate module revoke NAME --tenant {tenant} --by PERSON`"
)]
pub struct TwoSeated {
    /// The tenant.
    pub tenant: TenantId,
    /// Their kind.
    pub kind: ModuleKind,
    /// One of them.
    pub first: Seated,
    /// The other.
    pub second: Seated,
}

/// The seats of a tenant, as they are filled at a start.
pub(crate) struct Seats<'a> {
    tenant: &'a TenantId,
    grants: &'a Grants,
    taken: Vec<(ModuleKind, Seated)>,
}

impl<'a> Seats<'a> {
    pub(crate) fn of(tenant: &'a TenantId, grants: &'a Grants) -> Self {
        Self {
            tenant,
            grants,
            taken: Vec::new(),
        }
    }

    /// Seats a module that is granted to count.
    ///
    /// # Errors
    /// When another module sits there.
    pub(crate) fn take(
        &mut self,
        module: &ModuleName,
        digest: crate::model::Digest,
        kind: ModuleKind,
    ) -> Result<(), TwoSeated> {
        if !kind.has_one_seat() {
            return Ok(());
        }
        let decides = self.grants.decides(module, digest, self.tenant);
        let seated = Seated {
            module: module.clone(),
            line: decides.map(|(_, line)| line.line),
        };
        let of_kind = |(of, other): &&(ModuleKind, Seated)| *of == kind && other.module != *module;
        if let Some((_, first)) = self.taken.iter().find(of_kind) {
            return Err(TwoSeated {
                tenant: self.tenant.clone(),
                kind,
                first: first.clone(),
                second: seated,
            });
        }
        self.taken.push((kind, seated));
        Ok(())
    }
}
