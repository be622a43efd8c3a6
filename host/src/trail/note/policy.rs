use super::key::VerifierKey;
use super::signed::{NoteFault, SignedCheckpoint};

/// Which logs are known, which witnesses, and how many of these must have cosigned a checkpoint for
/// it to be believed (C2SP tlog-policy). Read with [`Policy::parse`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(super) logs: Vec<Log>,
    /// Witnesses and groups, in the order of their lines: a group has only members before it.
    pub(super) parties: Vec<Party>,
    /// The party that must have witnessed a checkpoint; none where no cosignature is asked for.
    pub(super) quorum: Option<usize>,
}

/// A log that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Log {
    pub(super) key: VerifierKey,
    pub(super) url: Option<Vec<u8>>,
}

/// What can witness a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Party {
    Witness(Box<Witness>),
    Group(Group),
}

/// Parties of which some must have witnessed a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) name: Vec<u8>,
    pub(super) threshold: usize,
    /// Where its members stand among the parties.
    pub(super) members: Vec<usize>,
}

/// A witness that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    pub(super) name: Vec<u8>,
    pub(super) key: VerifierKey,
    pub(super) url: Option<Vec<u8>>,
}

/// A sound cosignature by a witness that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Witnessed<'a> {
    /// Who.
    pub witness: &'a Witness,
    /// When by its clock, in seconds since 1970.
    pub time: u64,
}

/// Why a checkpoint is not to be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyFault {
    /// The policy names no log.
    #[error("the policy names no log")]
    NoLogs,
    /// None of the logs that are known signed it as its own.
    #[error("the log `{0}` has not signed with a key that the policy names")]
    Log(String),
    /// A signature that is said to be by a log or a witness that is known is not sound.
    #[error(transparent)]
    Note(NoteFault),
    /// Too few witnesses have cosigned, or not those that it takes.
    #[error("the quorum `{quorum}` is not reached; cosigned by: {by}")]
    Quorum {
        /// Its name.
        quorum: String,
        /// The witnesses that did, with commas between.
        by: String,
    },
}

impl Witness {
    /// Its name in the policy: any bytes but white space and control characters.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// Its key.
    pub const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Where it is reached, if the policy says so: the submission prefix of C2SP tlog-witness.
    pub fn url(&self) -> Option<&[u8]> {
        self.url.as_deref()
    }
}

impl Policy {
    /// The keys of the logs that are known, with the address each is reached at.
    pub fn logs(&self) -> impl Iterator<Item = (&VerifierKey, Option<&[u8]>)> {
        self.logs.iter().map(|log| (&log.key, log.url.as_deref()))
    }

    /// The witnesses that are known.
    pub fn witnesses(&self) -> impl Iterator<Item = &Witness> {
        self.parties.iter().filter_map(|party| match party {
            Party::Witness(witness) => Some(&**witness),
            Party::Group(_) => None,
        })
    }

    /// Checks that one of the logs signed the checkpoint as its own and the quorum cosigned it.
    /// Returns the sound cosignatures by witnesses that are known, in the order of the policy.
    ///
    /// # Errors
    /// When it is not so, or a signature by one that is known is not sound: such a note is to be
    /// refused as a whole (C2SP signed-note).
    pub fn satisfied(&self, note: &SignedCheckpoint) -> Result<Vec<Witnessed<'_>>, PolicyFault> {
        if self.logs.is_empty() {
            return Err(PolicyFault::NoLogs);
        }
        let mut signed = false;
        for log in &self.logs {
            let signs = note.signatures().iter().any(|line| line.is_by(&log.key));
            if signs {
                note.verify_log(&log.key).map_err(PolicyFault::Note)?;
                signed = true;
            }
        }
        if !signed {
            let origin = note.unverified().origin().to_owned();
            return Err(PolicyFault::Log(origin));
        }
        self.witnessed(note)
    }

    /// The same without the log, for whoever knows the log from elsewhere and has looked at its
    /// signature.
    ///
    /// # Errors
    /// When the quorum is not reached, or a cosignature by a witness that is known is not sound.
    pub fn witnessed(&self, note: &SignedCheckpoint) -> Result<Vec<Witnessed<'_>>, PolicyFault> {
        let mut by = Vec::new();
        // Whether each party witnessed it: the members of a group stand before it.
        let mut reached: Vec<bool> = Vec::new();
        for party in &self.parties {
            reached.push(match party {
                Party::Witness(witness) => {
                    let found = cosigned(note, witness)?;
                    by.extend(found);
                    found.is_some()
                }
                Party::Group(group) => {
                    let did = |member: &&usize| reached.get(**member).copied().unwrap_or(false);
                    group.members.iter().filter(did).count() >= group.threshold
                }
            });
        }
        if let Some(quorum) = self.quorum
            && !reached.get(quorum).copied().unwrap_or(false)
        {
            let by: Vec<_> = by.iter().map(|found| shown(&found.witness.name)).collect();
            return Err(PolicyFault::Quorum {
                quorum: self
                    .parties
                    .get(quorum)
                    .map_or_else(String::new, Party::shown),
                by: by.join(", "),
            });
        }
        Ok(by)
    }
}

impl Party {
    pub(super) fn name(&self) -> &[u8] {
        match self {
            Self::Witness(witness) => &witness.name,
            Self::Group(group) => &group.name,
        }
    }

    fn shown(&self) -> String {
        shown(self.name())
    }
}

/// The cosignature of this witness, if there is one.
fn cosigned<'a>(
    note: &SignedCheckpoint,
    witness: &'a Witness,
) -> Result<Option<Witnessed<'a>>, PolicyFault> {
    match note.cosignature(&witness.key) {
        Ok(cosignature) => Ok(Some(Witnessed {
            witness,
            time: cosignature.time(),
        })),
        Err(NoteFault::Missing(_)) => Ok(None),
        Err(fault) => Err(PolicyFault::Note(fault)),
    }
}

/// A name as it is shown to people.
pub(super) fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
