//! What the operator's files say now and did not say at the last start: recorded before it has an
//! effect, and kept with the salt of its commitments.

use crate::boundary::{
    Applications, Applied, AppliedTo, Boundary, Defaults, Difference, Signed, signature_digest,
};
use crate::knowledge::{Assets, KnownGood};
use crate::model::{Capability, Digest, Instant, ModuleName};
use crate::sandbox::{Grant, Grants};
use crate::store::{Kept, Material, Random, Records, StoreError, TenantScope};
use crate::suspension::Suspensions;
use crate::trail::{
    BoundaryChange, Commitment, GrantChange, GrantVerb, KnowledgeChange, Log, OutsideRun, Salt,
    SuspensionChange, SuspensionVerb,
};
use crate::triage::{Knowledge, NotStarted, ReadBytes};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A tenant's trail and store, open for writing, with what an entry needs.
pub(crate) struct Recorder<'a> {
    pub(crate) records: &'a Records,
    pub(crate) log: &'a Log,
    pub(crate) random: &'a dyn Random,
    pub(crate) now: Instant,
}

/// Names of what was in effect, in the store.
const SUSPENSIONS: &str = "suspensions";
const GRANTS: &str = "grants";
const APPLIED: &str = "applied";

/// How many times a boundary was applied, as far as entries tell it: the tenant's own file and the
/// defaults.
#[derive(Clone, Copy, Default, serde::Serialize, serde::Deserialize)]
struct Told {
    own: u64,
    defaults: u64,
}

/// A grant that was in effect at the last start.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Given {
    grant: Digest,
    module: ModuleName,
    digest: Digest,
    capabilities: BTreeSet<Capability>,
}

/// The bytes of the files of knowledge that a start goes by.
pub(crate) struct Written {
    assets: File,
    facts: File,
}

struct File {
    capability: Capability,
    /// As they could be read; none where the file is not there.
    bytes: ReadBytes,
    items: u64,
}

impl Written {
    /// Reads a tenant's files of knowledge, and their bytes as they were read.
    /// A file that cannot be read or is wrong keeps no tenant from starting.
    pub(crate) fn read(scope: &TenantScope) -> (Knowledge, Self) {
        let assets = scope.knowledge(Assets::FILE);
        let facts = scope.knowledge(KnownGood::FILE);
        let knowledge = Knowledge::of(&assets, &facts);
        let file = |capability, bytes, items: Option<usize>| File {
            capability,
            bytes,
            items: items.unwrap_or(0) as u64,
        };
        let items = knowledge.assets.as_ref().map(|a| a.iter().count());
        let assets = file(Capability::Assets, assets, items);
        let items = knowledge.known_good.as_ref().map(|k| k.iter().count());
        let facts = file(Capability::KnownGood, facts, items);
        (knowledge, Self { assets, facts })
    }
}

impl Recorder<'_> {
    /// Records a boundary that is not the one that was last in effect: the difference in words, and who
    /// applied what changed. Who edited a file in place is not known and nobody's name is recorded.
    pub(crate) fn boundary(
        &self,
        boundary: &Boundary,
        applied: &Applications,
    ) -> Result<(), NotStarted> {
        let view = self.records.view()?;
        let kept = view.boundary_kept()?;
        let digest = boundary.digest();
        if kept.as_ref().is_some_and(|kept| kept.digest == digest) {
            return Ok(());
        }
        let told: Told = view.state(APPLIED)?.unwrap_or_default();
        let who = who(kept.as_ref(), boundary, applied, told);
        let names = who.iter().map(|by| by.map_or("", |by| by.by.as_str()));
        let by = names.collect::<Vec<_>>().join("\n");
        let signatures = who
            .iter()
            .flatten()
            .filter_map(|by| by.signature.as_deref());
        let change = difference(kept.as_ref(), boundary, self.now);
        let salt = self.salt()?;
        let of = |text: &str| Commitment::of(&salt, text.as_bytes());
        let number = self.log.append(
            self.now,
            BoundaryChange {
                before: kept.map(|kept| kept.digest),
                now: digest,
                change: of(&change),
                by: of(&by),
                signatures: signatures.map(signature_digest).collect(),
            },
        )?;
        self.log.sync()?;
        let own = AppliedTo::Tenant(boundary.tenant().clone());
        let told = Told {
            own: applied.of(&own).count() as u64,
            defaults: applied.of(&AppliedTo::Defaults).count() as u64,
        };
        let material = Material {
            salt: *salt.as_bytes(),
            batch: change.into_bytes(),
            answer: by.into_bytes(),
            ..Material::default()
        };
        let (text, defaults) = (boundary.text(), boundary.defaults().map(Defaults::text));
        let mut change = self.records.change()?;
        change.put_boundary(digest, number, *salt.as_bytes(), text, defaults)?;
        change.put_material(number, &material)?;
        change.put_state(APPLIED, &told)?;
        Ok(change.commit()?)
    }

    /// Records each change of the tenant's standing that no entry tells yet.
    pub(crate) fn suspensions(&self, all: &Suspensions) -> Result<(), NotStarted> {
        let view = self.records.view()?;
        let told: u64 = view.state(SUSPENSIONS)?.unwrap_or_default();
        let tenant = view.tenant();
        let mut count = 0;
        for change in all.of(tenant) {
            count += 1;
            if count <= told {
                continue;
            }
            let entry = |reason, by| SuspensionChange {
                change: match change.suspended {
                    true => SuspensionVerb::Suspended,
                    false => SuspensionVerb::Resumed,
                },
                at: change.at,
                reason,
                by,
            };
            let (reason, by) = (change.reason.as_str(), change.by.as_str());
            self.tell(reason.as_bytes(), by, entry, (SUSPENSIONS, &count))?;
        }
        // Somebody took lines out of the file; what is written next is told again.
        if count < told {
            let mut change = self.records.change()?;
            change.put_state(SUSPENSIONS, &count)?;
            change.commit()?;
        }
        Ok(())
    }

    /// Records which grants to the tenant were given and withdrawn since the last start.
    pub(crate) fn grants(&self, grants: &Grants) -> Result<(), NotStarted> {
        let view = self.records.view()?;
        let tenant = view.tenant();
        let mut told: Vec<Given> = view.state(GRANTS)?.unwrap_or_default();
        let now: Vec<(Given, &Grant)> = grants
            .in_effect(tenant)
            .into_iter()
            .map(|grant| (Given::of(grant), grant))
            .collect();
        while let Some(gone) = told.iter().position(|t| now.iter().all(|(n, _)| n != t)) {
            let given = told.remove(gone);
            // Where somebody took it out of the file, nobody says who it was.
            let taken = grants.taken(&given.module, tenant);
            let (text, by) = taken.map_or_else(Default::default, |(t, by)| (t, by.to_string()));
            let entry = |_, by| given.entry(GrantVerb::Withdrawn, by, None, None);
            self.tell(text.as_bytes(), &by, entry, (GRANTS, &told))?;
        }
        for (given, grant) in now {
            if !told.contains(&given) {
                told.push(given.clone());
                let signature = grants.signed_by(grant).map(Signed::signature);
                let entry = |_, by| given.entry(GrantVerb::Given, by, Some(grant), signature);
                let text = grant.text();
                self.tell(text.as_bytes(), grant.by.as_str(), entry, (GRANTS, &told))?;
            }
        }
        Ok(())
    }

    /// Records what the tenant says of itself where that is not what it said at the last start.
    /// Nobody signs these files: `by` is who is accountable for the tenant.
    pub(crate) fn knowledge(&self, written: &Written, by: &str) -> Result<(), NotStarted> {
        for file in [&written.assets, &written.facts] {
            let name = file.capability.name();
            let told: Option<Digest> = self.records.view()?.state(name)?;
            // What cannot be read has no digest; that it was unavailable is in the trail of each call.
            let Ok(found) = &file.bytes else {
                continue;
            };
            let bytes = found.as_deref().unwrap_or_default();
            let now = Digest::of(bytes);
            // A file that was never there is nothing to tell.
            if told == Some(now) || told.is_none() && found.is_none() {
                continue;
            }
            let entry = |content, by| KnowledgeChange {
                capability: file.capability,
                content,
                items: file.items,
                by,
            };
            self.tell(bytes, by, entry, (name, &now))?;
        }
        Ok(())
    }

    /// Records an entry with commitments to a content and to who did it, then keeps these with their
    /// salt and says what is in effect now.
    fn tell<E: OutsideRun>(
        &self,
        content: &[u8],
        by: &str,
        entry: impl FnOnce(Commitment, Commitment) -> E,
        state: (&str, &impl serde::Serialize),
    ) -> Result<(), NotStarted> {
        let salt = self.salt()?;
        let of = |bytes| Commitment::of(&salt, bytes);
        let entry = entry(of(content), of(by.as_bytes()));
        let number = self.log.append(self.now, entry)?;
        self.log.sync()?;
        let mut change = self.records.change()?;
        let kept = Material {
            salt: *salt.as_bytes(),
            batch: content.to_vec(),
            answer: by.as_bytes().to_vec(),
            ..Material::default()
        };
        change.put_material(number, &kept)?;
        change.put_state(state.0, state.1)?;
        Ok(change.commit()?)
    }

    fn salt(&self) -> Result<Salt, StoreError> {
        let mut salt = [0; 32];
        self.random.fill(&mut salt)?;
        Ok(Salt::from_bytes(salt))
    }
}

/// What changes from the boundary that was last in effect, in words.
fn difference(kept: Option<&Kept>, now: &Boundary, as_of: Instant) -> String {
    let read = |kept: &Kept| {
        let own = Boundary::recorded(now.tenant(), &kept.own)?;
        let defaults = match &kept.defaults {
            None => None,
            Some(text) => Some(Arc::new(Defaults::recorded(text)?)),
        };
        Some(own.under(defaults))
    };
    let before = kept.map(read);
    let difference = Difference::between(before.as_ref().and_then(Option::as_ref), now, as_of);
    match before {
        Some(None) => {
            format!("the boundary before this one cannot be read by this host\n{difference}")
        }
        Some(Some(_)) | None => difference.to_string(),
    }
}

/// Who applied what changed: the tenant's own file, the defaults, or both, a line each. A line is empty
/// where that is not known.
fn who<'a>(
    kept: Option<&Kept>,
    now: &Boundary,
    applied: &'a Applications,
    told: Told,
) -> Vec<Option<&'a Applied>> {
    let mut who = Vec::new();
    if kept.is_none_or(|kept| kept.own != now.text()) {
        let own = AppliedTo::Tenant(now.tenant().clone());
        who.push(applied.who(&own, now.own_digest(), told.own));
    }
    let before = kept.and_then(|kept| kept.defaults.as_deref());
    let defaults = now.defaults().map(Defaults::text);
    if before != defaults {
        let digest = now.defaults().map(Defaults::digest);
        who.push(digest.and_then(|d| applied.who(&AppliedTo::Defaults, d, told.defaults)));
    }
    who
}

impl Given {
    fn of(grant: &Grant) -> Self {
        Self {
            grant: grant.text_digest(),
            module: grant.module.clone(),
            digest: grant.digest,
            capabilities: grant.capabilities.iter().copied().collect(),
        }
    }

    fn entry(
        &self,
        change: GrantVerb,
        by: Commitment,
        given: Option<&Grant>,
        signature: Option<Digest>,
    ) -> GrantChange {
        GrantChange {
            change,
            grant: self.grant,
            module: self.module.clone(),
            digest: self.digest,
            capabilities: self.capabilities.clone(),
            by,
            shadow: given.is_some_and(|grant| grant.shadow),
            replaces: given.and_then(|grant| grant.replaces.clone()),
            signature,
        }
    }
}
