//! What a module asks for, and what the three consents leave of it.

use crate::boundary::Boundary;
use crate::model::{Digest, Instant, ModuleName};
use crate::open::Casemate;
use crate::sandbox::{DeniedBy, Granted, Module};
use crate::written::Decision;

/// What one module asks for and gets for one tenant.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ModuleAsked {
    /// The module.
    pub module: ModuleName,
    /// The digest of its component and manifest.
    pub digest: Digest,
    /// Why nobody granted it; none where it is granted.
    pub not_granted: Option<String>,
    /// The module whose place its grant took, and the line of that grant; none where it replaced nothing.
    pub replaces: Option<(ModuleName, Decision)>,
    /// The capabilities it asks for; may be none.
    pub capabilities: Vec<CapabilityAsked>,
    /// The fields it asks for.
    pub fields: Vec<FieldAsked>,
}

/// A capability that a module asks for.
#[derive(Clone, Debug, serde::Serialize)]
pub struct CapabilityAsked {
    /// Which.
    pub capability: String,
    /// Whether it gets it.
    pub given: bool,
    /// Whose consent is missing: `boundary` or `grant`.
    pub denied_by: Option<&'static str>,
    /// The deciding line; none where there is no grant to have one.
    pub by: Option<Decision>,
}

/// A field that a module asks for.
#[derive(Clone, Debug, serde::Serialize)]
pub struct FieldAsked {
    /// Which.
    pub field: String,
    /// Whether it sees it.
    pub given: bool,
    /// The deciding line of the boundary.
    pub by: Decision,
}

impl Casemate {
    /// What a module asks for and what a boundary and the grants leave of it, as of a time. Where it
    /// is not granted at all it gets nothing, and what the boundary says is told all the same.
    pub fn asked(&self, module: &Module, boundary: &Boundary, as_of: Instant) -> ModuleAsked {
        let manifest = module.manifest();
        let granted = Granted::decide(
            boundary.tenant(),
            manifest,
            module.digest(),
            boundary,
            self.grants(),
            as_of,
        );
        let capabilities = manifest.capabilities().map(|capability| {
            let ruling = boundary.rules_on(capability, as_of);
            let denial = granted.as_ref().map(|g| g.denial(capability));
            let (denied_by, by) = match denial {
                Ok(None) => (None, Some(ruling.by)),
                Ok(Some(denial)) => {
                    let whose = match &denial.by {
                        DeniedBy::Manifest(_) => "module",
                        DeniedBy::Boundary(_) => "boundary",
                        DeniedBy::Grant(_) => "grant",
                    };
                    (Some(whose), Some(denial.by.line().clone()))
                }
                Err(_) if !ruling.allowed => (Some("boundary"), Some(ruling.by)),
                Err(_) => (Some("grant"), None),
            };
            CapabilityAsked {
                capability: capability.to_string(),
                given: denied_by.is_none(),
                denied_by,
                by,
            }
        });
        let fields = manifest.fields().iter().map(|field| {
            let ruling = boundary.rules_on_field(field, as_of);
            FieldAsked {
                field: field.to_string(),
                given: ruling.allowed && granted.is_ok(),
                by: ruling.by,
            }
        });
        let decides = self
            .grants()
            .decides(manifest.name(), module.digest(), boundary.tenant());
        let replaces = decides.and_then(|(grant, line)| Some((grant.replaces.clone()?, line)));
        ModuleAsked {
            replaces,
            module: manifest.name().clone(),
            digest: module.digest(),
            capabilities: capabilities.collect(),
            fields: fields.collect(),
            not_granted: granted.as_ref().err().map(|error| error.why.to_string()),
        }
    }
}
