//! Three verifiers of a trail that were written apart agree on what is good and what is bad: the
//! library's, a Go program on the code of Go's checksum database, and a Python one. The last two are
//! in `tests/verifiers/`; `install.sh` there brings what they need.

mod bad;
mod client;
mod export;
mod forged;
mod logs;
mod three;

use bad::Log;
use export::Export;
use forged::no_entries;
use logs::{Growing, LATER, ORIGIN};
use std::path::PathBuf;
use three::{Case, Others, all_agree, ours};

/// A log at two sizes, and another one that parts from it at the first.
fn log(old: u64, new: u64) -> Log {
    let mut growing = Growing::begun(1);
    let (old_state, new_state) = (growing.to(old), growing.to(new));
    let mut fork = Growing::begun(1);
    assert_eq!(fork.to(old), old_state);
    Log {
        origin: ORIGIN,
        old: old_state,
        new: new_state,
        fork: fork.salted(2).to(new),
    }
}

/// A log that goes on after another one, at two sizes.
fn later(old: u64, new: u64) -> Log {
    let before = Growing::begun(1).to(7);
    let mut growing = Growing::after(&before);
    let (old_state, new_state) = (growing.to(old), growing.to(new));
    let mut fork = Growing::after(&before);
    assert_eq!(fork.to(old), old_state);
    Log {
        origin: LATER,
        old: old_state,
        new: new_state,
        fork: fork.salted(2).to(new),
    }
}

/// Of each shape that tiles can have: full and partial ones, and of one level and two.
fn logs() -> Vec<Log> {
    let sizes = [
        (1, 2),
        (2, 3),
        (3, 255),
        (255, 256),
        (256, 257),
        (257, 600),
        (512, 600),
    ];
    let mut logs: Vec<Log> = sizes.into_iter().map(|(old, new)| log(old, new)).collect();
    logs.extend([later(2, 4), later(250, 300)]);
    logs
}

/// Numbers below what it is given, the same ones each time.
fn chosen() -> impl FnMut(usize) -> usize {
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    }
}

#[test]
fn a_log_made_here_is_byte_for_byte_what_the_host_writes() {
    for log in logs() {
        let made = Export::signed(&log.new.entries(), &logs::key(log.origin));
        assert_eq!(made, log.new);
    }
}

#[test]
fn all_accept_good_logs_whatever_was_seen_of_them() {
    let mut cases: Vec<Case> = logs().iter().flat_map(Log::good).collect();
    let mut growing = Growing::begun(3);
    let empty = growing.to(0);
    let states: Vec<Export> = [0, 1, 2, 7, 255, 256, 257, 600]
        .into_iter()
        .map(|size| {
            if size == 0 {
                empty.clone()
            } else {
                growing.to(size)
            }
        })
        .collect();
    for (nth, state) in states.iter().enumerate() {
        for seen in &states[..=nth] {
            cases.push(Case {
                what: format!("{} entries, {} were seen", state.size(), seen.size()),
                is_good: true,
                export: state.clone(),
                vkey: logs::vkey(ORIGIN),
                seen: Some(seen.checkpoint()),
            });
        }
    }
    all_agree(&cases);
}

#[test]
fn no_bit_of_a_small_log_can_be_flipped() {
    all_agree(&log(1, 3).every_bit());
}

#[test]
fn all_reject_a_flipped_bit_in_any_file() {
    let mut chosen = chosen();
    let flipped = logs()
        .into_iter()
        .flat_map(|log| log.some_bits(&mut chosen));
    all_agree(&flipped.collect::<Vec<_>>());
}

#[test]
fn all_reject_a_log_with_an_entry_removed_or_two_swapped() {
    let places = [0, 1, 2, 100, 254, 255, 256, 257, 599];
    let changed = logs()
        .into_iter()
        .flat_map(|log| log.removed_and_swapped(&places));
    all_agree(&changed.collect::<Vec<_>>());
}

#[test]
fn all_reject_an_older_state_and_a_split() {
    let cases = logs().into_iter().flat_map(|log| log.old_and_split());
    all_agree(&cases.collect::<Vec<_>>());
}

#[test]
fn all_reject_a_file_too_many_and_one_too_few() {
    let cases = logs().into_iter().flat_map(|log| log.files());
    all_agree(&cases.collect::<Vec<_>>());
}

#[test]
fn all_reject_a_forged_signature() {
    let cases = logs().into_iter().flat_map(|log| log.forged());
    all_agree(&cases.collect::<Vec<_>>());
}

#[test]
fn all_reject_what_was_signed_and_is_no_checkpoint_of_the_log() {
    let cases = logs().into_iter().flat_map(|log| log.signed_nonsense());
    all_agree(&cases.collect::<Vec<_>>());
}

#[test]
fn all_reject_an_entry_that_is_not_one_line_with_its_number() {
    all_agree(&no_entries(ORIGIN));
}

#[test]
fn all_agree_on_a_log_with_three_levels_of_tiles() {
    let log = log(65_000, 66_000);
    assert!(log.new.0.contains_key("tile/2/000.p/1"));
    let mut cases = log.good();
    cases.extend(log.some_bits(&mut chosen()).into_iter().step_by(101));
    cases.extend(log.removed_and_swapped(&[65_535]).into_iter().step_by(2));
    cases.extend(log.old_and_split());
    for path in ["tile/0/255", "tile/1/000", "tile/2/000.p/1"] {
        let export = log.new.without(path);
        cases.push(Case {
            what: format!("{path} not there"),
            is_good: false,
            export,
            ..cases[0].clone()
        });
    }
    all_agree(&cases);
}

/// As a stranger calls them: a line of text, and an exit code that says which.
#[test]
fn the_programs_say_in_a_line_what_is_wrong_and_where() {
    let Some(others) = Others::here() else { return };
    let folder = crate::support::Folder::new();
    let dir = folder.dir();
    let log = log(2, 300);
    for (path, bytes) in &log.new.0 {
        let path = format!("export/{path}");
        let (above, _) = path.rsplit_once('/').unwrap();
        dir.create_dir_all(above).unwrap();
        dir.write(&path, &**bytes).unwrap();
    }
    dir.write("vkey", logs::vkey(ORIGIN)).unwrap();
    dir.write("seen", log.old.checkpoint()).unwrap();
    let at = |path: &str| -> PathBuf { folder.path().join(path) };
    let (export, vkey, seen) = (at("export"), at("vkey"), at("seen"));
    let want = ours(&log.good()[0]).unwrap() + "\n";
    for arguments in [vec![&*export, &vkey], vec![&*export, &vkey, &seen]] {
        for said in others.run(&arguments) {
            assert_eq!(said, (want.clone(), true));
        }
    }
    let tile = log.new.0["tile/0/001.p/44"].to_vec();
    dir.write("export/tile/0/001.p/44", &tile[32..]).unwrap();
    for (said, is_sound) in others.run(&[&export, &vkey, &seen]) {
        assert!(!is_sound);
        assert_eq!(said.lines().count(), 1);
        assert!(said.contains("tile/0/001.p/44"), "{said}");
    }
}
