//! No novel alert is swallowed by a duplicate or a benign group.

use casemate_sdk::{Field, Standing};

use crate::harness::{Dice, Row, Tenant, row};

const RULE: (Field, &str) = (Field::RuleId, "edr-17");
const HOST: (Field, &str) = (Field::HostName, "pc4");
const BENIGN: (Field, &str) = (Field::ProcessCommandLine, "backup.exe --nightly");
const NOVEL: (Field, &str) = (Field::ProcessCommandLine, "backup.exe --nightly; evil.exe");
const MINUTE: i64 = 60;
const DAY: i64 = 86_400;

/// The benign alert every `step` seconds, `count` times.
fn storm(from: i64, count: i64, step: i64, fields: &[(Field, &str)]) -> Vec<Row> {
    (0..count).map(|i| row(from + i * step, fields)).collect()
}

/// Puts a novel alert into the middle of a storm and returns the tenant and the alert's number.
fn hidden(mut storm: Vec<Row>, novel: &[(Field, &str)]) -> (Tenant, usize) {
    let middle = storm.len() / 2;
    let (time, _) = storm[middle];
    storm.insert(middle + 1, row(time, novel));
    let mut tenant = Tenant::default();
    tenant.batch(&storm);
    (tenant, middle + 2)
}

fn stands_alone(tenant: &Tenant, number: usize, why: &str) {
    let group = tenant.group(number);
    let members = tenant
        .placements
        .iter()
        .filter(|p| p.group == group)
        .count();
    assert_eq!(
        (group, members),
        (number as u64, 1),
        "{why}: {}",
        tenant.rule(number)
    );
    assert_eq!(tenant.standing[&group], Standing::Open, "{why}");
}

#[test]
fn another_detail_opens_its_own_group_in_storms_of_every_speed() {
    const DETAILS: [Field; 10] = [
        Field::ProcessName,
        Field::ProcessPath,
        Field::ProcessHash,
        Field::ProcessCommandLine,
        Field::ProcessParent,
        Field::UserName,
        Field::FilePath,
        Field::FileHash,
        Field::Url,
        Field::Domain,
    ];
    for step in [0, 1, 10, MINUTE, 20 * MINUTE, 6 * 60 * MINUTE] {
        for detail in DETAILS {
            for with in [vec![RULE, HOST, BENIGN], vec![RULE, HOST]] {
                let mut novel = with.clone();
                novel.retain(|(f, _)| *f != detail);
                novel.push((detail, "something else"));
                let (tenant, number) = hidden(storm(0, 400, step, &with), &novel);
                stands_alone(
                    &tenant,
                    number,
                    &format!("{} every {step} s", detail.name()),
                );
            }
        }
    }
}

#[test]
fn another_severity_or_title_opens_its_own_group() {
    for field in [Field::Severity, Field::RuleName] {
        for with in [vec![RULE, HOST, BENIGN], vec![RULE, HOST]] {
            for step in [1, 30, 600] {
                let mut usual = with.clone();
                usual.push((field, "low"));
                let mut novel = with.clone();
                novel.push((field, "critical"));
                let (tenant, number) = hidden(storm(0, 400, step, &usual), &novel);
                stands_alone(&tenant, number, field.name());
            }
        }
    }
}

#[test]
fn another_rule_on_the_host_opens_its_own_group_in_a_storm() {
    for with in [vec![HOST, BENIGN], vec![HOST]] {
        for step in [0, 1, 5, 300] {
            let mut usual = with.clone();
            usual.push(RULE);
            let mut novel = with.clone();
            novel.push((Field::RuleId, "edr-18"));
            let (tenant, number) = hidden(storm(0, 400, step, &usual), &novel);
            stands_alone(&tenant, number, "another rule");
        }
    }
}

#[test]
fn a_storm_of_one_kind_takes_in_no_other_kind_from_its_eighth_alert() {
    for count in [8, 9, 30] {
        let mut rows = storm(0, count, 0, &[RULE, HOST]);
        rows.push(row(0, &[(Field::RuleId, "edr-18"), HOST]));
        rows.push(row(0, &[RULE, (Field::HostName, "pc5")]));
        let mut tenant = Tenant::default();
        tenant.batch(&rows);
        stands_alone(&tenant, rows.len() - 1, "another rule");
        stands_alone(&tenant, rows.len(), "another host");
    }
}

#[test]
fn a_detailed_alert_never_joins_another_rule_or_host() {
    let rows = [
        row(0, &[RULE, HOST, BENIGN]),
        row(0, &[(Field::RuleId, "edr-18"), HOST, BENIGN]),
        row(1, &[RULE, (Field::HostName, "pc5"), BENIGN]),
        row(1, &[RULE, HOST]),
        row(1, &[RULE, HOST, NOVEL]),
    ];
    let mut tenant = Tenant::default();
    tenant.batch(&rows);
    for number in 1..=rows.len() {
        assert_eq!(tenant.group(number), number as u64);
    }
}

#[test]
fn a_new_peer_breaks_out_of_the_routine() {
    let traffic = |peer| {
        [
            RULE,
            (Field::SourceIp, peer),
            (Field::DestinationIp, "10.0.0.1"),
        ]
    };
    for step in [1, 30, 600] {
        let (tenant, number) = hidden(
            storm(0, 600, step, &traffic("10.9.9.9")),
            &traffic("192.0.2.7"),
        );
        stands_alone(&tenant, number, &format!("every {step} s"));
    }
}

#[test]
fn a_burst_breaks_out_of_the_routine() {
    let mut rows = storm(0, 2_000, 300, &[RULE, HOST]);
    rows.extend(storm(2_000 * 300, 60, 0, &[RULE, HOST]));
    let mut tenant = Tenant::default();
    tenant.batch(&rows);
    assert_eq!(tenant.rule(2_000), "routine");
    assert_eq!(tenant.rule(2_020), "burst");
    assert_eq!(tenant.group(2_060), tenant.group(2_020));
    assert_eq!(tenant.standing[&tenant.group(2_020)], Standing::Open);
}

#[test]
fn what_was_dripped_into_the_routine_does_not_make_its_neighbours_routine() {
    let mut rows = storm(0, 3_000, 60, &[RULE, HOST, BENIGN]);
    rows.push(row(3_000 * 60, &[RULE, HOST, NOVEL]));
    rows.push(row(3_000 * 60, &[RULE, (Field::HostName, "pc5"), BENIGN]));
    let mut tenant = Tenant::default();
    tenant.batch(&rows);
    assert_eq!(tenant.rule(3_000), "routine");
    stands_alone(&tenant, 3_001, "command line");
    stands_alone(&tenant, 3_002, "host");
}

#[test]
fn duplicates_of_a_day_are_one_row() {
    let mut tenant = Tenant::default();
    tenant.batch(&storm(0, 12, 2 * 60 * MINUTE, &[RULE, HOST, BENIGN]));
    assert_eq!(tenant.open(), 1);
    tenant.batch(&storm(3 * DAY, 2, MINUTE, &[RULE, HOST, BENIGN]));
    assert_eq!(tenant.open(), 2);
}

#[test]
fn a_scan_over_ports_and_peers_is_one_row() {
    let mut rows = Vec::new();
    for i in 0..200 {
        let (port, peer) = (i.to_string(), format!("192.0.2.{i}"));
        rows.push(row(
            i / 20,
            &[
                RULE,
                (Field::SourceIp, &peer),
                (Field::DestinationIp, "10.0.0.1"),
                (Field::DestinationPort, &port),
            ],
        ));
    }
    let mut tenant = Tenant::default();
    tenant.batch(&rows);
    assert_eq!(tenant.open(), 1);
}

#[test]
fn a_rule_that_fires_everywhere_gives_a_group_at_each_tenant() {
    let tenants = (0..40).map(|_| {
        let mut tenant = Tenant::default();
        tenant.batch(&storm(0, 10, 30, &[RULE, HOST, BENIGN]));
        tenant.open()
    });
    assert_eq!(tenants.sum::<usize>(), 40);
}

#[test]
fn unusual_groups_that_share_host_account_hash_or_peer_are_linked() {
    let shared = [
        (Field::HostName, "pc4", "link-host"),
        (Field::UserName, "kim", "link-user"),
        (Field::FileHash, "aa11", "link-hash"),
        (Field::SourceIp, "192.0.2.1", "link-peer"),
    ];
    for (field, value, name) in shared {
        let one = [
            (Field::RuleId, "a"),
            (Field::HostIp, "10.0.0.1"),
            (field, value),
        ];
        let two = [
            (Field::RuleId, "b"),
            (Field::HostIp, "10.0.0.2"),
            (field, value),
        ];
        let mut tenant = Tenant::default();
        tenant.batch(&[row(0, &one), row(100, &two), row(100 + 2 * DAY, &one)]);
        assert_eq!(tenant.links.len(), 1, "{name}");
        let link = tenant.links[0];
        assert_eq!((link.a, link.b, link.measured), (2, 1, 100_000));
        assert_eq!(tenant.names[link.rule as usize], name);
    }
}

#[test]
fn an_account_that_every_machine_has_links_nothing() {
    let system = (Field::UserName, "NT AUTHORITY\\SYSTEM");
    let mut tenant = Tenant::default();
    let hosts = [(Field::HostName, "a"), (Field::HostName, "b")];
    tenant.batch(&hosts.map(|host| row(0, &[RULE, host, system])));
    assert_eq!(tenant.links, []);
}

#[test]
fn interleaved_tenants_get_what_each_gets_alone() {
    let mut dice = Dice(17);
    let streams: Vec<Vec<Row>> = (0..4)
        .map(|i| storm(i, 300, 1 + dice.roll(90) as i64, &[RULE, HOST]))
        .collect();
    let mut together: Vec<Tenant> = (0..4).map(|_| Tenant::default()).collect();
    for i in 0..300 {
        for (tenant, rows) in together.iter_mut().zip(&streams) {
            tenant.batch(&rows[i..=i]);
        }
    }
    for (tenant, rows) in together.iter().zip(&streams) {
        let mut alone = Tenant::default();
        alone.batch(rows);
        assert_eq!(tenant.placements, alone.placements);
    }
}
