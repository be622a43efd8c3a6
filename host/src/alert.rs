//! One alert with all that is held of it.

use crate::model::{Alert, AlertNumber, Instant, TenantId, Timing};
use crate::store::{StoreError, View};

/// One alert, as it came and as it stands.
#[derive(Clone, Debug, serde::Serialize)]
pub struct AlertFile {
    /// The tenant.
    pub tenant: TenantId,
    /// Its number there.
    pub number: AlertNumber,
    /// When it was taken in, by the host's clock.
    pub taken_in: Instant,
    /// How its own time lies beside that.
    pub timing: Timing,
    /// The alert.
    pub alert: Alert,
    /// The group it was placed in; none while it waits.
    pub group: Option<AlertNumber>,
    /// The case that group is in.
    pub case: Option<AlertNumber>,
    /// Its document as it came; none where it is not held any more. Bytes that are no UTF-8 are shown
    /// as U+FFFD.
    pub document: Option<String>,
    /// Its documents of later deliveries, which changed nothing: the alert is as it first came.
    pub revisions: Vec<String>,
    /// What wrapped the document, with `null` where documents were.
    pub frame: Option<String>,
}

impl AlertFile {
    /// The file of an alert; none where there is no such alert.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn of(view: &View, number: AlertNumber) -> Result<Option<Self>, StoreError> {
        let Some(stored) = view.alerts_of(&[number])?.pop() else {
            return Ok(None);
        };
        let placement = match number <= view.placed_through()? {
            true => view.placements(number, number)?.pop(),
            false => None,
        };
        let group = placement.map(|placement| placement.group);
        let shown = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let revisions = view.revisions(number)?.into_iter().map(shown).collect();
        Ok(Some(Self {
            tenant: view.tenant().clone(),
            number,
            taken_in: stored.taken_in,
            timing: stored.alert.timing(stored.taken_in),
            case: group
                .map(|group| view.case_of(group))
                .transpose()?
                .flatten(),
            group,
            document: view.bytes(number)?.map(shown),
            revisions,
            frame: view.frame(number)?,
            alert: stored.alert,
        }))
    }
}
