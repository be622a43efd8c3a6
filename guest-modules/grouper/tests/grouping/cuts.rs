use casemate_sdk::Field;

use crate::harness::{Dice, Row, Tenant, batch, row};

/// A mixed stream: routine noise, duplicates with details, traffic, storms, late alerts.
fn stream(dice: &mut Dice, alerts: usize) -> Vec<Row> {
    let mut now = 1_700_000_000_i64;
    (0..alerts)
        .map(|_| {
            now += [0, 0, 0, 1, 1, 2, 7, 20, 90, 600][dice.roll(10) as usize];
            let late = if dice.roll(50) == 0 {
                dice.roll(4_000) as i64
            } else {
                0
            };
            let time = now - late;
            let host = format!("h{}", dice.roll(5));
            let rule = format!(
                "A-{}-{}",
                ["Dns", "All", "Aut"][dice.roll(3) as usize],
                dice.roll(4)
            );
            let (user, own) = ("kim".to_owned(), "10.0.0.1".to_owned());
            let (peer, command) = (
                format!("192.0.2.{}", dice.roll(9)),
                format!("cmd {}", dice.roll(6)),
            );
            match dice.roll(6) {
                5 => row(time, &[(Field::RuleId, "steady"), (Field::HostName, "h0")]),
                0 => row(
                    time,
                    &[
                        (Field::RuleId, &rule),
                        (Field::HostName, &host),
                        (Field::ProcessCommandLine, &command),
                        (Field::UserName, &*user),
                        (Field::FileHash, &command),
                    ],
                ),
                1 => row(
                    time,
                    &[
                        (Field::RuleId, &rule),
                        (Field::SourceIp, &peer),
                        (Field::DestinationIp, &*own),
                    ],
                ),
                _ => row(time, &[(Field::RuleId, &rule), (Field::HostName, &host)]),
            }
        })
        .collect()
}

#[test]
fn the_result_does_not_depend_on_how_the_stream_is_cut() {
    let mut dice = Dice(7);
    for _ in 0..6 {
        let rows = stream(&mut dice, 3_000);
        let mut whole = Tenant::default();
        whole.batch(&rows);
        for most in [1, 2, 40, 1_000] {
            let mut cut = Tenant::default();
            let mut rest = rows.as_slice();
            while !rest.is_empty() {
                let take = (1 + dice.roll(most) as usize).min(rest.len());
                let (head, tail) = rest.split_at(take);
                cut.batch(head);
                rest = tail;
            }
            assert_eq!(cut.placements, whole.placements);
            assert_eq!(cut.links, whole.links);
            assert_eq!(cut.standing, whole.standing);
            assert_eq!(cut.notes, whole.notes);
        }
        assert!(
            whole
                .placements
                .iter()
                .any(|p| whole.rule(p.alert as usize) == "routine")
        );
        let used: std::collections::BTreeSet<_> = whole.placements.iter().map(|p| p.rule).collect();
        assert!(used.len() >= 8, "the stream uses few rules: {used:?}");
    }
}

#[test]
fn the_same_stream_at_another_time_is_grouped_the_same() {
    let rows = stream(&mut Dice(3), 2_000);
    let mut now = Tenant::default();
    now.batch(&rows);
    let mut then = Tenant::default();
    // Whole buckets of ten seconds, so that the alerts fall into them alike.
    then.batch(
        &rows
            .into_iter()
            .map(|(t, fields)| (t - 86_400 * 3_650, fields))
            .collect::<Vec<_>>(),
    );
    assert_eq!(now.placements, then.placements);
}

#[test]
fn a_note_that_does_not_decode_is_as_if_it_were_not_there() {
    let rows = stream(&mut Dice(5), 300);
    let mut fresh = Tenant::default();
    fresh.batch(&rows);
    let mut dice = Dice(11);
    for damage in 0..4 {
        let mut tenant = Tenant {
            notes: fresh.notes.clone(),
            ..Tenant::default()
        };
        for (value, _) in tenant.notes.values_mut() {
            match damage {
                0 => value.clear(),
                1 => value[0] = 99,
                2 => value.truncate(value.len() - 1),
                _ => {
                    *value = (0..dice.roll(4_000))
                        .map(|_| dice.roll(256) as u8)
                        .collect()
                }
            }
        }
        let answer = tenant.ask(&batch(1, &rows));
        assert_eq!(answer.placements, fresh.placements, "damage {damage}");
    }
}

#[test]
fn notes_with_any_content_never_stop_the_module() {
    let rows = stream(&mut Dice(5), 300);
    let mut tenant = Tenant::default();
    tenant.batch(&rows);
    let mut dice = Dice(13);
    for _ in 0..200 {
        for (value, _) in tenant.notes.values_mut() {
            let at = 1 + dice.roll(value.len() as u64 - 1) as usize;
            value[at] = dice.roll(256) as u8;
        }
        let answer = tenant.ask(&batch(1_000, &rows));
        assert_eq!(answer.placements.len(), rows.len());
    }
}

#[test]
fn times_at_the_ends_of_the_range_are_placed() {
    let rows: Vec<Row> = [i64::MAX / 1_000, i64::MIN / 1_000, 0, i64::MAX / 1_000, -1]
        .into_iter()
        .cycle()
        .take(60)
        .map(|t| {
            row(
                t,
                &[
                    (Field::RuleId, "r"),
                    (Field::HostName, "h"),
                    (Field::UserName, "kim"),
                ],
            )
        })
        .collect();
    Tenant::default().batch(&rows);
}
