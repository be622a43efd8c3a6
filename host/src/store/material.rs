/// What a run's commitments in the trail commit to, with the salt: kept so that the run can be shown
/// and repeated later.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Material {
    /// The salt of every commitment of the run.
    pub salt: [u8; 32],
    /// The batch as the module saw it.
    pub batch: Vec<u8>,
    /// Each call of a capability, in order.
    pub calls: Vec<Call>,
    /// The module's answer; empty where the run failed.
    pub answer: Vec<u8>,
    /// The settings as the module saw them; empty where there was no run, or it was kept before
    /// there were any. Last: what was kept before ends in front of it.
    pub settings: Vec<u8>,
}

/// As it was kept before there were settings.
#[derive(serde::Deserialize)]
struct WithoutSettings {
    salt: [u8; 32],
    batch: Vec<u8>,
    calls: Vec<Call>,
    answer: Vec<u8>,
}

impl Material {
    /// Reads what is kept.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, postcard::Error> {
        postcard::from_bytes(bytes).or_else(|error| {
            let before: (WithoutSettings, &[u8]) = postcard::take_from_bytes(bytes)?;
            let (kept, []) = before else {
                return Err(error);
            };
            Ok(Self {
                salt: kept.salt,
                batch: kept.batch,
                calls: kept.calls,
                answer: kept.answer,
                settings: Vec::new(),
            })
        })
    }
}

/// One call of a capability.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Call {
    /// What the module asked.
    pub question: Vec<u8>,
    /// What it was given.
    pub answer: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_before_there_were_settings_is_read() {
        let call = Call {
            question: b"q".to_vec(),
            answer: b"a".to_vec(),
        };
        let whole = Material {
            salt: [7; 32],
            batch: b"batch".to_vec(),
            calls: vec![call],
            answer: b"answer".to_vec(),
            settings: b"settings".to_vec(),
        };
        let bytes = postcard::to_stdvec(&whole).unwrap();
        assert_eq!(Material::read(&bytes).unwrap(), whole);
        // One byte of length, and what it is the length of.
        let before = &bytes[..bytes.len() - 9];
        let without = Material {
            settings: Vec::new(),
            ..whole
        };
        assert_eq!(Material::read(before).unwrap(), without);
        assert!(Material::read(&before[..before.len() - 1]).is_err());
        assert!(Material::read(&bytes[..bytes.len() - 1]).is_err());
    }
}
