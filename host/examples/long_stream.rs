//! A long stream through `casemate pipe`, to see that its memory stays as it is. Alerts of several
//! tenants and formats are made on the fly, nineteen in twenty of them delivered before, and written to a
//! pipe's input while its memory is looked at (Linux). Fails where it grows.
//!
//! `cargo run --release --example long_stream -- target/release/casemate target/modules target/long 200`
//!
//! The last two are a folder for the home, which must not be there, and how many MB are written.
#![expect(clippy::print_stdout, reason = "an example prints its result")]
#![expect(
    clippy::disallowed_methods,
    reason = "it starts a program and reads what the system says of it"
)]

use anyhow::{Context as _, ensure};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const TENANTS: u64 = 4;
/// Of so many alerts, one is new.
const NEW_IN: u64 = 20;
/// How much later memory may be than early.
const MOST_GROWTH_PERCENT: u64 = 10;
/// How often memory is looked at.
const EVERY: Duration = Duration::from_millis(500);

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next();
    let (Some(program), Some(modules), Some(home), Some(mb)) = (next(), next(), next(), next())
    else {
        anyhow::bail!("usage: long_stream CASEMATE MODULES HOME MB");
    };
    let (home, bytes) = (PathBuf::from(home), mb.parse::<u64>()? * 1_000_000);
    make_home(&program, &modules, &home)?;

    let mut child = Command::new(&program)
        .arg("--home")
        .arg(&home)
        .arg("pipe")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let input = child.stdin.take().context("it has no input")?;
    let output = child.stdout.take().context("it has no output")?;
    let lines = std::thread::spawn(move || {
        let mut output = BufReader::new(output);
        let (mut line, mut received, mut new) = (Vec::new(), 0_u64, 0_u64);
        while output.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
            let is = |word: &str| line.windows(word.len()).any(|part| part == word.as_bytes());
            if line.starts_with(b"{\"schema\":\"casemate.received/v1\"") {
                received += 1;
                new += u64::from(is("\"delivery\":\"new\""));
            }
            line.clear();
        }
        (received, new)
    });
    let sent = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    let writer = std::thread::spawn(move || write(input, bytes, &counted));

    let begun = Instant::now();
    let process = format!("/proc/{}/status", child.id());
    let mut resident: Vec<u64> = Vec::new();
    let mut most = 0;
    while child.try_wait()?.is_none() {
        let status = std::fs::read_to_string(&process).unwrap_or_default();
        if let Some(now) = kib(&status, "VmRSS:") {
            resident.push(now);
            most = kib(&status, "VmHWM:").unwrap_or(most);
        }
        if resident.len().is_multiple_of(120) {
            println!(
                "{:>6} s  {:>6} MB written  {:>4} MiB of memory",
                begun.elapsed().as_secs(),
                sent.load(Ordering::Relaxed) / 1_000_000,
                resident.last().unwrap_or(&0) / 1_024
            );
        }
        std::thread::sleep(EVERY);
    }
    let took = begun.elapsed();
    let ended = child.wait()?;
    let written = writer
        .join()
        .map_err(|_| anyhow::anyhow!("the writer stopped"))??;
    let (received, new) = lines
        .join()
        .map_err(|_| anyhow::anyhow!("the reader stopped"))?;
    ensure!(ended.success(), "it ended with {ended}");
    ensure!(
        received == written,
        "{received} of {written} documents were answered"
    );

    let (first, last) = resident.split_at(resident.len() / 2);
    let top = |part: &[u64]| part.iter().copied().max().unwrap_or_default();
    let (first, last) = (top(first), top(last));
    println!(
        "{} MB, {written} documents of {TENANTS} tenants, {new} of them new, in {:.0} s: {:.0} documents/s",
        bytes / 1_000_000,
        took.as_secs_f64(),
        written as f64 / took.as_secs_f64()
    );
    println!(
        "memory of the process: at most {} MiB in the first half, {} MiB in the last; VmHWM {} MiB",
        first / 1_024,
        last / 1_024,
        most / 1_024
    );
    ensure!(
        last * 100 <= first * (100 + MOST_GROWTH_PERCENT),
        "memory grows with the stream"
    );
    Ok(())
}

fn make_home(program: &str, modules: &str, home: &PathBuf) -> anyhow::Result<()> {
    let mut init = Command::new(program);
    init.arg("--home").arg(home);
    init.args([
        "init",
        "--operator",
        "kim@mssp.example",
        "--modules",
        modules,
    ]);
    let mut owners = "version = 1\n".to_owned();
    for tenant in 0..TENANTS {
        init.args(["--tenant", &format!("tenant-{tenant}")]);
        // Each source says it in its own place.
        for path in ["metadata.tenant_uid", "manager.name", "host"] {
            owners.push_str(&format!(
                "[[owner]]\ntenant = \"tenant-{tenant}\"\npath = \"{path}\"\nvalues = [\"of-{tenant}\"]\n"
            ));
        }
    }
    ensure!(init.status()?.success(), "no home was made");
    Ok(std::fs::write(home.join("owners.toml"), owners)?)
}

/// Writes so many bytes of alerts; how many documents they were.
fn write(input: impl std::io::Write, bytes: u64, sent: &AtomicU64) -> std::io::Result<u64> {
    let mut input = BufWriter::with_capacity(1 << 16, input);
    let (mut written, mut count) = (0, 0);
    while written < bytes {
        // One that is new, then some that came lately, byte for byte.
        let fresh = count / NEW_IN;
        let number = if count.is_multiple_of(NEW_IN) {
            fresh
        } else {
            fresh.saturating_sub((count % NEW_IN) * (count % NEW_IN) * 5)
        };
        let line = alert(number);
        input.write_all(line.as_bytes())?;
        written += line.len() as u64;
        count += 1;
        sent.store(written, Ordering::Relaxed);
    }
    input.flush()?;
    Ok(count)
}

/// The alert of a number, in one of three formats, on a line.
fn alert(number: u64) -> String {
    let tenant = number % TENANTS;
    // SplitMix64, so that the same number is the same alert.
    let mut z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    // A few rules on a few machines make most of it, as everywhere.
    let seldom = z.is_multiple_of(200);
    let (rule, host) = if seldom {
        (z % 61, (z >> 8) % 400)
    } else {
        (z % 4, (z >> 8) % 6)
    };
    let user = (z >> 20) % 9;
    let (a, b) = ((z >> 32) % 20, (z >> 40) % 10);
    // Seconds go by as alerts come; a day has 30,000 of them.
    let time = 1_700_000_000 + number * 3;
    let said = "the process was started by a parent that seldom starts it; ".repeat(6);
    match number % 3 {
        0 => format!(
            "{{\"class_uid\":2004,\"severity_id\":{},\"time\":{time}000,\"message\":\"{said}{z:x}\",\"metadata\":{{\"version\":\"1.3.0\",\"tenant_uid\":\"of-{tenant}\",\"product\":{{\"name\":\"EDR\"}}}},\"finding_info\":{{\"uid\":\"{number}\",\"title\":\"rule {rule}\",\"analytic\":{{\"uid\":\"R-{rule}\"}}}},\"device\":{{\"hostname\":\"host-{host}\"}},\"actor\":{{\"user\":{{\"name\":\"user-{user}\"}}}}}}\n",
            rule % 5 + 1
        ),
        1 => format!(
            "{{\"timestamp\":\"{}\",\"rule\":{{\"level\":{},\"description\":\"rule {rule}\",\"id\":\"{rule}\"}},\"agent\":{{\"id\":\"{host}\",\"name\":\"host-{host}\",\"ip\":\"10.0.{a}.{b}\"}},\"manager\":{{\"name\":\"of-{tenant}\"}},\"id\":\"{time}.{number}\",\"full_log\":\"{said}{z:x}\",\"decoder\":{{\"name\":\"sshd\"}},\"data\":{{\"srcip\":\"198.51.{a}.{b}\",\"srcuser\":\"user-{user}\"}},\"location\":\"/var/log/auth.log\"}}\n",
            rfc3339(time),
            rule % 15
        ),
        _ => format!(
            "{{\"timestamp\":\"{}\",\"event_type\":\"alert\",\"host\":\"of-{tenant}\",\"flow_id\":{number},\"src_ip\":\"198.51.{a}.{b}\",\"src_port\":{},\"dest_ip\":\"10.0.{b}.{a}\",\"dest_port\":443,\"proto\":\"TCP\",\"alert\":{{\"action\":\"allowed\",\"gid\":1,\"signature_id\":{},\"rev\":1,\"signature\":\"rule {rule}\",\"category\":\"Misc\",\"severity\":{}}},\"payload_printable\":\"{said}{z:x}\"}}\n",
            rfc3339(time),
            1_024 + user,
            2_000_000 + rule,
            rule % 3 + 1
        ),
    }
}

/// Seconds since 1970 as text, in UTC (days from civil, Hinnant 2013, the other way round).
fn rfc3339(seconds: u64) -> String {
    let (days, left) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let (day, month) = (
        of_year - (153 * shifted + 2) / 5 + 1,
        if shifted < 10 {
            shifted + 3
        } else {
            shifted - 9
        },
    );
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (left / 3_600, left / 60 % 60, left % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000000+0000")
}

/// A line of `/proc/PID/status`, in KiB.
fn kib(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
