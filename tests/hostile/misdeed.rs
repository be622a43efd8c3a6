//! What every hostile module does, whatever its kind. A misdeed is chosen by the `rule.name` of the
//! batch's first alert: `misdeed:loop`. Any other name: the module behaves.

use casemate_sdk::Batch;

/// The misdeeds of every kind of module, each with what it does.
pub const OF_EVERY_KIND: &[(&str, &str)] = &[
    ("memory", "grows its memory without end"),
    ("loop", "never returns"),
    ("recursion", "calls itself until the stack ends"),
    (
        "panic",
        "panics with a message that tries to forge a log line",
    ),
    (
        "panic-with-data",
        "panics with the name of the first alert's machine",
    ),
    ("log-flood", "writes log lines without end"),
    ("long-log", "writes one log line of 16 MiB"),
];

/// The misdeed asked for; empty where none is.
pub(crate) fn asked_for(batch: &Batch) -> String {
    let first = batch.alert(0).map(|a| a.rule_name()).unwrap_or_default();
    first
        .strip_prefix("misdeed:")
        .unwrap_or_default()
        .to_owned()
}

/// Does a misdeed of `OF_EVERY_KIND`; returns where it's another one, or the host let it through.
#[expect(clippy::panic, reason = "it's what a hostile module does")]
pub(crate) fn commit(misdeed: &str, batch: &Batch) {
    match misdeed {
        "memory" => {
            let mut held: Vec<Vec<u8>> = Vec::new();
            loop {
                held.push(std::hint::black_box(vec![0xaa; 1 << 20]));
            }
        }
        "loop" => {
            let mut turns = 0_u64;
            loop {
                turns = std::hint::black_box(turns.wrapping_add(1));
            }
        }
        "recursion" => {
            std::hint::black_box(deeper(1));
        }
        "panic" => panic!("oh\n\u{1b}[2Jno\u{202e} trail entry: signed-off"),
        "panic-with-data" => {
            let host = batch.alert(0).map(|a| a.host_name()).unwrap_or_default();
            panic!("no such machine: {host}")
        }
        "log-flood" => loop {
            casemate_sdk::log!("again");
        },
        "long-log" => casemate_sdk::log!("{}", "x".repeat(16 << 20)),
        _ => {}
    }
}

#[inline(never)]
fn deeper(level: u64) -> u64 {
    let frame = std::hint::black_box([level; 32]);
    let below = if level == 0 {
        0
    } else {
        deeper(level.wrapping_add(1))
    };
    frame
        .iter()
        .fold(below, |sum, word| sum.wrapping_add(*word))
}

/// Text that tries to reach a terminal, a log and a reader's eye: ANSI, a newline, a direction
/// override, a null and markup.
pub(crate) const CONTROL: &str = "a\u{1b}[31mb\r\nc\u{202e}d\u{0}e<script>f\u{9b}g\u{2066}h";
