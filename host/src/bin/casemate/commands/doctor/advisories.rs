//! What is known against the engine: published advisories of 2025 and 2026 about the crate
//! `wasmtime`, from the RustSec database by `.ci/advisories table`, with what of the engine each needs.
//! That last is judged by somebody who reads the advisory; one that nobody judged needs `Any` use.

use casemate::model::Instant;

/// When the table was made, and the newest advisory it could find.
pub(super) const MADE: &str = "2026-11-23";
pub(super) const NEWEST: &str = "2026-10-02";

/// The age in days at which `doctor` warns that the table is out of date.
pub(super) const OLD_DAYS: i64 = 90;

/// Whether the table was made too long ago to say much.
pub(super) fn is_old(now: Instant) -> bool {
    const DAY_MS: i64 = 86_400_000;
    let made = Instant::parse(MADE).unwrap_or_default();
    now.millis().saturating_sub(made.millis()) > OLD_DAYS * DAY_MS
}

/// What of the engine an advisory is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// Any use of it.
    Any,
    /// Components.
    Components,
    /// Code compiled by Cranelift for x86-64.
    X64,
    /// Code compiled by Cranelift for aarch64.
    Aarch64,
    /// Memory of runs from a pool.
    Pool,
    /// The Winch compiler, which is not built in.
    Winch,
    /// WASI, which is not built in.
    Wasi,
    /// Asynchronous calls or components, which are not built in.
    Async,
    /// The garbage collector and exceptions, which are not built in.
    Gc,
    /// Shared memories, which are switched off.
    Threads,
    /// Fuel, which is switched off: a clock bounds runs.
    Fuel,
}

impl Needs {
    /// Whether this program can be reached by it.
    pub(super) fn is_used(self, pooled: bool) -> bool {
        match self {
            Self::Any | Self::Components => true,
            Self::X64 => cfg!(target_arch = "x86_64"),
            Self::Aarch64 => cfg!(target_arch = "aarch64"),
            Self::Pool => pooled,
            Self::Winch | Self::Wasi | Self::Async | Self::Gc | Self::Threads | Self::Fuel => false,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Any => "any use",
            Self::Components => "components",
            Self::X64 => "Cranelift on x86-64",
            Self::Aarch64 => "Cranelift on aarch64",
            Self::Pool => "pooled memory",
            Self::Winch => "Winch",
            Self::Wasi => "WASI",
            Self::Async => "async",
            Self::Gc => "garbage collection",
            Self::Threads => "shared memory",
            Self::Fuel => "fuel",
        }
    }
}

pub(super) type Version = (u32, u32, u32);

pub(super) struct Advisory {
    /// RustSec's id; `rustsec.org/advisories/ID` says more.
    pub(super) id: &'static str,
    /// The id of the project's own advisory.
    pub(super) ghsa: &'static str,
    pub(super) about: &'static str,
    pub(super) needs: Needs,
    /// The first version that has it.
    since: Version,
    /// The first version of each series that has the fix; a series later than the last has it too.
    fixed: &'static [Version],
}

impl Advisory {
    pub(super) fn concerns(&self, version: Version) -> bool {
        let in_series = self.fixed.iter().find(|fixed| fixed.0 == version.0);
        let last = self.fixed.iter().map(|fixed| fixed.0).max().unwrap_or(0);
        version >= self.since
            && match in_series {
                Some(fixed) => version < *fixed,
                None => version.0 <= last,
            }
    }
}

/// The version behind `wasmtime ` in the engine's name.
pub(super) fn version(engine: &str) -> Option<Version> {
    let mut parts = engine.strip_prefix("wasmtime ")?.split('.');
    let mut next = || parts.next()?.parse().ok();
    Some((next()?, next()?, next()?))
}

const fn of(
    id: &'static str,
    ghsa: &'static str,
    about: &'static str,
    needs: Needs,
    since: Version,
    fixed: &'static [Version],
) -> Advisory {
    Advisory {
        id,
        ghsa,
        about,
        needs,
        since,
        fixed,
    }
}

const START: Version = (0, 0, 0);
/// The fixes of 2026-04-09.
const APRIL: &[Version] = &[(24, 0, 7), (36, 0, 7), (42, 0, 2), (43, 0, 1)];
const APRIL_NOT_24: &[Version] = &[(36, 0, 7), (42, 0, 2), (43, 0, 1)];
/// The fixes of 2026-02-24.
const FEBRUARY: &[Version] = &[(24, 0, 6), (36, 0, 6), (40, 0, 4), (41, 0, 4)];

#[rustfmt::skip]
pub(super) const ADVISORIES: &[Advisory] = &[
    of("RUSTSEC-2025-0046", "GHSA-fm79-3f68-h2fc", "panic in fd_renumber of WASI", Needs::Wasi, (10, 0, 0), &[(24, 0, 4), (33, 0, 2), (34, 0, 2)]),
    of("RUSTSEC-2025-0112", "GHSA-4h67-722j-5pmc", "host crash with component intrinsics", Needs::Components, (38, 0, 0), &[(38, 0, 3)]),
    of("RUSTSEC-2025-0118", "GHSA-hc7m-r6v8-hg9q", "unsound access to a shared memory", Needs::Threads, START, &[(24, 0, 5), (36, 0, 3), (37, 0, 3), (38, 0, 4)]),
    of("RUSTSEC-2026-0006", "GHSA-vc8c-j3xm-xj73", "f64.copysign loads out of the sandbox", Needs::X64, (29, 0, 0), &[(36, 0, 5), (40, 0, 3), (41, 0, 1)]),
    of("RUSTSEC-2026-0020", "GHSA-852m-cvvp-9p4w", "resource exhaustion through WASI", Needs::Wasi, START, FEBRUARY),
    of("RUSTSEC-2026-0021", "GHSA-243v-98vx-264h", "panic in wasi:http fields", Needs::Wasi, START, FEBRUARY),
    of("RUSTSEC-2026-0022", "GHSA-xjhv-v822-pf94", "panic when an async call is dropped", Needs::Async, (39, 0, 0), &[(40, 0, 4), (41, 0, 4)]),
    of("RUSTSEC-2026-0085", "GHSA-m758-wjhj-p3jq", "panic when flags are lifted", Needs::Components, START, APRIL),
    of("RUSTSEC-2026-0086", "GHSA-m9w2-8782-2946", "host data leaks with 64-bit tables", Needs::Winch, START, APRIL_NOT_24),
    of("RUSTSEC-2026-0087", "GHSA-qqfj-4vcm-26hv", "f64x2.splat loads out of the sandbox", Needs::X64, START, APRIL),
    of("RUSTSEC-2026-0088", "GHSA-6wgr-89rj-399p", "data leaks between instances of a pool", Needs::Pool, START, APRIL_NOT_24),
    of("RUSTSEC-2026-0089", "GHSA-q49f-xg75-m9xw", "panic in table.fill", Needs::Winch, START, APRIL_NOT_24),
    of("RUSTSEC-2026-0090", "GHSA-hfr4-7c6c-48w2", "use after free of a cloned linker", Needs::Any, (43, 0, 0), &[(43, 0, 1)]),
    of("RUSTSEC-2026-0091", "GHSA-394w-hwhg-8vgm", "write out of bounds when strings are transcoded", Needs::Components, START, APRIL),
    of("RUSTSEC-2026-0092", "GHSA-jxhv-7h78-9775", "panic when misaligned strings are transcoded", Needs::Components, START, APRIL),
    of("RUSTSEC-2026-0093", "GHSA-hx6p-xpx3-jvvv", "read out of bounds when strings are transcoded", Needs::Components, START, APRIL),
    of("RUSTSEC-2026-0094", "GHSA-f984-pcp8-v2p7", "improper result of table.grow", Needs::Winch, START, APRIL_NOT_24),
    of("RUSTSEC-2026-0095", "GHSA-xx5w-cvp6-jv83", "memory access out of the sandbox", Needs::Winch, START, APRIL_NOT_24),
    of("RUSTSEC-2026-0096", "GHSA-jhxm-h53p-jm7w", "miscompiled heap access leaves the sandbox", Needs::Aarch64, START, APRIL_NOT_24),
    of("RUSTSEC-2026-0114", "GHSA-p8xm-42r7-89xg", "panic on a table larger than the address space", Needs::Any, (30, 0, 0), &[(36, 0, 8), (43, 0, 2), (44, 0, 1)]),
    of("RUSTSEC-2026-0222", "GHSA-hgjw-h833-99q9", "type indices mixed up between engines", Needs::Any, START, &[(24, 0, 12), (36, 0, 13), (46, 0, 2), (47, 0, 3)]),
    of("RUSTSEC-2026-0223", "GHSA-2hw9-mc66-jc2q", "interrupted bulk operations break the machine's state", Needs::Any, (46, 0, 0), &[(46, 0, 2), (47, 0, 3)]),
    of("RUSTSEC-2026-0268", "GHSA-x84v-gj2h-g759", "heap allocation of a guest's choice through streams", Needs::Wasi, (46, 0, 0), &[(46, 0, 3), (47, 0, 4)]),
    of("RUSTSEC-2026-0269", "GHSA-vqjp-4c8c-hfgg", "a path with a trailing slash leaves the folder", Needs::Wasi, START, &[(24, 0, 13), (36, 0, 14), (46, 0, 3), (47, 0, 4)]),
    of("RUSTSEC-2026-0315", "GHSA-m63x-6p34-q65x", "fuel is not counted in call_ref and catch", Needs::Fuel, (47, 0, 0), &[(48, 0, 3), (49, 0, 1)]),
    of("RUSTSEC-2026-0316", "GHSA-jqpg-j7w6-42pr", "lifted records allocate beyond the limit of a call", Needs::Components, START, &[(36, 0, 16), (48, 0, 3), (49, 0, 1)]),
    of("RUSTSEC-2026-0325", "GHSA-cfhf-m2cr-62wj", "mistyped tags corrupt the collected heap", Needs::Gc, (47, 0, 0), &[(48, 0, 4), (49, 0, 2)]),
    of("RUSTSEC-2026-0326", "GHSA-hw8m-q44c-ggrf", "missing roots corrupt the collected heap", Needs::Gc, (47, 0, 0), &[(48, 0, 4), (49, 0, 2)]),
    of("RUSTSEC-2026-0327", "GHSA-32h6-97mm-8q3c", "an async callback overflows the stack", Needs::Async, (39, 0, 0), &[(48, 0, 4), (49, 0, 2)]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use casemate::sandbox::ENGINE;

    #[test]
    fn no_known_advisory_concerns_the_engine_that_is_built_in() {
        let engine = version(ENGINE).unwrap();
        for advisory in ADVISORIES {
            assert!(!advisory.concerns(engine), "{}", advisory.id);
        }
    }

    #[test]
    fn an_advisory_concerns_what_was_not_fixed_yet() {
        let find = |id| ADVISORIES.iter().find(|a| a.id.ends_with(id)).unwrap();
        let strings = find("0091");
        for affected in [(36, 0, 6), (40, 0, 9), (42, 0, 1), (43, 0, 0), (24, 0, 6)] {
            assert!(strings.concerns(affected), "{affected:?}");
        }
        for fixed in [(36, 0, 7), (42, 0, 2), (43, 0, 1), (44, 0, 0), (48, 0, 8)] {
            assert!(!strings.concerns(fixed), "{fixed:?}");
        }
        assert!(!find("0325").concerns((46, 0, 1)));
        assert!(find("0325").concerns((48, 0, 3)) && !find("0325").concerns((48, 0, 4)));
        assert!(find("0088").needs.is_used(true) && !find("0088").needs.is_used(false));
        assert_eq!(version("wasmtime 48.0.8"), Some((48, 0, 8)));
        assert_eq!(version("48.0.8"), None);
    }

    #[test]
    fn a_table_says_when_it_is_old() {
        let made = Instant::parse(MADE).unwrap().millis();
        let after = |days: i64| Instant::from_millis(made + days * 86_400_000);
        assert!(!is_old(after(OLD_DAYS)) && is_old(after(OLD_DAYS + 1)));
    }

    #[test]
    fn the_table_is_in_order_and_names_each_advisory_once() {
        assert!(ADVISORIES.is_sorted_by(|a, b| a.id < b.id));
    }
}
