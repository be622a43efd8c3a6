//! Consent, before it is given: what a grant gives to whom, what is known of the module, and whether
//! words of a tenant are compiled into it.

mod words;

pub use words::{NotSearched, words_of};

use crate::boundaries::{HomeDefaults, in_effect};
use crate::boundary::{HostNames, RequireSigned, Roster};
use crate::model::{Capability, Field, Instant, ModuleKind, ModuleName, TenantId, Text};
use crate::sandbox::inspect::{Finding, Hit, Inspection, Rule, Spot};
use crate::sandbox::{
    Denial, Grant, Granted, GrantedLimits, GrantedSettings, GrantedTenants, Grants, Manifest,
    WantedLimits, WantedSettings, module_digest,
};
use crate::setup::{
    SetupError, append_to_grants, has_seat, operator, without_errors, wrong_settings,
};
use crate::store::{Home, StoreError};
use crate::written::{Decision, nearest};

/// With what a module is granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// These capabilities; everything that it asks for where none are said.
    pub capabilities: Option<Vec<Capability>>,
    /// Limits lower than those the module asks for.
    pub limits: WantedLimits,
    /// Settings that are not to be the module's defaults.
    pub settings: WantedSettings,
    /// The module whose place it takes: the grouper or drafter that these tenants have.
    pub replaces: Option<ModuleName>,
}

/// A grant that has not been written yet, with all that somebody should know before it is.
#[derive(Clone, Debug)]
pub struct Consent {
    grant: Grant,
    kind: ModuleKind,
    gives: Vec<Gives>,
    inspection: Inspection,
    hits: Vec<Hit>,
    not_searched: Vec<NotSearched>,
    needs_signature: bool,
}

/// What the grant gives to one tenant: asked for AND allowed AND granted.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Gives {
    /// The tenant.
    pub tenant: TenantId,
    /// The module that does not run for it any more, since this one takes its place.
    pub replaces: Option<ModuleName>,
    /// The capabilities that a run has.
    pub capabilities: Vec<Capability>,
    /// Those that the module asks for and does not have, with the line that decides.
    pub denied: Vec<NotGiven>,
    /// The fields it sees.
    pub fields: Vec<Field>,
    /// The fields it asks for and does not see, with the line that decides.
    pub withheld: Vec<NotSeen>,
    /// The bounds of a run; none where the tenant's boundary does not hold.
    pub limits: Option<GrantedLimits>,
    /// Why nothing runs for the tenant, granted or not.
    pub problem: Option<String>,
}

/// A capability that is asked for and not given.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct NotGiven {
    /// Which.
    pub capability: Capability,
    /// The line that decides.
    pub by: Decision,
}

/// A field that is asked for and not seen.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct NotSeen {
    /// Which.
    pub field: Field,
    /// The line that decides.
    pub by: Decision,
}

/// For whom, by whom, and whether it is to count.
struct Who<'a> {
    tenants: GrantedTenants,
    by: &'a str,
    at: Instant,
    shadow: bool,
}

impl Consent {
    /// Prepares the grant of an installed module, as it is now, and looks at everything. Nothing is
    /// written.
    ///
    /// # Errors
    /// When there is no such module or tenant, `by` is no operator of the roster, or the module does
    /// not ask for a capability that is to be granted.
    pub fn prepare(
        home: &Home,
        module: &ModuleName,
        tenants: GrantedTenants,
        by: &str,
        at: Instant,
        terms: &Terms,
    ) -> Result<Self, SetupError> {
        let files = home
            .module(module)?
            .ok_or_else(|| SetupError::NoModule(module.clone()))?;
        let who = Who {
            tenants,
            by,
            at,
            shadow: false,
        };
        Self::look(home, (&files.0, &files.1), who, terms)
    }

    /// Looks at what a candidate would be given, which is all that it asks for: beside the version that
    /// counts, or in its place. Nothing is written, and it is not granted by [`Consent::give`].
    ///
    /// # Errors
    /// As [`Consent::prepare`].
    pub fn of_candidate(
        home: &Home,
        component: &[u8],
        manifest: &str,
        tenants: &[TenantId],
        by: &str,
        at: Instant,
        beside: bool,
    ) -> Result<Self, SetupError> {
        let who = Who {
            tenants: GrantedTenants::These(tenants.to_vec()),
            by,
            at,
            shadow: beside,
        };
        Self::look(home, (component, manifest), who, &Terms::default())
    }

    fn look(
        home: &Home,
        (component, manifest_text): (&[u8], &str),
        who: Who<'_>,
        terms: &Terms,
    ) -> Result<Self, SetupError> {
        let Who {
            tenants,
            by,
            at,
            shadow,
        } = who;
        operator(home, by)?;
        let inspection =
            Inspection::of(component, Some(manifest_text)).map_err(SetupError::Written)?;
        let manifest = Manifest::parse(manifest_text).map_err(SetupError::Written)?;
        let module = manifest.name();
        let limits = GrantedLimits::of(manifest.limits(), terms.limits);
        without_errors(module, &inspection, Some(limits))?;
        if let Some(stranger) = terms.capabilities.iter().flatten().find(|wanted| {
            let mut asked = manifest.capabilities();
            !asked.any(|capability| capability == **wanted)
        }) {
            return Err(SetupError::NotAskedFor(module.clone(), *stranger));
        }
        GrantedSettings::resolve(manifest.settings(), &terms.settings)
            .map_err(|wrong| wrong_settings(module, wrong))?;
        let asked = || manifest.capabilities().collect();
        let mut grant = Grant {
            module: module.clone(),
            digest: module_digest(component, manifest_text.as_bytes()),
            tenants,
            capabilities: terms.capabilities.clone().unwrap_or_else(asked),
            by: Text::capped(by, 200),
            at,
            limits: terms.limits,
            settings: terms.settings.clone(),
            shadow,
            replaces: terms.replaces.clone(),
        };
        grant.capabilities.sort();
        grant.capabilities.dedup();
        let ids = match &grant.tenants {
            GrantedTenants::All => home.tenants()?.0,
            GrantedTenants::These(ids) => ids.clone(),
        };
        let text = home.text(Grants::FILE)?;
        let text = text.unwrap_or_else(|| "version = 1\n".to_owned());
        let held = has_seat(home, &text, &grant, manifest.kind())?;
        let text = Grants::add(&text, &grant).map_err(SetupError::Written)?;
        let grants = Grants::parse(&text).map_err(SetupError::Written)?;
        let roster = home.text(Roster::FILE)?.unwrap_or_default();
        let roster = Roster::parse(&roster).map_err(SetupError::Written)?;
        let defaults =
            HomeDefaults::read(home, &HostNames::none(), &roster, RequireSigned::default())?;
        let written = (&roster, &defaults);
        let gives = ids
            .iter()
            .map(|tenant| {
                let gives = Gives::of(home, tenant, &manifest, &grant, &grants, written)?;
                let replaces = held.of(tenant).cloned();
                Ok(Gives { replaces, ..gives })
            })
            .collect::<Result<_, StoreError>>()?;
        let required = RequireSigned::parse(home.text(RequireSigned::FILE)?.as_deref());
        let required = required.map_err(SetupError::Written)?;
        let (words, not_searched) = words_of(home)?;
        let hits = words.search(component, manifest_text);
        Ok(Self {
            kind: manifest.kind(),
            grant,
            gives,
            inspection,
            hits,
            not_searched,
            needs_signature: required.grants,
        })
    }

    /// Prepares a grant from [`Grant::text`], as somebody signed it, and looks at everything again.
    ///
    /// # Errors
    /// As [`Consent::prepare`]; when the text is none of one grant, or the module is not the one that it
    /// names any more.
    pub fn of_text(home: &Home, text: &str) -> Result<Self, SetupError> {
        let grants = Grants::parse(&format!("version = 1\n{text}")).map_err(SetupError::Written)?;
        let mut all = grants.iter();
        let (Some(grant), None) = (all.next(), all.next()) else {
            return Err(SetupError::NotThisGrant(
                "the file holds not just one grant",
            ));
        };
        if grant.text() != text || grant.shadow {
            return Err(SetupError::NotThisGrant(
                "the file is not as it was written: what is signed would not be what is granted",
            ));
        }
        let terms = Terms {
            capabilities: Some(grant.capabilities.clone()),
            limits: grant.limits,
            settings: grant.settings.clone(),
            replaces: grant.replaces.clone(),
        };
        let tenants = grant.tenants.clone();
        let by = grant.by.as_str();
        let again = Self::prepare(home, &grant.module, tenants, by, grant.at, &terms)?;
        match again.grant == *grant {
            true => Ok(again),
            false => Err(SetupError::NotThisGrant(
                "the module that is installed is not the one that was granted in the file",
            )),
        }
    }

    /// The grant as it would be written.
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// What it gives to each tenant that it names, in the order they are named.
    pub fn gives(&self) -> &[Gives] {
        &self.gives
    }

    /// What is known of the module.
    pub fn inspection(&self) -> &Inspection {
        &self.inspection
    }

    /// Words of tenants that are in the module.
    pub fn hits(&self) -> &[Hit] {
        &self.hits
    }

    /// Files of tenants that could not be read for their words.
    pub fn not_searched(&self) -> &[NotSearched] {
        &self.not_searched
    }

    /// Whether the home wants grants signed, so that only [`Consent::give_signed`] writes it.
    pub fn needs_signature(&self) -> bool {
        self.needs_signature
    }

    /// Everything that somebody should look at: of the inspection, of the search, and of the limits.
    pub fn findings(&self) -> Vec<Finding> {
        let mut found = self.inspection.findings.clone();
        found.extend(self.hits.iter().map(|hit| of_hit(hit, &self.grant.module)));
        let over = |rule: Rule| move |f: &Finding| f.rule == rule;
        if !found.iter().any(over(Rule::MemoryOverLimit)) {
            let limits = self.gives.iter().filter_map(|gives| gives.limits);
            let over = limits.filter_map(|limits| self.inspection.over_memory(limits));
            found.extend(over.take(1).map(|f| f.of_module(&self.grant.module)));
        }
        found.sort_by_key(|f| std::cmp::Reverse(f.level));
        found
    }

    /// Writes the grant, of the bytes that were looked at: where the module was replaced since, what is
    /// installed now is not granted.
    ///
    /// # Errors
    /// When the home wants grants signed, or the file of grants does not hold or cannot be written.
    pub fn give(&self, home: &Home) -> Result<&Grant, SetupError> {
        // An unsigned one would not only give nothing: it would take the place of a signed one.
        if self.needs_signature {
            return Err(SetupError::NeedsSignature(self.grant.module.clone()));
        }
        append_to_grants(home, |text| {
            has_seat(home, text, &self.grant, self.kind)?;
            Grants::add(text, &self.grant).map_err(SetupError::Written)
        })?;
        Ok(&self.grant)
    }

    /// As [`Consent::give`], with the operator's signature over [`Grant::text`].
    ///
    /// # Errors
    /// When the signature does not hold, or the file of grants does not hold or cannot be written.
    pub fn give_signed(&self, home: &Home, signature: &str) -> Result<&Grant, SetupError> {
        let roster = home.text(Roster::FILE)?.unwrap_or_default();
        let roster = Roster::parse(&roster).map_err(SetupError::Written)?;
        let signed = self.grant.signed(&roster, signature);
        signed.map_err(SetupError::NotSigned)?;
        append_to_grants(home, |text| {
            let grants = Grants::parse(text).map_err(SetupError::Written)?;
            if grants.has_decided_since(&self.grant) {
                return Err(SetupError::NotThisGrant(
                    "something was decided about the module and one of these tenants since the \
                     grant was written, or at the same time",
                ));
            }
            has_seat(home, text, &self.grant, self.kind)?;
            Grants::add_signed(text, &self.grant, signature).map_err(SetupError::Written)
        })?;
        Ok(&self.grant)
    }
}

impl Gives {
    fn of(
        home: &Home,
        tenant: &TenantId,
        manifest: &Manifest,
        grant: &Grant,
        grants: &Grants,
        (roster, defaults): (&Roster, &HomeDefaults),
    ) -> Result<Self, StoreError> {
        let mut gives = Self {
            tenant: tenant.clone(),
            replaces: None,
            capabilities: Vec::new(),
            denied: Vec::new(),
            fields: Vec::new(),
            withheld: Vec::new(),
            limits: None,
            problem: None,
        };
        let boundary = match in_effect(&home.tenant(tenant)?, roster, defaults) {
            Ok(boundary) => boundary,
            Err(error) => {
                let said = error.to_string();
                let said = said.lines().next().unwrap_or_default();
                gives.problem = Some(format!("nothing runs for it: {said}"));
                return Ok(gives);
            }
        };
        match Granted::decide(tenant, manifest, grant.digest, &boundary, grants, grant.at) {
            Ok(granted) => gives.granted(&granted),
            Err(error) => gives.problem = Some(error.to_string()),
        }
        Ok(gives)
    }

    fn granted(&mut self, granted: &Granted) {
        let not_given = |denial: &Denial| NotGiven {
            capability: denial.capability,
            by: denial.by.line().clone(),
        };
        self.capabilities = granted.capabilities().to_vec();
        let denied = granted.denied().iter().filter(|denial| denial.asked);
        self.denied = denied.map(not_given).collect();
        self.fields = granted.fields().iter().collect();
        let withheld = granted.withheld().iter().map(|w| NotSeen {
            field: w.field,
            by: w.by.clone(),
        });
        self.withheld = withheld.collect();
        self.limits = Some(granted.limits());
    }
}

/// A hit of the search as a finding.
pub(crate) fn of_hit(hit: &Hit, module: &ModuleName) -> Finding {
    let rule = match hit.ordinary {
        true => Rule::OrdinaryWord,
        false => Rule::TenantData,
    };
    let more = match hit.count {
        1 => String::new(),
        count => format!(", {count} times"),
    };
    let ordinary = match hit.ordinary {
        true => "; it is also an ordinary word, so look before you worry",
        false => ": it would cross with the module to every tenant it runs for",
    };
    let message = format!(
        "the {} `{}` of tenant `{}` is in {} at byte {} ({}, {}){more}{ordinary}",
        hit.kind.word(),
        hit.word,
        hit.tenant,
        hit.file,
        hit.byte,
        hit.part,
        hit.encoding,
    );
    let mut place = Spot::file(format!("modules/{module}/{}", hit.file));
    place.byte = Some(hit.byte);
    Finding::new(rule, message, place)
        .of_tenant(&hit.tenant)
        .of_module(module)
}

/// The installed module whose name is spelt nearly so.
///
/// # Errors
/// When the home cannot be read.
pub fn nearest_module(home: &Home, written: &str) -> Result<Option<String>, StoreError> {
    let names = home.modules()?;
    let near = nearest(written, names.iter().map(ModuleName::as_str));
    Ok(near.map(str::to_owned))
}

/// The tenant whose id is spelt nearly so.
///
/// # Errors
/// When the home cannot be read.
pub fn nearest_tenant(home: &Home, written: &str) -> Result<Option<String>, StoreError> {
    let (tenants, _) = home.tenants()?;
    let near = nearest(written, tenants.iter().map(TenantId::as_str));
    Ok(near.map(str::to_owned))
}
