//! The quarantine looked through again, once more is written down of whose documents are.

use crate::model::{Source, TenantId};
use crate::open::{Casemate, OpenError};
use crate::reception::Reception;
use crate::store::{Quarantined, Released};
use crate::triage::intake::{Document, From, Stored, Wrapping, within};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Documents that are looked at together.
const LOT: usize = 1_000;

/// What became of the quarantine when it was looked through again.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Retried {
    /// The numbers of the documents that went to a tenant.
    pub went: BTreeMap<TenantId, Vec<u64>>,
    /// How many are nobody's still.
    pub stayed: u64,
}

/// Brings what is in quarantine to its owners, by what is written down now. What is still nobody's
/// stays, and so does all of a tenant that does not start.
///
/// Stopped in the middle and called again, it brings nothing twice: a tenant knows what it has.
///
/// # Errors
/// When the quarantine or `owners.toml` cannot be read or written.
pub fn retry_quarantine(casemate: &Casemate) -> Result<Retried, OpenError> {
    let mut retried = Retried::default();
    let mut reception = Reception::open(casemate, None, None)?;
    let mut next = 1;
    loop {
        let Some(quarantine) = casemate.home().quarantine_if_any()? else {
            break;
        };
        let some = quarantine.from(next, LOT)?;
        // Not kept while tenants work: others may have something to put in.
        drop(quarantine);
        let Some(last) = some.last() else { break };
        next = last.number + 1;
        let mut lots: BTreeMap<(TenantId, String), Lot> = BTreeMap::new();
        for one in some.into_iter().filter(|one| one.released.is_none()) {
            match again(&reception, &one.document) {
                Some((tenant, documents)) => {
                    let lot = lots.entry((tenant, one.document.input)).or_default();
                    lot.numbers.push(one.number);
                    lot.documents
                        .extend(documents.into_iter().map(|one| (0, one)));
                }
                None => retried.stayed += 1,
            }
        }
        for ((tenant, input), lot) in lots {
            if let Err(why) = reception.take_lot(&tenant, &lot.documents, &input) {
                tracing::warn!(%tenant, documents = lot.numbers.len(), "documents stay in quarantine: {why}");
                retried.stayed += lot.numbers.len() as u64;
                continue;
            }
            let released = Released {
                tenant: tenant.clone(),
                time: casemate.settings().clock.now(),
            };
            let quarantine = casemate.home().quarantine()?;
            quarantine.release(&lot.numbers, &released)?;
            retried.went.entry(tenant).or_default().extend(lot.numbers);
        }
    }
    for (tenant, drafted) in reception.draft() {
        if let Err(error) = drafted {
            tracing::warn!(%tenant, %error, "its cases are not drafted");
        }
    }
    Ok(retried)
}

/// What goes to one tenant together.
#[derive(Default)]
struct Lot {
    numbers: Vec<u64>,
    documents: Vec<(usize, Document)>,
}

/// A document of the quarantine read again, if it has an owner now. One of which not all was kept has
/// none: what was cut off could say another.
fn again(reception: &Reception<'_>, kept: &Quarantined) -> Option<(TenantId, Vec<Document>)> {
    let wrapping = match &kept.frame {
        Some(text) => Some(Wrapping::read(&Stored {
            text: Arc::clone(text),
            is_whole: kept.is_whole,
        })?),
        None if kept.is_whole => None,
        None => return None,
    };
    let format = kept.format.as_deref().and_then(Source::parse);
    let from = format.map_or(From::Auto, From::Only);
    let mut all: Vec<Document> = within(kept.bytes.as_slice(), from, wrapping)
        .collect::<Result<_, _>>()
        .ok()?;
    for document in &mut all {
        match document {
            Document::Alert(taken) => taken.offset = kept.offset,
            Document::Reject(reject) => reject.offset = kept.offset,
        }
    }
    let owner = |document| reception.owner(document, kept.delivered.as_ref());
    let tenant = owner(all.first()?)?;
    let agreed = all
        .iter()
        .all(|document| owner(document).as_ref() == Some(&tenant));
    agreed.then_some((tenant, all))
}
