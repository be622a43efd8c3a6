//! Who the forty tenants are, how much each sends, and what is special about it.

use super::rng::Rng;
use super::templates::{ALL, Role, Template};

/// Ids of invented organisations, and the letters their machines' names begin with.
pub(crate) const NAMES: [(&str, &str); 40] = [
    ("aldertech", "ald"),
    ("arden-vale-clinics", "avc"),
    ("bellweather-insurance", "bwi"),
    ("brindle-foods", "brf"),
    ("calloway-print", "cpr"),
    ("castlemere-college", "cmc"),
    ("cinderhill-steel", "chs"),
    ("copperbank-savings", "cbs"),
    ("dunmarrow-council", "dmc"),
    ("eastlock-storage", "els"),
    ("fenwright-legal", "fwl"),
    ("ferrous-lane-motors", "flm"),
    ("glasswater-utilities", "gwu"),
    ("greyfell-outdoor", "gfo"),
    ("hallowbrook-hotels", "hbh"),
    ("harrowgate-dental", "hgd"),
    ("ironvale-rail", "ivr"),
    ("juniper-row-housing", "jrh"),
    ("kestle-and-sons", "kas"),
    ("kirkmoor-dairy", "kmd"),
    ("lanternfish-games", "lfg"),
    ("larkfield-schools", "lfs"),
    ("marrowstone-quarries", "msq"),
    ("meridale-logistics", "mdl"),
    ("millrace-brewing", "mrb"),
    ("northport-harbour", "nph"),
    ("oakhanger-estates", "ohe"),
    ("orchard-court-care", "occ"),
    ("pellucid-optics", "plo"),
    ("quillon-books", "qlb"),
    ("ravensworth-pumps", "rwp"),
    ("saltmarsh-energy", "sme"),
    ("silverthread-textiles", "stt"),
    ("stonecrop-gardens", "scg"),
    ("tarn-valley-water", "tvw"),
    ("thistledown-air", "tda"),
    ("umberleigh-paints", "ulp"),
    ("vellum-archive", "vla"),
    ("westerby-trust", "wbt"),
    ("yarrow-pharmacies", "yph"),
];

/// The most and the fewest alerts of a tenant.
pub(crate) const MOST: usize = 230;
pub(crate) const FEWEST: usize = 12;

/// What one tenant's night is to hold.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Its id.
    pub(crate) id: &'static str,
    /// What its machines' names begin with.
    pub(crate) code: &'static str,
    /// How many send more.
    pub(crate) rank: usize,
    /// Its alerts.
    pub(crate) size: usize,
    /// How many of them are new.
    pub(crate) new: usize,
    /// Second deliveries.
    pub(crate) second: usize,
    /// A broken line.
    pub(crate) broken: Option<Broken>,
    /// The template that only this tenant has.
    pub(crate) alone: Option<&'static Template>,
    /// A contract's exclusion.
    pub(crate) exclusion: Option<&'static Exclusion>,
}

/// How a line is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The connection was torn within it; it comes whole later.
    Torn,
    /// An event that is no finding.
    OtherClass,
    /// It has no time.
    NoTime,
}

/// An exclusion of a tenant's contract.
#[derive(Debug)]
pub(crate) struct Exclusion {
    rank: usize,
    pub(crate) clause: &'static str,
    pub(crate) deny: &'static [&'static str],
    pub(crate) until: Option<&'static str>,
}

/// None of them is where a new alert could then not be told apart from what it hides behind.
static EXCLUSIONS: [Exclusion; 5] = [
    Exclusion {
        rank: 11,
        clause: "MSA 4.3: the list of assets stays with us",
        deny: &["assets"],
        until: None,
    },
    Exclusion {
        rank: 13,
        clause: "MSA 9.1: our operating procedures are read by named people only",
        deny: &["known-good"],
        until: None,
    },
    Exclusion {
        rank: 14,
        clause: "Works agreement 12: no automatic processing of account names",
        deny: &["user.name"],
        until: None,
    },
    Exclusion {
        rank: 15,
        clause: "DPA annex B: where our people browse is not analysed",
        deny: &["url", "domain"],
        until: Some("2027-03-31"),
    },
    Exclusion {
        rank: 16,
        clause: "Letter of 2026-04-02: assets are withheld during the merger",
        deny: &["assets"],
        until: Some("2026-10-31"),
    },
];

impl Plan {
    /// Whether a new alert hides in a known-good storm.
    pub(crate) const fn storm(&self) -> bool {
        self.rank <= 6
    }

    /// Whether a detector fires every twenty minutes.
    pub(crate) const fn drip(&self) -> bool {
        self.rank <= 2
    }

    /// Whether a new alert differs from a repeated one in the account only.
    pub(crate) const fn other_user(&self) -> bool {
        matches!(self.rank, 2 | 4 | 6 | 8 | 10)
    }

    /// Whether a new alert differs from a repeated one in the process's hash only.
    pub(crate) const fn other_hash(&self) -> bool {
        matches!(self.rank, 3 | 5 | 7 | 9)
    }

    /// Whether it is one of the two with the same names.
    pub(crate) const fn twin(&self) -> bool {
        matches!(self.rank, 8 | 9)
    }

    /// Whether one of its known-good facts has expired.
    pub(crate) const fn expired(&self) -> bool {
        matches!(self.rank, 1 | 4 | 7 | 12)
    }
}

/// The plans of a night, those that send most first.
pub(crate) fn plans(rng: &mut Rng) -> Vec<Plan> {
    let mut names = NAMES;
    rng.shuffle(&mut names);
    let sizes = sizes(rng);
    let mut new: Vec<usize> = sizes.iter().map(|size| (size / 10).max(1)).collect();
    let wanted = rng.count(138, 142);
    // What rounding lost goes to tenants that can bear it.
    let mut at = 0;
    while new.iter().sum::<usize>() < wanted {
        if let Some(new) = new.get_mut(at % 24) {
            *new += 1;
        }
        at += 1;
    }
    let mut broken: Vec<Option<Broken>> = [Broken::Torn, Broken::OtherClass, Broken::NoTime]
        .into_iter()
        .cycle()
        .take(9)
        .map(Some)
        .collect();
    broken.resize(names.len(), None);
    rng.shuffle(&mut broken);
    let mut alone = ALL.iter().filter(|t| t.role == Role::Alone);
    let mut before = 0;
    let rows = names.into_iter().zip(sizes).zip(new).zip(broken);
    rows.enumerate()
        .map(|(rank, ((((id, code), size), new), broken))| {
            let second = (before + size) * 3 / 100 - before * 3 / 100;
            before += size;
            Plan {
                id,
                code,
                rank,
                size,
                new,
                second,
                broken,
                alone: if (3..7).contains(&rank) {
                    alone.next().copied()
                } else {
                    None
                },
                exclusion: EXCLUSIONS.iter().find(|e| e.rank == rank),
            }
        })
        .collect()
}

/// How many alerts each tenant sends: few send many, and all together [`super::ALERTS`].
fn sizes(rng: &mut Rng) -> Vec<usize> {
    let between = NAMES.len() - 2;
    let spare = super::ALERTS - MOST - FEWEST - between * FEWEST;
    let weights: Vec<usize> = (0..between)
        .map(|i| 100 * rng.count(85, 115) / (i + 2))
        .collect();
    let all: usize = weights.iter().sum();
    let mut sizes: Vec<usize> = weights
        .iter()
        .map(|weight| FEWEST + spare * weight / all)
        .collect();
    let lost = super::ALERTS - MOST - FEWEST - sizes.iter().sum::<usize>();
    for size in sizes.iter_mut().take(lost) {
        *size += 1;
    }
    sizes.push(MOST);
    sizes.push(FEWEST);
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    sizes
}
