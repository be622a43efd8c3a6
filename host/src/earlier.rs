//! What is handed out of a tenant's logs, the earlier ones among them: exports, proofs, and whether they
//! follow from what a client knows.

use crate::model::{TenantId, Text};
use crate::open::Casemate;
use crate::store::{Dir, TenantLogs, TrailReader, export_earlier, export_log, export_text};
use crate::trail::note::{AddCheckpoint, Checkpoint, NoteFault, SignedCheckpoint, VerifierKey};
use crate::trail::{
    Back, ClientKnows, EARLIER_LOGS, Finding, Report, TileError, Trusted, earlier_logs,
    prove_growth, verify, verify_chain,
};
use crate::trails::{Proven, TrailsError, prove_in};

/// What an export holds.
#[derive(Debug)]
pub struct Exported {
    /// The checkpoint of the log.
    pub checkpoint: Checkpoint,
    /// The names of the earlier logs in it, the latest first.
    pub earlier: Vec<String>,
    /// Why an earlier log is not in it, nor any before that; none where all that there are are in it.
    pub left_out: Option<Finding>,
}

/// That a log's tree follows from the one it had before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    /// The proof with the checkpoint that it leads to, as C2SP tlog-witness has it.
    pub proof: AddCheckpoint,
    /// The key that signed the checkpoint.
    pub key: VerifierKey,
}

impl Casemate {
    /// Checks that a tenant's present log follows from the checkpoint that its client has, be that of
    /// this log or of an earlier one: with the client's key, not with what the home says is the key.
    ///
    /// # Errors
    /// When a file cannot be read. What is wrong is in the report.
    pub fn trail_follows(
        &self,
        tenant: &TenantId,
        client: &ClientKnows,
    ) -> Result<Report, TrailsError> {
        let scope = self.home().tenant(tenant)?;
        let trusted = Trusted::Tenant(client.key().clone());
        let mut tries = 0;
        loop {
            tries += 1;
            let seen = Some(client.checkpoint());
            let report = verify_chain(&mut TenantLogs(&scope), &trusted, seen, Back::ToSeen);
            // A writer may be in the middle of it.
            if report.bad.is_none() || tries == 3 {
                return Ok(report);
            }
        }
    }

    /// Checks an earlier log of a tenant, as it was put aside.
    ///
    /// # Errors
    /// When there is none of that name, or a file cannot be read. What is wrong is in the report.
    pub fn earlier_verify(
        &self,
        tenant: &TenantId,
        log: &str,
        seen: Option<&Checkpoint>,
    ) -> Result<Report, TrailsError> {
        let (mut files, signed) = self.earlier(tenant, log)?;
        let key = self.key_of(tenant, &signed)?;
        let named = |log: &str| (log == key.name()).then(|| key.clone());
        Ok(verify(&mut files, &named, seen))
    }

    /// As [`Casemate::trail_prove`], of an earlier log.
    ///
    /// # Errors
    /// As there, and when there is no such log.
    pub fn earlier_prove(
        &self,
        tenant: &TenantId,
        log: &str,
        number: u64,
    ) -> Result<Proven, TrailsError> {
        let (_, signed) = self.earlier(tenant, log)?;
        let key = self.key_of(tenant, &signed)?;
        let scope = self.home().tenant(tenant)?;
        let files = || {
            let found = scope.earlier_log(folder_of(log))?;
            Ok(found.map(|(files, _)| files))
        };
        prove_in(tenant, &files, signed, key, number)
    }

    /// Writes an earlier log alone into an empty folder, checked before.
    ///
    /// # Errors
    /// When there is no such log, it fails verification, or the folder cannot be written.
    pub fn earlier_export(
        &self,
        tenant: &TenantId,
        log: &str,
        to: &Dir,
    ) -> Result<Exported, TrailsError> {
        if let Some(bad) = self.earlier_verify(tenant, log, None)?.bad {
            let tenant = tenant.clone();
            return Err(TrailsError::Bad { tenant, bad });
        }
        let found = self.earlier(tenant, log)?;
        let exported = Exported {
            checkpoint: found.1.unverified().clone(),
            earlier: Vec::new(),
            left_out: None,
        };
        export_log(found, to)?;
        export_text(to, &text(&exported))?;
        Ok(exported)
    }

    /// That a log grew from one size to another: to the one of its last checkpoint, or of another
    /// checkpoint of it that is handed in. The log is the present one, or an earlier one by its name.
    ///
    /// # Errors
    /// When it never had these sizes, the checkpoint is not one of it, or it cannot be read.
    pub fn trail_growth(
        &self,
        tenant: &TenantId,
        log: Option<&str>,
        old: u64,
        to: Option<&SignedCheckpoint>,
    ) -> Result<Growth, TrailsError> {
        let bad = |bad: Finding| TrailsError::Bad {
            tenant: tenant.clone(),
            bad,
        };
        let (mut files, signed, key) = match log {
            Some(log) => {
                let (files, signed) = self.earlier(tenant, log)?;
                let key = self.key_of(tenant, &signed)?;
                (files, signed, key)
            }
            None => {
                let (signed, key) = self.trail_head(tenant)?;
                let files = self.home().tenant(tenant)?.read_trail()?;
                let none = || TrailsError::NoCheckpoint(tenant.clone());
                (files.ok_or_else(none)?, signed, key)
            }
        };
        let note = |fault: NoteFault| bad(Finding::Checkpoint(fault));
        let size = signed.verify_log(&key).map_err(note)?.size();
        let to = to.unwrap_or(&signed);
        let new = to.verify_log(&key).map_err(note)?;
        let sizes = || TrailsError::Sizes {
            tenant: tenant.clone(),
            old,
            new: new.size(),
            size,
        };
        if old > new.size() || new.size() > size {
            return Err(sizes());
        }
        let grown = prove_growth(&mut files, &signed, old, new.size());
        let (hashes, [old_root, _]) = grown.map_err(|error| match error {
            TileError::Beyond { .. } => sizes(),
            error @ (TileError::Io { .. }
            | TileError::Missing(_)
            | TileError::Malformed(_)
            | TileError::Entries(_)) => bad(Finding::Tile(error)),
        })?;
        let proof = AddCheckpoint::new(old, hashes, to.clone()).map_err(|_| sizes())?;
        // What is handed on holds: a tile that is damaged is found here.
        let held = proof.verify_consistency(&old_root);
        held.map_err(|fault| bad(Finding::Proof(fault.into())))?;
        Ok(Growth { proof, key })
    }

    /// Adds the earlier logs and the README for the recipient to an export.
    pub(crate) fn export_beside(
        &self,
        tenant: &TenantId,
        to: &Dir,
        checkpoint: Checkpoint,
    ) -> Result<Exported, TrailsError> {
        let scope = self.home().tenant(tenant)?;
        let key = scope.trail_key().signer(checkpoint.origin())?.key().clone();
        let found = earlier_logs(&mut TenantLogs(&scope), &Trusted::Tenant(key));
        let (logs, left_out) = found.map_err(|bad| TrailsError::Bad {
            tenant: tenant.clone(),
            bad,
        })?;
        let mut earlier = Vec::new();
        for log in logs {
            let name = log.to_string();
            if let Some(found) = scope.earlier_log(&name)? {
                export_earlier(found, to, &format!("{EARLIER_LOGS}/{name}"))?;
                earlier.push(log.name());
            }
        }
        let exported = Exported {
            checkpoint,
            earlier,
            left_out,
        };
        export_text(to, &text(&exported))?;
        Ok(exported)
    }

    fn earlier(
        &self,
        tenant: &TenantId,
        log: &str,
    ) -> Result<(TrailReader, SignedCheckpoint), TrailsError> {
        let scope = self.home().tenant(tenant)?;
        if let Some(found) = scope.earlier_log(folder_of(log))? {
            return Ok(found);
        }
        let there = scope.trails_before()?;
        Err(TrailsError::NoLog {
            tenant: tenant.clone(),
            log: Text::capped(log, 100),
            there: match there.is_empty() {
                true => "none: its present log is its first".to_owned(),
                false => format!("`{}`", there.join("`, `")),
            },
        })
    }

    fn key_of(
        &self,
        tenant: &TenantId,
        signed: &SignedCheckpoint,
    ) -> Result<VerifierKey, TrailsError> {
        let scope = self.home().tenant(tenant)?;
        let signer = scope.trail_key().signer(signed.unverified().origin())?;
        Ok(signer.key().clone())
    }
}

/// The folder of a log, which may be named as its checkpoints name it.
fn folder_of(log: &str) -> &str {
    log.rsplit('/').next().unwrap_or(log)
}

/// What an export says of itself: above all where the key is to come from.
fn text(exported: &Exported) -> String {
    let (log, size) = (exported.checkpoint.origin(), exported.checkpoint.size());
    let earlier = match exported.earlier.as_slice() {
        [] => String::new(),
        logs => format!(
            "Earlier logs, which this one goes on after, are in `{EARLIER_LOGS}/`:\n{}\n\n",
            logs.join("\n")
        ),
    };
    format!(
        "An export of the log {log}
with {size} entries: `checkpoint`, signed, and the tiles under it (C2SP tlog-tiles).

{earlier}The key is not in this folder, on purpose. A key that comes with the log it is to check shows
nothing: whoever wrote the log could have sent their own.

The key comes from the client's file, `casemate-client.json`. The vendor makes it with
`casemate trail checkpoint` and gives it to you once, when you are taken on, in a way that you
trust. Ask the vendor for the key's line in another way as well (by telephone, on paper, from a
page of theirs) and compare it with the member `key` of the file: both must be the same. Keep the
file; nobody can write another history for you from then on.

Check this folder with it, anywhere, with one of:

  casemate trail verify --folder FOLDER --client casemate-client.json
  python3 verify.py FOLDER --client casemate-client.json
  ./verify FOLDER --client casemate-client.json

The last two are tests/verifiers/python and tests/verifiers/go of the program's source. This text
is no part of the log; nothing vouches for it.
"
    )
}
