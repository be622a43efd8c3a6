//! What of the machine a home needs: room, files, memory, a clock.

use super::Findings;
use casemate::model::Instant;
use casemate::sandbox::Memory;
use casemate::store::{Dir, write_file};

/// Below this a night's work may not fit.
const LITTLE_ROOM: u64 = 1 << 30;
/// Below this nothing should be begun.
const NO_ROOM: u64 = 64 << 20;
/// Files a tenant has open while it is worked on: lock, store, trail, and a reader's store.
const FILES_OF_A_TENANT: u64 = 4;
/// Files of the program itself.
const OTHER_FILES: u64 = 64;
/// Address space that wasmtime 48.0.8 reserves for one memory of a run on 64-bit machines, in bytes:
/// 4 GiB and a guard of 32 MiB before and behind it.
const RESERVED: u64 = (4 << 30) + 2 * (32 << 20);

/// Whether the home can be written: a file is made in it and taken away again.
pub(super) fn writable(findings: &mut Findings, root: &Dir) {
    const PROBE: &str = ".doctor";
    let tried = write_file(root, PROBE, b"casemate doctor").and_then(|()| root.remove_file(PROBE));
    match tried {
        Ok(()) => findings.ok("writable", "the home can be written".to_owned()),
        Err(error) => findings.wrong(
            "writable",
            format!("the home cannot be written: {error}"),
            "make its folder writable for the user that runs casemate",
        ),
    }
}

#[cfg(unix)]
pub(super) fn room(findings: &mut Findings, root: &Dir) {
    use std::os::fd::AsFd as _;
    let found = match rustix::fs::fstatvfs(root.as_fd()) {
        Ok(found) => found,
        Err(error) => {
            let says = format!("how much room the disk has cannot be told: {error}");
            return findings.attention("disk", says, "look with `df`");
        }
    };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let all = found.f_blocks.saturating_mul(found.f_frsize);
    let says = format!("{} of {} MiB are free", free >> 20, all >> 20);
    if free < NO_ROOM {
        findings.wrong(
            "disk",
            says,
            "make room before anything is run: a full disk stops every tenant",
        );
    } else if free < LITTLE_ROOM {
        findings.attention("disk", says, "make room: stores and trails only grow");
    } else {
        findings.ok("disk", says);
    }
}

#[cfg(not(unix))]
pub(super) fn room(findings: &mut Findings, _: &Dir) {
    let says = "how much room the disk has is not told on this system".to_owned();
    findings.attention("disk", says, "look for yourself");
}

/// Whether so many tenants can be open at once.
#[cfg(unix)]
pub(super) fn limits(findings: &mut Findings, tenants: usize, memory: Memory) {
    use rustix::process::{Resource, getrlimit};
    let needed = (tenants as u64).saturating_mul(FILES_OF_A_TENANT) + OTHER_FILES;
    match getrlimit(Resource::Nofile).current {
        Some(most) if most < needed => findings.attention(
            "files",
            format!("{most} files may be open, and {tenants} tenants at once need {needed}"),
            "raise it: `ulimit -n`, or LimitNOFILE of a service",
        ),
        Some(most) => findings.ok(
            "files",
            format!("{most} may be open; all tenants at once need {needed}"),
        ),
        None => findings.ok("files", "as many as wanted may be open".to_owned()),
    }
    // A pool reserves 64 memories at once.
    let needed = match memory {
        Memory::OnDemand => RESERVED,
        Memory::Pooled => 64 * RESERVED,
    };
    match getrlimit(Resource::As).current {
        Some(most) if most < needed => findings.wrong(
            "memory",
            format!("the address space is limited to {} MiB, and runs reserve {} MiB", most >> 20, needed >> 20),
            "lift the limit (`ulimit -v unlimited`): it is reserved and not used; limit the memory itself instead",
        ),
        Some(_) | None => findings.ok(
            "memory",
            format!("of runs is {}; the address space is large enough", memory.word()),
        ),
    }
    if memory == Memory::Pooled {
        findings.attention(
            "memory",
            "of runs comes from a pool, which has leaked across instances before".to_owned(),
            "leave `--pooled-memory` away unless it was measured to be needed; each run.start records it",
        );
    }
}

#[cfg(not(unix))]
pub(super) fn limits(findings: &mut Findings, _: usize, memory: Memory) {
    findings.ok("memory", format!("of runs is {}", memory.word()));
}

/// Whether the clock can be right: after this program was made, before anybody reads this, and not
/// before what it said when something was last recorded.
pub(super) fn clock(findings: &mut Findings, now: Instant, last: Option<(Instant, String)>) {
    let made = Instant::parse(super::advisories::MADE).unwrap_or_default();
    let far = Instant::parse("2100-01-01").unwrap_or_default();
    let help = "set the clock (NTP): every entry of a trail carries its time";
    match last {
        _ if now < made || now > far => {
            findings.wrong("clock", format!("it says {now}, which cannot be"), help);
        }
        Some((last, tenant)) if now < last => findings.attention(
            "clock",
            format!("it says {now}, and the trail of `{tenant}` has an entry of {last}"),
            help,
        ),
        Some(_) | None => findings.ok(
            "clock",
            format!("it says {now}, after all that is recorded"),
        ),
    }
}
