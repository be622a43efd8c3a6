//! What a module may ask for, one part a capability. Each function here becomes an import of the
//! component only where the module calls it. Natively there is no host, and calling one panics: a
//! module's logic takes what these return as an argument, so that tests can stand in for the host.

/// Capability `memory`: the module's own notes on this tenant.
pub mod memory {
    use crate::Refusal;
    use crate::bindings::imports::casemate::soc::memory as host;
    pub use crate::bindings::imports::casemate::soc::memory::Note;

    /// The most keys of one call.
    pub const KEYS_PER_CALL: usize = 8_192;

    /// The notes under these keys, in the same order; as many calls as the number of keys needs.
    ///
    /// # Errors
    /// The host's refusal of the first call it refused.
    pub fn recall(keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, Refusal> {
        if keys.len() <= KEYS_PER_CALL {
            return host::recall(keys);
        }
        let mut notes = Vec::with_capacity(keys.len());
        for part in keys.chunks(KEYS_PER_CALL) {
            notes.extend(host::recall(part)?);
        }
        Ok(notes)
    }
}

/// Capability `assets`: the tenant's own list of machines, accounts and services.
pub mod assets {
    use crate::Refusal;
    use crate::bindings::imports::casemate::soc::assets as host;
    pub use crate::bindings::imports::casemate::soc::assets::Asset;

    /// The most keys of one call.
    pub const KEYS_PER_CALL: usize = 4_096;

    /// For each key, a name or an address, the entries that carry it; as many calls as the number
    /// of keys needs.
    ///
    /// # Errors
    /// The host's refusal of the first call it refused.
    pub fn lookup(keys: &[String]) -> Result<Vec<Vec<Asset>>, Refusal> {
        if keys.len() <= KEYS_PER_CALL {
            return host::lookup(keys);
        }
        let mut found = Vec::with_capacity(keys.len());
        for part in keys.chunks(KEYS_PER_CALL) {
            found.extend(host::lookup(part)?);
        }
        Ok(found)
    }
}

/// Capability `known-good`: the tenant's own facts about what is normal.
pub mod known_good {
    use crate::bindings::imports::casemate::soc::known_good as host;
    pub use crate::bindings::imports::casemate::soc::known_good::{Comparison, Condition, Fact};
    use crate::{Alert, Batch, Field, Refusal};

    /// The most rule ids of one call.
    pub const RULES_PER_CALL: usize = 4_096;

    /// For each rule id, the facts that name it, expired ones too; as many calls as the number of
    /// rule ids needs.
    ///
    /// # Errors
    /// The host's refusal of the first call it refused.
    pub fn facts(rules: &[String]) -> Result<Vec<Vec<Fact>>, Refusal> {
        if rules.len() <= RULES_PER_CALL {
            return host::facts(rules);
        }
        let mut found = Vec::with_capacity(rules.len());
        for part in rules.chunks(RULES_PER_CALL) {
            found.extend(host::facts(part)?);
        }
        Ok(found)
    }

    /// Whether all conditions of a fact hold for an alert, its expiry aside. A condition on a field
    /// that is absent or withheld doesn't hold, nor does a fact without conditions.
    pub fn holds(fact: &Fact, batch: &Batch, alert: &Alert<'_>) -> bool {
        let met = |condition: &Condition| {
            let key = match Field::of(&condition.name) {
                Some(field) => alert.key(field),
                None => batch
                    .column_named(&condition.name)
                    .and_then(|c| c.get(alert.row()))
                    .copied()
                    .unwrap_or(0),
            };
            let text = batch.text(key);
            key != 0
                && match condition.compare {
                    Comparison::Equals => text == condition.value,
                    Comparison::BeginsWith => text.starts_with(&condition.value),
                }
        };
        !fact.conditions.is_empty() && fact.conditions.iter().all(met)
    }
}
