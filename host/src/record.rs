//! What the operator's files say now and did not say at the last start: recorded before it has an
//! effect, and kept with the salt of its commitments.

use crate::boundary::Boundary;
use crate::model::Instant;
use crate::store::{Material, Random, Records, StoreError};
use crate::suspension::Suspensions;
use crate::trail::{
    BoundaryChange, Commitment, Log, OutsideRun, Salt, SuspensionChange, SuspensionVerb,
};
use crate::triage::NotStarted;

/// A tenant's trail and store, open for writing, with what an entry needs.
pub(crate) struct Recorder<'a> {
    pub(crate) records: &'a Records,
    pub(crate) log: &'a Log,
    pub(crate) random: &'a dyn Random,
    pub(crate) now: Instant,
}

/// Names of what was in effect, in the store.
const SUSPENSIONS: &str = "suspensions";

impl Recorder<'_> {
    /// Records a boundary that is not the one of the last start.
    pub(crate) fn boundary(&self, boundary: &Boundary) -> Result<(), NotStarted> {
        let before = self.records.view()?.boundary_digest()?;
        if before == Some(boundary.digest()) {
            return Ok(());
        }
        let salt = self.salt()?;
        let number = self.log.append(
            self.now,
            BoundaryChange {
                before,
                now: boundary.digest(),
                change: Commitment::of(&salt, boundary.text().as_bytes()),
                by: Commitment::of(&salt, boundary.accountable().as_bytes()),
            },
        )?;
        self.log.sync()?;
        let mut change = self.records.change()?;
        change.put_boundary(boundary.digest(), number, *salt.as_bytes(), boundary.text())?;
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
