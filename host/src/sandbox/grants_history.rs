//! Who allowed what, and what took its place: the file of grants read as a record.

use super::{Deciding, Grant, GrantedTenants, Grants, Row};
use crate::model::{Capability, Digest, Instant, ModuleName, TenantId, Text};
use crate::written::Decision;

/// One row of the file of grants.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Recorded {
    /// The line it begins on, from 1.
    pub line: u32,
    /// Whether it withdraws the module instead of granting it.
    pub withdrawn: bool,
    /// The module.
    pub module: ModuleName,
    /// Of its component and manifest; none for a withdrawal, which is of whatever bytes.
    pub digest: Option<Digest>,
    /// Whether it is for every tenant, also later ones.
    pub for_all: bool,
    /// The capabilities, at most; none for a withdrawal.
    pub capabilities: Option<Vec<Capability>>,
    /// Limits it lowers.
    pub limits: super::WantedLimits,
    /// Who wrote it, by the id in the roster.
    pub by: Text,
    /// When.
    pub at: Instant,
    /// Whether it carries a signature; that it holds is looked at where signatures are wanted.
    pub carries_signature: bool,
    /// The tenants of the home for whom it decides now.
    pub in_effect_for: Vec<TenantId>,
    /// The tenants of the home for whom a later row took its place.
    pub superseded: Vec<Superseded>,
}

/// A later row that took the place of one.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Superseded {
    /// For whom.
    pub tenant: TenantId,
    /// The line that the later row begins on.
    pub by_line: u32,
    /// Whether that row withdraws the module.
    pub withdrawn: bool,
}

impl Row {
    fn module(&self) -> &ModuleName {
        match self {
            Self::Given(placed) => &placed.grant.module,
            Self::Withdrawn(withdrawal, _) => &withdrawal.module,
        }
    }

    fn tenants(&self) -> &GrantedTenants {
        match self {
            Self::Given(placed) => &placed.grant.tenants,
            Self::Withdrawn(withdrawal, _) => &withdrawal.tenants,
        }
    }

    fn line(&self) -> u32 {
        match self {
            Self::Given(placed) => placed.place.line,
            Self::Withdrawn(_, place) => place.line,
        }
    }

    fn carries_signature(&self) -> bool {
        match self {
            Self::Given(placed) => placed.signature.is_some(),
            Self::Withdrawn(_, _) => false,
        }
    }

    fn is_withdrawal(&self) -> bool {
        match self {
            Self::Given(_) => false,
            Self::Withdrawn(_, _) => true,
        }
    }

    /// Whether this row, standing later, decides instead of that one.
    fn takes_the_place_of(&self, earlier: &Self) -> bool {
        if self.module() != earlier.module() {
            return false;
        }
        match (self, earlier) {
            (Self::Withdrawn(_, _), _) => true,
            (Self::Given(later), Self::Given(earlier)) => {
                later.grant.digest == earlier.grant.digest
            }
            // A module that is granted again is not withdrawn any more, in those bytes.
            (Self::Given(_), Self::Withdrawn(_, _)) => true,
        }
    }
}

impl Grants {
    /// The grant that decides for these bytes of the module and this tenant, and the line it begins
    /// on; none where there is none or it is withdrawn.
    pub fn decides(
        &self,
        module: &ModuleName,
        digest: Digest,
        tenant: &TenantId,
    ) -> Option<(&Grant, Decision)> {
        let Deciding::Grant(grant, _) = self.deciding(module, digest, tenant) else {
            return None;
        };
        let placed = self.given().find(|p| std::ptr::eq(&p.grant, grant))?;
        Some((grant, self.line(placed.place)))
    }

    /// The line that the row of a grant begins on, where it is one of these.
    pub fn line_of(&self, grant: &Grant) -> Option<Decision> {
        let placed = self.given().find(|p| p.grant == *grant)?;
        Some(self.line(placed.place))
    }

    /// Every row, in the order of the file, with what became of it for these tenants.
    pub fn history(&self, tenants: &[TenantId]) -> Vec<Recorded> {
        let rows = self.rows.iter().enumerate();
        rows.map(|(number, row)| self.recorded(number, row, tenants))
            .collect()
    }

    fn recorded(&self, number: usize, row: &Row, tenants: &[TenantId]) -> Recorded {
        let (mut in_effect_for, mut superseded) = (Vec::new(), Vec::new());
        for tenant in tenants.iter().filter(|t| row.tenants().contains(t)) {
            let later = self.rows.iter().skip(number + 1);
            let mut later =
                later.filter(|l| l.tenants().contains(tenant) && l.takes_the_place_of(row));
            match later.next() {
                None => in_effect_for.push(tenant.clone()),
                Some(later) => superseded.push(Superseded {
                    tenant: tenant.clone(),
                    by_line: later.line(),
                    withdrawn: later.is_withdrawal(),
                }),
            }
        }
        let (digest, capabilities, limits, by, at) = match row {
            Row::Given(placed) => {
                let grant = &placed.grant;
                let capabilities = Some(grant.capabilities.clone());
                (
                    Some(grant.digest),
                    capabilities,
                    grant.limits,
                    &grant.by,
                    grant.at,
                )
            }
            Row::Withdrawn(withdrawal, _) => {
                let limits = super::WantedLimits::default();
                (None, None, limits, &withdrawal.by, withdrawal.at)
            }
        };
        Recorded {
            line: row.line(),
            withdrawn: row.is_withdrawal(),
            module: row.module().clone(),
            digest,
            for_all: *row.tenants() == GrantedTenants::All,
            capabilities,
            limits,
            by: by.clone(),
            at,
            carries_signature: row.carries_signature(),
            in_effect_for,
            superseded,
        }
    }
}
