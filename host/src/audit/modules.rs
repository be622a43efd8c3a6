//! The modules of a home, as they lie there.

use crate::consent::of_hit;
use crate::model::{Digest, ModuleName, TenantId};
use crate::sandbox::inspect::{Finding, Inspection, Level, Rule, Spot, Words};
use crate::sandbox::{Grants, Manifest, module_digest};
use crate::store::{Home, StoreError};

/// A module that is installed, or a candidate that lies beside it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct OfModule {
    /// Its name.
    pub module: ModuleName,
    /// Whether it is a candidate: another version, for tenants that it is granted to.
    pub candidate: bool,
    /// The digest that a grant names; none where it cannot be read.
    pub digest: Option<Digest>,
    /// What is known of it; none where it cannot be read.
    pub inspection: Option<Inspection>,
}

/// One that can be read.
pub(in crate::audit) struct Installed {
    pub(in crate::audit) name: ModuleName,
    pub(in crate::audit) candidate: bool,
    pub(in crate::audit) digest: Digest,
    pub(in crate::audit) manifest: Manifest,
    pub(in crate::audit) inspection: Inspection,
}

impl Installed {
    fn read(
        name: &ModuleName,
        candidate: bool,
        component: &[u8],
        text: &str,
    ) -> Result<Self, String> {
        let manifest = Manifest::parse(text).map_err(|problems| problems.to_string())?;
        if manifest.name() != name {
            return Err(format!("its module.toml names it `{}`", manifest.name()));
        }
        let inspection =
            Inspection::of(component, Some(text)).map_err(|problems| problems.to_string())?;
        Ok(Self {
            name: name.clone(),
            candidate,
            digest: module_digest(component, text.as_bytes()),
            manifest,
            inspection,
        })
    }

    /// Its folder in the home.
    pub(in crate::audit) fn folder(&self) -> String {
        folder(&self.name, self.candidate)
    }

    /// Whether a grant of these bytes decides for the tenant.
    pub(in crate::audit) fn is_granted(&self, grants: &Grants, tenant: &TenantId) -> bool {
        let mut in_effect = grants.in_effect(tenant).into_iter();
        in_effect.any(|grant| grant.module == self.name && grant.digest == self.digest)
    }
}

fn folder(name: &ModuleName, candidate: bool) -> String {
    match candidate {
        false => format!("modules/{name}"),
        true => format!("candidates/{name}"),
    }
}

/// All of them, with what there is to look at whoever they run for.
#[derive(Default)]
pub(in crate::audit) struct Looked {
    pub(in crate::audit) modules: Vec<OfModule>,
    pub(in crate::audit) installed: Vec<Installed>,
    pub(in crate::audit) findings: Vec<Finding>,
}

impl Looked {
    /// Looks at all, or at those of one name.
    pub(in crate::audit) fn at(
        home: &Home,
        only: Option<&ModuleName>,
        words: &Words,
    ) -> Result<Self, StoreError> {
        let mut looked = Self::default();
        let wanted = |name: &ModuleName| only.is_none_or(|only| only == name);
        for name in home.modules()?.into_iter().filter(wanted) {
            let files = home.module(&name)?;
            looked.take(name, false, files, words);
        }
        for name in home.candidates()?.into_iter().filter(wanted) {
            let files = home.candidate(&name)?;
            looked.take(name, true, files, words);
        }
        Ok(looked)
    }

    fn take(
        &mut self,
        name: ModuleName,
        candidate: bool,
        files: Option<(Vec<u8>, String)>,
        words: &Words,
    ) {
        let folder = folder(&name, candidate);
        let read = match &files {
            None => Err("it needs `module.wasm` and `module.toml`".to_owned()),
            Some((component, text)) => Installed::read(&name, candidate, component, text),
        };
        let module = match read {
            Ok(module) => module,
            Err(why) => {
                let said = format!("module `{name}` cannot be read: {why}");
                let found = Finding::new(Rule::NotReadable, said, Spot::file(folder));
                self.findings.push(found.of_module(&name));
                self.modules.push(OfModule {
                    module: name,
                    candidate,
                    digest: None,
                    inspection: None,
                });
                return;
            }
        };
        let (component, text) = files.unwrap_or_default();
        let hits = words.search(&component, &text);
        self.findings
            .extend(hits.iter().map(|hit| of_hit(hit, &name)));
        let found = module.inspection.findings.iter().cloned();
        self.findings
            .extend(found.filter(|f| f.level > Level::Note).map(|mut found| {
                found.place.file = format!("{folder}/{}", found.place.file);
                found
            }));
        self.modules.push(OfModule {
            module: name,
            candidate,
            digest: Some(module.digest),
            inspection: Some(module.inspection.clone()),
        });
        self.installed.push(module);
    }
}
