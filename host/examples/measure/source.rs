//! What is delivered: lines as an EDR writes them in OCSF, made up, and real ones of Suricata.

use anyhow::Context as _;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

const RULES: [(&str, &str, &str); 12] = [
    (
        "edr-101",
        "Credential dumping from LSASS",
        "Credential Access",
    ),
    ("edr-102", "Encoded PowerShell command", "Execution"),
    (
        "edr-103",
        "Scheduled task created by a script",
        "Persistence",
    ),
    ("edr-104", "Unsigned driver loaded", "Defense Evasion"),
    ("edr-105", "Remote service created", "Lateral Movement"),
    ("edr-106", "Archive of many documents written", "Collection"),
    ("edr-107", "Backup job touched a protected file", "Impact"),
    ("edr-108", "Discovery commands in a row", "Discovery"),
    (
        "edr-109",
        "Office program started a shell",
        "Initial Access",
    ),
    (
        "edr-110",
        "Beacon-like traffic from a process",
        "Command and Control",
    ),
    ("edr-111", "Log cleared", "Defense Evasion"),
    ("edr-112", "Known administration tool used", "Execution"),
];

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// So many alerts of a made-up EDR as OCSF detection findings, one a line, over 28 days: few rules
/// and hosts raise most of them.
pub(crate) fn edr(alerts: usize) -> Vec<u8> {
    let mut dice = Dice(7);
    let mut out = String::with_capacity(alerts * 1_100);
    let step = 28 * 86_400_000 / alerts.max(1) as u64;
    for i in 0..alerts as u64 {
        // The lesser of two throws: some are common, most are rare.
        let rule = dice.roll(12).min(dice.roll(12)) as usize;
        let host = dice.roll(200).min(dice.roll(200)).min(dice.roll(200));
        let Some((id, title, tactic)) = RULES.get(rule) else {
            continue;
        };
        let user = (host * 7 + dice.roll(3)) % 150;
        let time = 1_764_547_200_000 + i * step;
        let (a, b) = (dice.roll(1 << 30), dice.roll(1 << 30));
        let _ = writeln!(
            out,
            r#"{{"metadata":{{"version":"1.5.0","uid":"{a:08x}-{b:08x}-{i:012}","product":{{"name":"Example EDR","vendor_name":"Example"}},"log_name":"detections"}},"class_uid":2004,"category_uid":2,"type_uid":200401,"activity_id":1,"time":{time},"severity_id":{},"severity":"x","finding_info":{{"uid":"f-{i}","title":"{title}","desc":"{title} was seen on a machine of the organisation by behavioural analysis of its processes","analytic":{{"uid":"{id}","name":"{title}","type_id":1}},"attacks":[{{"technique":{{"uid":"T10{:02}"}},"tactic":{{"name":"{tactic}"}}}}]}},"device":{{"hostname":"ws-{host:04}","ip":"10.4.{}.{}","type_id":2,"os":{{"name":"Windows","type_id":100}}}},"actor":{{"user":{{"name":"user{user}","domain":"CORP"}},"process":{{"name":"powershell.exe","pid":{},"cmd_line":"powershell.exe -NoProfile -File C:\\Tools\\job{}.ps1","file":{{"name":"powershell.exe","path":"C:\\Windows\\System32\\powershell.exe","hashes":[{{"algorithm_id":3,"value":"{:064x}"}}]}}}}}},"observables":[{{"name":"device.hostname","type_id":1,"value":"ws-{host:04}"}},{{"name":"actor.user.name","type_id":4,"value":"user{user}"}}]}}"#,
            1 + rule % 5,
            rule * 3,
            host / 250,
            host % 250,
            1_000 + dice.roll(9_000),
            dice.roll(6),
            rule * 1_000_003,
        );
    }
    out.into_bytes()
}

/// Real alerts, where they are.
pub(crate) fn eve(workspace: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    let data = match std::env::var_os("CASEMATE_DATA") {
        Some(data) => data.into(),
        None => workspace.join("../shared/data"),
    };
    let file = data.join("cptc2017-suricata/eve.ndjson.gz");
    if !file.exists() {
        return Ok(None);
    }
    let read = Command::new("gzip").arg("-dc").arg(&file).output();
    Ok(Some(
        read.context("`gzip` is needed to read real EVE")?.stdout,
    ))
}
