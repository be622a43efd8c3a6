use super::Text;
use std::fmt;

/// One call on a module's stack when it stopped.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Frame {
    /// The function's name, as far as the component names it.
    pub function: Option<Text>,
    /// Its index in its core module.
    pub index: u32,
    /// Where in the core module's file it stood, in bytes.
    pub offset: Option<u64>,
    /// How often the very same call stands there one after another; 1 for an ordinary one.
    pub times: u32,
}

impl fmt::Display for Frame {
    /// `grouper::place (function 12 at 0x3a4f), 30 times`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.function {
            Some(name) => write!(f, "{name} (function {}", self.index)?,
            None => write!(f, "(function {}", self.index)?,
        }
        if let Some(offset) = self.offset {
            write!(f, " at {offset:#x}")?;
        }
        f.write_str(")")?;
        match self.times {
            0 | 1 => Ok(()),
            times => write!(f, ", {times} times"),
        }
    }
}
