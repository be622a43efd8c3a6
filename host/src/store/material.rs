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
}

/// One call of a capability.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Call {
    /// What the module asked.
    pub question: Vec<u8>,
    /// What it was given.
    pub answer: Vec<u8>,
}
