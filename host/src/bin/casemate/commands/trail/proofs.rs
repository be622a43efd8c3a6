//! Proofs made and checked.

use super::{failed, known, opened};
use crate::args::{CheckConsistency, CheckProof, Consistency, Format, Shared};
use crate::output::{self, Exit, Failure};
use casemate::trail::note::{AddCheckpoint, Checkpoint, Proof, VerifierKey};
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct Checked {
    log: String,
    /// Entries of the checkpoint that the proof leads to.
    entries: u64,
    root: String,
    /// The entry's place in the log, or the size that the log grew from.
    of: u64,
}

pub(super) fn check_proof(shared: &Shared, args: &CheckProof) -> Result<Exit, Failure> {
    let given = args.key.as_deref().map(known::key).transpose()?;
    let client = args.client.as_deref().map(known::client).transpose()?;
    let proof = Proof::parse(&known::file(&args.proof)?);
    let proof = proof.map_err(|error| unusable(&args.proof, error))?;
    let entry = known::file(&args.entry)?;
    let entry = entry.strip_suffix(b"\n").unwrap_or(&entry);
    let origin = proof.checkpoint().unverified().origin();
    let key = match (given, client) {
        (Some(key), _) => key,
        // A later log of the same tenant is signed with the same key under its own name.
        (None, Some(client)) => under(origin, client.key())?,
        (None, None) => return Err(no_key()),
    };
    let checkpoint = proof.verify(entry, &key).map_err(|error| {
        let of = format!(
            "`{}` does not show that `{}` is entry {} of the log",
            args.proof.display(),
            args.entry.display(),
            proof.index()
        );
        Failure::new(Exit::Integrity, anyhow::Error::new(error).context(of)).help(
            "the entry's file must hold the exact bytes that `trail prove` printed as the entry",
        )
    })?;
    let text = format!("ok: entry at place {} of", proof.index());
    print(
        shared,
        "casemate.proof-checked/v1",
        checkpoint,
        proof.index(),
        &text,
    )
}

pub(super) fn consistency(shared: &Shared, args: &Consistency) -> Result<Exit, Failure> {
    let casemate = opened(shared, &args.tenant)?;
    let to = args.to.as_deref().map(known::checkpoint).transpose()?;
    let grown = casemate.trail_growth(&args.tenant, args.log.as_deref(), args.old, to.as_ref());
    let grown = grown.map_err(failed)?;
    output::say(&format!("key: {}", grown.key));
    output::text(&grown.proof.text())?;
    Ok(Exit::Ok)
}

pub(super) fn check_consistency(shared: &Shared, args: &CheckConsistency) -> Result<Exit, Failure> {
    let given = args.key.as_deref().map(known::key).transpose()?;
    let client = args.client.as_deref().map(known::client).transpose()?;
    let key = match (&given, &client) {
        (Some(key), _) => key,
        (None, Some(client)) => client.key(),
        (None, None) => return Err(no_key()),
    };
    let integrity = |of: &Path, error: anyhow::Error| {
        Failure::new(
            Exit::Integrity,
            error.context(format!("`{}`", of.display())),
        )
    };
    let seen = match (&args.seen, &client) {
        (Some(file), _) => {
            let signed = known::checkpoint(file)?;
            let seen = signed
                .verify_log(key)
                .map_err(|e| integrity(file, e.into()))?;
            seen.clone()
        }
        (None, Some(client)) => client.checkpoint().clone(),
        (None, None) => return Err(no_key()),
    };
    let proof = AddCheckpoint::parse(&known::file(&args.proof)?);
    let proof = proof.map_err(|error| unusable(&args.proof, error))?;
    let new = proof.checkpoint().verify_log(key);
    let new = new.map_err(|error| integrity(&args.proof, error.into()))?;
    if proof.old() != seen.size() {
        let error = anyhow::anyhow!(
            "the proof is from {} entries on, and the checkpoint that was seen is over {}",
            proof.old(),
            seen.size()
        );
        let help = format!(
            "ask for one from there: `casemate trail consistency --tenant TENANT {}`",
            seen.size()
        );
        return Err(integrity(&args.proof, error).help(help));
    }
    let held = proof.verify_consistency(&seen.root());
    held.map_err(|error| integrity(&args.proof, error.into()))?;
    let text = format!("ok: from {} entries on", seen.size());
    print(
        shared,
        "casemate.consistency-checked/v1",
        new,
        seen.size(),
        &text,
    )
}

fn print(
    shared: &Shared,
    schema: &str,
    checkpoint: &Checkpoint,
    of: u64,
    text: &str,
) -> Result<Exit, Failure> {
    let checked = Checked {
        log: checkpoint.origin().to_owned(),
        entries: checkpoint.size(),
        root: checkpoint.root().to_string(),
        of,
    };
    match shared.format {
        Format::Json => output::json(schema, &checked)?,
        Format::Ndjson => output::ndjson(schema, [&checked])?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => output::text(&format!(
            "{text} {}\n  under the checkpoint over {} entries, root {}\n",
            checked.log, checked.entries, checked.root
        ))?,
    }
    Ok(Exit::Ok)
}

/// The tenant's key under the name of a log.
fn under(log: &str, key: &VerifierKey) -> Result<VerifierKey, Failure> {
    let named = VerifierKey::from_ed25519(log, *key.public_key());
    named.map_err(|error| Failure::new(Exit::Integrity, error))
}

fn unusable(file: &Path, error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    let error = anyhow::Error::new(error).context(format!("`{}`", file.display()));
    Failure::new(Exit::Integrity, error)
}

fn no_key() -> Failure {
    let error = anyhow::anyhow!("no key to check with");
    Failure::new(Exit::Usage, error).help("name the client's file with `--client`, or the key with `--key` and a checkpoint with `--seen`")
}
