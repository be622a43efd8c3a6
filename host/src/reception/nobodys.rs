//! What of a document is kept in quarantine.

use crate::model::{Instant, TenantId, Text};
use crate::store::Quarantined;
use crate::triage::Unowned;
use crate::triage::intake::{Document, Wrapping};

pub(super) fn quarantined(
    document: &Document,
    why: &Unowned,
    name: &str,
    now: Instant,
    delivered: Option<&TenantId>,
) -> Quarantined {
    let (offset, bytes, length, format, wrapping) = match document {
        Document::Alert(taken) => (
            taken.offset,
            &taken.bytes,
            taken.bytes.len() as u64,
            Some(taken.alert.format),
            &taken.wrapping,
        ),
        Document::Reject(reject) => (
            reject.offset,
            &reject.bytes,
            reject.length,
            None,
            &reject.wrapping,
        ),
    };
    let frame = wrapping.as_ref().map(Wrapping::stored);
    let known = match why {
        Unowned::NotStarted { tenant, .. } => Some(tenant),
        Unowned::Missing { .. }
        | Unowned::Unknown { .. }
        | Unowned::Contradicting { .. }
        | Unowned::Unread { .. } => delivered,
    };
    Quarantined {
        taken_in: now,
        input: Text::capped(name, 400).to_string(),
        offset,
        delivered: delivered.cloned(),
        known: known.cloned(),
        why: why.to_string(),
        bytes: bytes.clone(),
        format: format.map(|format| format.word().to_owned()),
        is_whole: bytes.len() as u64 == length && frame.as_ref().is_none_or(|it| it.is_whole),
        frame: frame.map(|it| it.text),
    }
}
