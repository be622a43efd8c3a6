//! The home that a module is tried in: one tenant for each way of trying it.

use super::answer::{Answer, answers};
use super::{Samples, Workbench, WorkbenchError};
use crate::boundary::{Boundary, TemplateExclusion};
use crate::knowledge::{Assets, KnownGood};
use crate::model::{Capability, Field, ModuleName, TenantId};
use crate::open::{Casemate, Settings};
use crate::sandbox::GrantedTenants;
use crate::setup;
use crate::store::{Dir, Material, View};
use crate::trail::{Entries, Entry, Outcome, RunNumber, RunStart};
use crate::triage::{Changed, Drafted, Observer, RunEnded, StandIn, Submitted};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Who stands in for everybody.
const PERSON: &str = "author@workbench.example";

/// A way of trying a module.
pub(super) struct Way {
    /// Its tenant.
    tenant: String,
    /// What its boundary excludes, whatever the samples' says.
    denied: Option<Vec<&'static str>>,
    /// Whether the samples' knowledge is there.
    knowledge: bool,
    /// How many documents are handed over at a time, in turn.
    sizes: Vec<usize>,
}

impl Way {
    /// All it asks for, all at once.
    pub(super) fn granted(tenant: &str) -> Self {
        Self {
            tenant: tenant.to_owned(),
            denied: None,
            knowledge: true,
            sizes: vec![usize::MAX],
        }
    }

    /// The same, handed over in parts of these sizes, in turn.
    pub(super) fn in_parts(tenant: &str, sizes: &[usize]) -> Self {
        Self {
            sizes: sizes.to_vec(),
            ..Self::granted(tenant)
        }
    }

    /// Without one capability.
    pub(super) fn without(capability: Capability) -> Self {
        Self {
            denied: Some(vec![capability.name()]),
            ..Self::granted(&format!("without-{capability}"))
        }
    }

    /// Without any field.
    pub(super) fn blind() -> Self {
        Self {
            denied: Some(Field::ALL.iter().map(|field| field.name()).collect()),
            ..Self::granted("no-field-seen")
        }
    }

    /// Of a tenant that wrote down nothing of itself.
    pub(super) fn unknowing() -> Self {
        Self {
            knowledge: false,
            ..Self::granted("nothing-known")
        }
    }
}

/// What became of one way of trying it.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) submitted: Submitted,
    pub(super) answers: Vec<Answer>,
    /// Why runs failed, each reason once; those of the module and those beside it.
    pub(super) failures: Vec<String>,
    /// The module's runs, in their order.
    pub(super) runs: Vec<RunSeen>,
    /// Why it did not run at all.
    pub(super) refused: Option<String>,
}

/// One run of the module.
pub(super) struct RunSeen {
    pub(super) start: RunStart,
    pub(super) ended: RunEnded,
    /// The batch, the calls with their answers, and its own answer, as they crossed.
    pub(super) crossed: Option<Material>,
    /// Of each call: to what, how many items were asked for, and how many came or that it was refused.
    pub(super) calls: Vec<(Capability, u64, Option<u64>)>,
    pub(super) log_lines: u32,
}

/// The home.
pub(super) struct Stand<'a> {
    bench: &'a Workbench,
    casemate: Casemate,
    watch: Arc<Watch>,
    person: String,
}

#[derive(Default)]
struct Watch {
    ended: Mutex<Vec<(TenantId, RunEnded)>>,
}

impl Observer for Watch {
    fn run_ended(&self, tenant: &TenantId, run: &RunEnded) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.push((tenant.clone(), run.clone()));
    }
}

impl<'a> Stand<'a> {
    pub(super) fn new(bench: &'a Workbench, root: Dir) -> Result<Self, WorkbenchError> {
        let person = bench.samples.accountable();
        let home = setup::create(root.try_clone()?, &person)?;
        let own = (bench.manifest.name(), &bench.module);
        let beside = bench.beside.iter().map(|(name, piece)| (name, piece));
        for (name, piece) in std::iter::once(own).chain(beside) {
            setup::install(&home, name.as_str(), &piece.component, &piece.manifest)?;
            let all = GrantedTenants::All;
            if name == bench.manifest.name() {
                let settings = setup::settings_of(&home, name, &bench.samples.settings)?;
                setup::grant_with(&home, name, all, settings, &person, bench.as_of)?;
            } else {
                setup::grant(&home, name, all, &person, bench.as_of)?;
            }
        }
        let as_of = bench.as_of;
        let mut settings = Settings::new(Arc::new(move || as_of), bench.compiler.clone());
        let watch = Arc::new(Watch::default());
        settings.observer = watch.clone();
        settings.keep_compiled = false;
        let casemate = Casemate::open(root, settings)?;
        if let Some(broken) = casemate.not_loaded().first() {
            return Err(WorkbenchError::NotLoaded(
                broken.name.clone(),
                broken.why.clone(),
            ));
        }
        Ok(Self {
            bench,
            casemate,
            watch,
            person,
        })
    }

    /// The interfaces that the module imports.
    pub(super) fn imports(&self) -> Vec<String> {
        let name = self.bench.manifest.name();
        let module = self.casemate.modules().iter();
        let mut module = module.filter(|module| module.manifest().name() == name);
        module.next().map(|m| m.imports()).unwrap_or_default()
    }

    /// What the boundary keeps from it where it has all else: fields by the line that withholds them,
    /// and why it does not run, where it does not.
    pub(super) fn withheld(&self) -> Result<Vec<(Field, String)>, WorkbenchError> {
        let tenant = tenant("granted")?;
        let boundary = self
            .casemate
            .boundary(&self.casemate.home().tenant(&tenant)?)?;
        let name = self.bench.manifest.name();
        let modules = self.casemate.modules().iter();
        let mut module = modules.filter(|module| module.manifest().name() == name);
        let prepared = module.next().and_then(|module| {
            self.casemate
                .prepare(module, &boundary, self.bench.as_of)
                .ok()
        });
        Ok(prepared
            .map(|prepared| {
                let withheld = prepared.granted().withheld().iter();
                withheld.map(|w| (w.field, w.by.to_string())).collect()
            })
            .unwrap_or_default())
    }

    pub(super) fn try_it(&self, way: &Way) -> Result<Seen, WorkbenchError> {
        let (bench, samples) = (self.bench, &self.bench.samples);
        let tenant = tenant(&way.tenant)?;
        let scope = setup::add_tenant(self.casemate.home(), &tenant, &self.person)?;
        scope.replace_boundary(&samples.boundary_for(&self.person, way))?;
        if way.knowledge {
            for (file, bytes) in [
                (Assets::FILE, &samples.assets),
                (KnownGood::FILE, &samples.known_good),
            ] {
                if let Some(bytes) = bytes {
                    scope.replace_knowledge(file, bytes)?;
                }
            }
        }
        // A client's host goes on without; an author wants to know.
        if let Some(fault) = self.casemate.check_knowledge(&scope).into_iter().next() {
            return Err(WorkbenchError::Knowledge(fault));
        }
        let mut seen = Seen::default();
        let mut session = self.casemate.start(&tenant, bench.as_of)?;
        let (mut drafted, mut stand_in) = (Drafted::default(), StandIn::default());
        let mut rest = bench.documents.as_slice();
        let mut sizes = way.sizes.iter().cycle();
        while !rest.is_empty() {
            let size = sizes
                .next()
                .copied()
                .unwrap_or(usize::MAX)
                .clamp(1, rest.len());
            let (part, after) = rest.split_at(size);
            rest = after;
            session.take(
                part.to_vec(),
                "samples",
                &mut seen.submitted,
                &mut Changed::default(),
            )?;
            if !bench.has_grouper {
                session.place_by_stand_in(&mut stand_in, &stand_in_name()?)?;
            }
            drafted.add(session.draft()?);
        }
        drop(session);
        let view = self.casemate.view(&tenant)?;
        if let Some(view) = &view {
            seen.answers = answers(view, &bench.manifest, samples)?;
            let notices = view.notices()?;
            let own = notices
                .into_iter()
                .find(|n| n.refused && n.module == bench.manifest.name().as_str());
            seen.refused = own.map(|notice| notice.text);
            seen.runs = self.runs(&tenant, view)?;
        }
        seen.failures = seen.submitted.failures.clone();
        for failure in drafted.failures {
            if !seen.failures.contains(&failure) {
                seen.failures.push(failure);
            }
        }
        Ok(seen)
    }

    fn runs(&self, tenant: &TenantId, view: &View) -> Result<Vec<RunSeen>, WorkbenchError> {
        let name = self.bench.manifest.name();
        let mut ended: BTreeMap<RunNumber, RunEnded> = {
            let told = &self.watch.ended;
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            let (own, others) = std::mem::take(&mut *told)
                .into_iter()
                .partition(|(of, _)| of == tenant);
            *told = others;
            own
        }
        .into_iter()
        .map(|(_, run)| (run.run, run))
        .collect();
        let mut runs: BTreeMap<RunNumber, RunSeen> = BTreeMap::new();
        let Some(file) = self.casemate.home().tenant(tenant)?.read_trail()? else {
            return Ok(Vec::new());
        };
        for found in Entries::new(file)? {
            match found?.stamped.entry {
                Entry::RunStart { run, start } if start.module == *name => {
                    if let Some(ended) = ended.remove(&run) {
                        let seen = RunSeen {
                            start: *start,
                            ended,
                            crossed: view.material(run)?,
                            calls: Vec::new(),
                            log_lines: 0,
                        };
                        runs.insert(run, seen);
                    }
                }
                Entry::Intent(intent) => {
                    if let Some(run) = runs.get_mut(&intent.run) {
                        run.calls.push((intent.capability, intent.items, None));
                    }
                }
                Entry::Outcome { run, result, .. } => {
                    let call = runs.get_mut(&run).and_then(|run| run.calls.last_mut());
                    if let (Some(call), Outcome::Ok { items, .. }) = (call, result) {
                        call.2 = Some(items);
                    }
                }
                Entry::RunEnd { run, counts, .. } => {
                    if let Some(run) = runs.get_mut(&run) {
                        run.log_lines = counts.log_lines;
                    }
                }
                Entry::RunStart { .. }
                | Entry::Intake(_)
                | Entry::Refused { .. }
                | Entry::Boundary(_)
                | Entry::Grant(_)
                | Entry::Knowledge(_)
                | Entry::Suspension(_)
                | Entry::Deletion(_)
                | Entry::Erasure(_)
                | Entry::Restore(_)
                | Entry::Recovery(_) => (),
            }
        }
        Ok(runs.into_values().collect())
    }
}

impl Samples {
    /// The person that the samples' boundary names, else the one who stands in for everybody.
    fn accountable(&self) -> String {
        let written = self.boundary.as_deref().and_then(|text| {
            let table: toml::Table = toml::from_str(text).ok()?;
            Some(table.get("accountable")?.as_str()?.to_owned())
        });
        written.unwrap_or_else(|| PERSON.to_owned())
    }

    fn boundary_for(&self, person: &str, way: &Way) -> String {
        match (&way.denied, &self.boundary) {
            (None, Some(written)) => written.clone(),
            (denied, _) => open_boundary(person, denied.as_deref().unwrap_or_default()),
        }
    }
}

/// A boundary that allows modules everything but what is denied.
fn open_boundary(person: &str, deny: &[&str]) -> String {
    let exclusion = TemplateExclusion {
        clause: "what is tried here",
        deny,
        until: None,
    };
    let exclusions: &[TemplateExclusion<'_>] = match deny {
        [] => &[],
        _ => &[exclusion],
    };
    Boundary::template(person, exclusions).replacen("modules = [", "modules = [\"message\",", 1)
}

fn tenant(id: &str) -> Result<TenantId, WorkbenchError> {
    TenantId::parse(id).map_err(|e| WorkbenchError::Input(std::io::Error::other(e)))
}

fn stand_in_name() -> Result<ModuleName, WorkbenchError> {
    ModuleName::parse("stand-in").map_err(|e| WorkbenchError::Input(std::io::Error::other(e)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boundary::{HostNames, Roster};
    use crate::model::Instant;

    #[test]
    fn the_boundary_of_a_bench_allows_everything_but_what_is_denied() {
        let roster = format!(
            "version = 1\n[[people]]\nid = \"{PERSON}\"\nname = \"A\"\nroles = [\"operator\"]\n"
        );
        let roster = Roster::parse(&roster).unwrap();
        let as_of = Instant::from_millis(0);
        let of = |deny: &[&str]| {
            let text = open_boundary(PERSON, deny);
            let tenant = TenantId::parse("granted").unwrap();
            Boundary::parse(&tenant, &text, &roster, &HostNames::none())
                .unwrap_or_else(|problems| panic!("{problems}"))
        };
        let open = of(&[]);
        for field in Field::ALL {
            assert!(
                open.visible_fields(as_of).contains(*field),
                "{}",
                field.name()
            );
        }
        for capability in Capability::ALL {
            assert!(open.allows(capability, as_of).is_ok(), "{capability}");
            let without = of(&[capability.name()]);
            for other in Capability::ALL {
                assert_eq!(without.allows(other, as_of).is_ok(), other != capability);
            }
        }
        let blind = of(&Field::ALL.iter().map(|f| f.name()).collect::<Vec<_>>());
        assert!(blind.visible_fields(as_of).is_empty());
    }
}
