//! Who allowed what, and what took its place: the file of grants read as a record.

use super::{Deciding, Grant, GrantedTenants, Grants, Proof, Row};
use crate::model::{Capability, Digest, Instant, ModuleName, TenantId, Text};
use crate::written::Decision;

/// One row of the file of grants.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Recorded {
    /// The line it begins on, from 1.
    pub line: u32,
    /// Whether it withdraws the module instead of granting it.
    pub withdrawn: bool,
    /// Whether it is to run beside the version that counts; a withdrawal, whether only from there.
    pub shadow: bool,
    /// The module.
    pub module: ModuleName,
    /// The module that it takes the place of.
    pub replaces: Option<ModuleName>,
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
    /// Why it does not count as signed, where that is wanted: then it gives nothing to anybody.
    pub not_signed: Option<String>,
    /// The tenants of the home for whom it decides now.
    pub in_effect_for: Vec<TenantId>,
    /// Whether it decides for tenants that the home will have later.
    pub for_later: bool,
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

    fn replaces(&self) -> Option<&ModuleName> {
        match self {
            Self::Given(placed) => placed.grant.replaces.as_ref(),
            Self::Withdrawn(_, _) => None,
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

    /// Whether it speaks of a version that runs beside the one that counts, and of no other.
    fn is_shadow(&self) -> bool {
        match self {
            Self::Given(placed) => placed.grant.shadow,
            Self::Withdrawn(row, _) => row.shadow,
        }
    }

    /// Whether this row, standing later, decides instead of that one.
    fn takes_the_place_of(&self, earlier: &Self) -> bool {
        if self.replaces() == Some(earlier.module()) {
            return true;
        }
        if self.module() != earlier.module() {
            return false;
        }
        match (self, earlier) {
            // One of what runs beside withdraws nothing that counts.
            (Self::Withdrawn(_, _), _) => !self.is_shadow() || earlier.is_shadow(),
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
        let not_signed = match row {
            Row::Given(placed) => match &placed.proof {
                Proof::Lacking(why) => Some(why.to_string()),
                Proof::NotWanted | Proof::Proven(_) => None,
            },
            Row::Withdrawn(_, _) => None,
        };
        let for_all = |row: &Row| *row.tenants() == GrantedTenants::All;
        let mut later = self.rows.iter().skip(number + 1);
        let for_later = for_all(row) && !later.any(|l| for_all(l) && l.takes_the_place_of(row));
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
            shadow: row.is_shadow(),
            module: row.module().clone(),
            replaces: row.replaces().cloned(),
            digest,
            for_all: for_all(row),
            capabilities,
            limits,
            by: by.clone(),
            at,
            carries_signature: row.carries_signature(),
            not_signed,
            in_effect_for,
            for_later,
            superseded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"version = 1
[[grant]]
module = "a"
digest = "sha256:0000000000000000000000000000000000000000000000000000000000000001"
tenants = "all"
capabilities = ["assets"]
by = "ada@m.example"
at = 2026-11-20T08:00:00Z
[[grant]]
module = "a"
digest = "sha256:0000000000000000000000000000000000000000000000000000000000000001"
tenants = ["acme"]
capabilities = []
by = "bo@m.example"
at = 2026-11-21T08:00:00Z
"#;
    const WITHDRAWN: &str = "[[grant]]\nwithdrawn = true\nmodule = \"a\"\ntenants = \"all\"\nby = \"ada@m.example\"\nat = 2026-11-22T08:00:00Z\n";

    fn tenant(id: &str) -> TenantId {
        TenantId::parse(id).unwrap()
    }

    #[test]
    fn each_row_says_for_whom_it_decides_and_what_took_its_place() {
        let tenants = [tenant("acme"), tenant("bolt")];
        let rows = Grants::parse(FILE).unwrap().history(&tenants);
        assert_eq!(rows[0].in_effect_for, [tenant("bolt")]);
        let superseded = Superseded {
            tenant: tenant("acme"),
            by_line: 9,
            withdrawn: false,
        };
        assert_eq!(rows[0].superseded, [superseded]);
        assert!(rows[0].for_later && rows[0].for_all && !rows[1].for_later);
        assert_eq!(rows[1].in_effect_for, [tenant("acme")]);
        let rows = Grants::parse(&format!("{FILE}{WITHDRAWN}"))
            .unwrap()
            .history(&tenants);
        assert!(rows[0].in_effect_for.is_empty() && !rows[0].for_later);
        assert!(rows[0].superseded[1].withdrawn && rows[2].withdrawn && rows[2].for_later);
        assert_eq!(rows[2].in_effect_for, tenants);
    }

    #[test]
    fn the_grant_that_decides_is_told_with_its_line() {
        let grants = Grants::parse(FILE).unwrap();
        let digest = grants.iter().next().unwrap().digest;
        let module = ModuleName::parse("a").unwrap();
        let by = |id| {
            let (grant, line) = grants.decides(&module, digest, &tenant(id)).unwrap();
            (grant.by.to_string(), line.line)
        };
        assert_eq!(by("acme"), ("bo@m.example".to_owned(), 9));
        assert_eq!(by("bolt"), ("ada@m.example".to_owned(), 2));
        assert!(
            grants
                .decides(&module, Digest::of(b"x"), &tenant("acme"))
                .is_none()
        );
        let none = Grants::parse(&format!("{FILE}{WITHDRAWN}")).unwrap();
        assert!(none.decides(&module, digest, &tenant("acme")).is_none());
    }
}
