use super::key::{KeyFault, KeyKind, VerifierKey};
use super::policy::{Group, Log, Party, Policy, Witness, shown};
use std::collections::{BTreeMap, BTreeSet};

/// The largest policy, in bytes.
pub const MAX_POLICY: usize = 256 << 10;

/// The name that stands for no quorum.
const NONE: &[u8] = b"none";

/// Why a policy cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct PolicyError {
    /// The line, counted from 1; behind the last one where something is missing.
    pub line: usize,
    /// What is wrong with it.
    pub fault: PolicyLineFault,
}

/// What is wrong with a line of a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyLineFault {
    /// The policy has more than [`MAX_POLICY`] bytes.
    #[error("a policy has at most {MAX_POLICY} bytes")]
    TooLarge,
    /// There is no newline at its end.
    #[error("the line does not end with a newline")]
    NoNewline,
    /// It holds a byte that a policy may not have.
    #[error("byte {0:#04x} is a control character; only tab and newline are accepted")]
    Byte(u8),
    /// It begins with a word that means nothing here.
    #[error("`{0}` is not `log`, `witness`, `group` or `quorum`")]
    Word(String),
    /// It has too few or too many words.
    #[error("the line is written `{0}`")]
    Form(&'static str),
    /// The key is none.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// The key is for another kind of signature.
    #[error("`{0}` has a key for another kind of signature: 0x01 for logs, 0x04 for witnesses")]
    Kind(String),
    /// A log or witness before has the same public key.
    #[error("the public key stands on line {0} already")]
    SameKey(usize),
    /// The name is taken.
    #[error("the name `{0}` is taken")]
    Taken(String),
    /// Nothing before has this name.
    #[error("`{0}` names no witness or group on a line before")]
    Unknown(String),
    /// A member of one group is not one of another, nor twice of the same.
    #[error("`{0}` is a member of a group already")]
    Member(String),
    /// The threshold is none.
    #[error("a group asks for `any`, `all`, or a number from 1 to that of its members, {0}")]
    Threshold(usize),
    /// There is a second quorum.
    #[error("the quorum is defined already")]
    SecondQuorum,
    /// There is none.
    #[error("there is no `quorum` line")]
    NoQuorum,
}

impl Policy {
    /// Reads a policy file: lines `log`, `witness`, `group` and `quorum`, with comments between.
    /// Only Ed25519 keys are supported.
    ///
    /// # Errors
    /// Says which line is wrong, and why.
    pub fn parse(file: &[u8]) -> Result<Self, PolicyError> {
        let fault = |line, fault| PolicyError { line, fault };
        if file.len() > MAX_POLICY {
            return Err(fault(1, PolicyLineFault::TooLarge));
        }
        let mut reading = Reading::default();
        let mut number = 0;
        for line in file.split_inclusive(|byte| *byte == b'\n') {
            number += 1;
            reading
                .line(number, line)
                .map_err(|why| fault(number, why))?;
        }
        let quorum = reading
            .quorum
            .ok_or_else(|| fault(number + 1, PolicyLineFault::NoQuorum))?;
        Ok(Self {
            logs: reading.logs,
            parties: reading.parties,
            quorum,
        })
    }
}

/// What the lines so far have said.
#[derive(Default)]
struct Reading {
    logs: Vec<Log>,
    parties: Vec<Party>,
    /// Where a party stands, by its name.
    names: BTreeMap<Vec<u8>, usize>,
    /// Those that are members of a group.
    members: BTreeSet<usize>,
    /// The line of each public key, by its kind.
    keys: BTreeMap<(KeyKind, [u8; 32]), usize>,
    /// None before the line; then the party, or none for `none`.
    quorum: Option<Option<usize>>,
}

impl Reading {
    fn line(&mut self, number: usize, line: &[u8]) -> Result<(), PolicyLineFault> {
        let line = line.strip_suffix(b"\n").ok_or(PolicyLineFault::NoNewline)?;
        let control = |byte: &&u8| byte.is_ascii_control() && **byte != b'\t';
        if let Some(byte) = line.iter().find(control) {
            return Err(PolicyLineFault::Byte(*byte));
        }
        let words: Vec<_> = line
            .split(|byte| matches!(byte, b' ' | b'\t'))
            .filter(|word| !word.is_empty())
            .collect();
        let Some((first, rest)) = words.split_first() else {
            return Ok(());
        };
        if first.starts_with(b"#") {
            return Ok(());
        }
        match *first {
            b"log" => self.log(number, rest),
            b"witness" => self.witness(number, rest),
            b"group" => self.group(rest),
            b"quorum" => self.quorum(rest),
            other => Err(PolicyLineFault::Word(shown(other))),
        }
    }

    fn log(&mut self, number: usize, words: &[&[u8]]) -> Result<(), PolicyLineFault> {
        let (key, url) = match words {
            [key] => (key, None),
            [key, url] => (key, Some(url.to_vec())),
            _ => return Err(PolicyLineFault::Form("log <vkey> [<url>]")),
        };
        let key = self.key(number, key, KeyKind::Ed25519)?;
        self.logs.push(Log { key, url });
        Ok(())
    }

    fn witness(&mut self, number: usize, words: &[&[u8]]) -> Result<(), PolicyLineFault> {
        let (name, key, url) = match words {
            [name, key] => (name, key, None),
            [name, key, url] => (name, key, Some(url.to_vec())),
            _ => return Err(PolicyLineFault::Form("witness <name> <vkey> [<url>]")),
        };
        let key = self.key(number, key, KeyKind::Cosignature)?;
        let name = name.to_vec();
        self.party(Party::Witness(Box::new(Witness { name, key, url })))
    }

    fn group(&mut self, words: &[&[u8]]) -> Result<(), PolicyLineFault> {
        let [name, threshold, names @ ..] = words else {
            return Err(PolicyLineFault::Form("group <name> all|any|<k> <name>..."));
        };
        if names.is_empty() {
            return Err(PolicyLineFault::Form("group <name> all|any|<k> <name>..."));
        }
        let threshold = match *threshold {
            b"any" => 1,
            b"all" => names.len(),
            digits => threshold_of(digits, names.len())?,
        };
        let mut members = Vec::new();
        for member in names {
            let at = self.named(member)?;
            if !self.members.insert(at) {
                return Err(PolicyLineFault::Member(shown(member)));
            }
            members.push(at);
        }
        let name = name.to_vec();
        self.party(Party::Group(Group {
            name,
            threshold,
            members,
        }))
    }

    fn quorum(&mut self, words: &[&[u8]]) -> Result<(), PolicyLineFault> {
        let [name] = words else {
            return Err(PolicyLineFault::Form("quorum <name>"));
        };
        if self.quorum.is_some() {
            return Err(PolicyLineFault::SecondQuorum);
        }
        self.quorum = Some(if *name == NONE {
            None
        } else {
            Some(self.named(name)?)
        });
        Ok(())
    }

    /// A key for signatures of this kind that no line had before.
    fn key(
        &mut self,
        number: usize,
        word: &[u8],
        kind: KeyKind,
    ) -> Result<VerifierKey, PolicyLineFault> {
        let text = str::from_utf8(word).map_err(|_| KeyFault::Form)?;
        let key = VerifierKey::parse(text)?;
        if key.kind() != kind {
            return Err(PolicyLineFault::Kind(key.name().to_owned()));
        }
        match self.keys.insert((kind, *key.public_key()), number) {
            Some(line) => Err(PolicyLineFault::SameKey(line)),
            None => Ok(key),
        }
    }

    fn party(&mut self, party: Party) -> Result<(), PolicyLineFault> {
        let name = party.name().to_vec();
        let taken = PolicyLineFault::Taken(shown(&name));
        if name == NONE || self.names.insert(name, self.parties.len()).is_some() {
            return Err(taken);
        }
        self.parties.push(party);
        Ok(())
    }

    fn named(&self, name: &[u8]) -> Result<usize, PolicyLineFault> {
        let found = self.names.get(name).copied();
        found.ok_or_else(|| PolicyLineFault::Unknown(shown(name)))
    }
}

/// How many of these members it takes.
fn threshold_of(digits: &[u8], members: usize) -> Result<usize, PolicyLineFault> {
    let number = str::from_utf8(digits)
        .ok()
        .and_then(super::checkpoint::number);
    let number = number.and_then(|number| usize::try_from(number).ok());
    number
        .filter(|number| (1..=members).contains(number))
        .ok_or(PolicyLineFault::Threshold(members))
}
