//! What somebody outside knows of a log: a key, the client's file, a checkpoint.

use crate::ambient;
use crate::output::{Exit, Failure};
use anyhow::Context as _;
use casemate::trail::note::{SignedCheckpoint, VerifierKey};
use casemate::trail::{ClientFault, ClientKnows};
use std::path::Path;

/// A key as it is handed over.
pub(super) fn key(text: &str) -> Result<VerifierKey, Failure> {
    VerifierKey::parse(text.trim()).map_err(|error| {
        Failure::new(Exit::Usage, error)
            .help("the client's file has it, as `key`: see `casemate trail checkpoint`")
    })
}

/// A file that must be there.
pub(super) fn file(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = ambient::read_if_there(path)?;
    read.ok_or_else(|| {
        let error = anyhow::anyhow!("`{}` is not there", path.display());
        Failure::new(Exit::Usage, error)
    })
}

/// The client's file, whose key signed its checkpoint.
pub(super) fn client(path: &Path) -> Result<ClientKnows, Failure> {
    ClientKnows::read(&file(path)?).map_err(|fault| {
        let lies = matches!(
            fault,
            ClientFault::Checkpoint(_) | ClientFault::OtherLog { .. }
        );
        let exit = if lies { Exit::Integrity } else { Exit::Usage };
        let fault = anyhow::Error::new(fault).context(format!("`{}`", path.display()));
        Failure::new(exit, fault)
            .help("the client's file is what `casemate trail checkpoint --tenant TENANT` printed when the client was taken on")
    })
}

/// Reads a signed checkpoint from a file; its signature is not checked yet.
pub(super) fn checkpoint(path: &Path) -> Result<SignedCheckpoint, Failure> {
    let signed = SignedCheckpoint::parse(&file(path)?);
    let of = || format!("`{}`", path.display());
    signed
        .with_context(of)
        .map_err(|error| Failure::new(Exit::Usage, error))
}
