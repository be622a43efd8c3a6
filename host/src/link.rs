//! Which modules work for a tenant at a start, with what, and which of them counts.

use crate::boundary::Boundary;
use crate::cannot_run::CannotRun;
use crate::model::{Digest, Instant, ModuleName};
use crate::open::Casemate;
use crate::sandbox::{Granted, Grants, Module, NotGranted, Prepared};
use crate::seat::Seats;
use crate::store::{Notice, Records, StoreError};
use crate::trail::{DecidedBy, Log, Refused, Words};
use crate::triage::{Beside, Modules, NotStarted};
use std::collections::BTreeSet;

/// What a start links.
pub(crate) struct Linked {
    pub(crate) modules: Modules,
    pub(crate) notices: Vec<Notice>,
    pub(crate) beside: Vec<Beside>,
}

/// A start that links: what decides, and where it is recorded.
pub(crate) struct Linking<'a> {
    pub(crate) casemate: &'a Casemate,
    pub(crate) boundary: &'a Boundary,
    pub(crate) grants: &'a Grants,
    pub(crate) as_of: Instant,
    pub(crate) now: Instant,
    pub(crate) log: &'a Log,
}

/// A module's bytes, and what was decided of them.
struct Decided<'a> {
    module: &'a Module,
    granted: Result<Granted, NotGranted>,
}

impl Casemate {
    /// Keeps the files of what may run now in the tenant's vault, so that its runs can be repeated when
    /// others are installed.
    pub(crate) fn keep_modules(
        &self,
        records: &Records,
        modules: &Modules,
    ) -> Result<(), StoreError> {
        let view = records.view()?;
        let mut new = Vec::new();
        for module in modules.all().chain(modules.shadows()) {
            let digest = module.granted().digest();
            if let Some(files) = self.files(&digest)
                && !view.has_module(&digest)?
            {
                new.push((digest, files));
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        let mut change = records.change()?;
        for (digest, (component, manifest)) in new {
            change.put_module(&digest, component, manifest)?;
        }
        change.commit()
    }
}

impl Linking<'_> {
    /// Links every module with what it is granted. What is refused is recorded and told.
    ///
    /// Of one name, an installed module and a candidate may lie there. At most one of them counts: of
    /// those granted to count, the one that was granted last. One that is granted to run beside it
    /// does, and a candidate that is not granted at all is nobody's concern.
    pub(crate) fn link(&self) -> Result<Linked, NotStarted> {
        let mut linked = Linked {
            modules: Modules::default(),
            notices: Vec::new(),
            beside: Vec::new(),
        };
        let (installed, candidates) = (self.casemate.modules(), self.casemate.candidates());
        let all = || installed.iter().chain(candidates);
        let names: BTreeSet<&ModuleName> = all().map(|m| m.manifest().name()).collect();
        // Before anything is refused and recorded: a tenant with two groupers does not start at all.
        let mut seats = Seats::of(self.boundary.tenant(), self.grants);
        for name in &names {
            for module in all().filter(|m| m.manifest().name() == *name) {
                let granted = self.decided(module).granted;
                if let Some(granted) = granted.ok().filter(|granted| !granted.is_shadow()) {
                    seats.take(name, granted.digest(), granted.kind())?;
                }
            }
        }
        for name in names {
            let of_name = |m: &&Module| m.manifest().name() == name;
            let installed = installed.iter().find(of_name).map(|m| self.decided(m));
            let candidate = candidates.iter().find(of_name).map(|m| self.decided(m));
            self.one(name, installed, candidate, &mut linked)?;
        }
        for module in self.casemate.not_loaded() {
            let text = format!("it could not be loaded: {}", module.why);
            linked.notices.push(self.notice(&module.name, false, text));
        }
        for module in self.casemate.candidates_not_loaded() {
            let counts = self.of_name(&module.name).rfind(|grant| !grant.shadow);
            let is_loaded = |digest| all().any(|m| m.digest() == digest);
            if counts.is_some_and(|grant| !is_loaded(grant.digest)) {
                let text = format!("what was accepted last could not be loaded: {}", module.why);
                linked.notices.push(self.notice(&module.name, false, text));
            }
        }
        Ok(linked)
    }

    fn decided<'a>(&self, module: &'a Module) -> Decided<'a> {
        let granted = Granted::decide(
            self.boundary.tenant(),
            module.manifest(),
            module.digest(),
            self.boundary,
            self.grants,
            self.as_of,
        );
        Decided { module, granted }
    }

    /// What is granted of a name, the latest last.
    fn of_name(&self, name: &ModuleName) -> std::vec::IntoIter<&crate::sandbox::Grant> {
        let mut all = self.grants.in_effect(self.boundary.tenant());
        all.retain(|grant| grant.module == *name);
        all.into_iter()
    }

    fn one(
        &self,
        name: &ModuleName,
        installed: Option<Decided<'_>>,
        candidate: Option<Decided<'_>>,
        linked: &mut Linked,
    ) -> Result<(), NotStarted> {
        let (mut counting, mut beside, mut refused) = (Vec::new(), Vec::new(), None);
        for (decided, is_candidate) in [(installed, false), (candidate, true)] {
            let Some(Decided { module, granted }) = decided else {
                continue;
            };
            match granted {
                Ok(granted) if granted.is_shadow() => beside.push((module, granted)),
                Ok(granted) => counting.push((module, granted)),
                Err(error) if !is_candidate => refused = Some(error),
                Err(_) => (),
            }
        }
        let latest = |digest: Digest| self.of_name(name).rposition(|g| g.digest == digest);
        let counting = counting.into_iter().max_by_key(|(m, _)| latest(m.digest()));
        let mut counts = None;
        match counting {
            Some((module, granted)) => match self.prepared(module, granted) {
                Ok(prepared) => {
                    counts = Some(prepared.granted().clone());
                    linked.modules.take(prepared);
                }
                Err(error) => self.refused(name, &error, Some(&mut linked.notices))?,
            },
            None => {
                if let Some(error) = refused {
                    self.refused(name, &error.into(), Some(&mut linked.notices))?;
                }
            }
        }
        let counting = counts.as_ref().map(Granted::digest);
        // Granted to run beside, and not among what this process has loaded.
        let absent = self.of_name(name).rfind(|g| g.shadow);
        let absent = absent.filter(|g| beside.iter().all(|(m, _)| m.digest() != g.digest));
        if let (Some(grant), Some(counts)) = (absent, &counts) {
            let why = self.casemate.candidates_not_loaded();
            let why = why.iter().find(|n| n.name == *name).map_or(
                "its files were not there when the home was opened",
                |not_loaded| not_loaded.why.as_str(),
            );
            linked.beside.push(Beside {
                module: name.clone(),
                kind: counts.kind(),
                candidate: grant.digest,
                counting,
                cannot: Some(format!("it could not be loaded: {why}")),
                refused: false,
            });
        }
        for (module, granted) in beside {
            let kind = granted.kind();
            let mut row = Beside {
                module: name.clone(),
                kind,
                candidate: module.digest(),
                counting,
                cannot: None,
                refused: false,
            };
            match self.prepared(module, granted) {
                Ok(prepared) => {
                    if counts.as_ref().is_some_and(|counts| counts.kind() != kind) {
                        row.cannot = Some(format!("it is one of the {kind}s and the other is not"));
                    }
                    linked.modules.take(prepared);
                }
                Err(error) => {
                    self.refused(name, &error, None)?;
                    row.cannot = Some(error.to_string());
                    row.refused = true;
                }
            }
            linked.beside.push(row);
        }
        Ok(())
    }

    fn prepared(&self, module: &Module, granted: Granted) -> Result<Prepared, CannotRun> {
        Ok(self.casemate.sandbox().prepare(module, granted)?)
    }

    /// Records that a module does not get what it needs; says so where its work is missing then.
    fn refused(
        &self,
        name: &ModuleName,
        error: &CannotRun,
        notices: Option<&mut Vec<Notice>>,
    ) -> Result<(), NotStarted> {
        if let Some(line) = error.decided_by() {
            self.log.append(
                self.now,
                Refused {
                    module: name.clone(),
                    capability: error.capability(),
                    decided_by: DecidedBy {
                        file: Words::new(line.file),
                        line: Some(line.line),
                        boundary: self.boundary.digest(),
                    },
                },
            )?;
        }
        if let Some(notices) = notices {
            let observer = &self.casemate.settings().observer;
            observer.module_refused(self.boundary.tenant(), name, error.capability());
            notices.push(self.notice(name, true, error.to_string()));
        }
        Ok(())
    }

    fn notice(&self, module: &ModuleName, refused: bool, text: String) -> Notice {
        Notice {
            module: module.to_string(),
            time: self.now,
            refused,
            text,
        }
    }
}
