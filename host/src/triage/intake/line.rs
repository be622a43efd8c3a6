//! One line of text as CEF or LEEF: its fields by their keys.
//!
//! A syslog header may stand before it, as RFC 3164 or RFC 5424 has it, or several where relays put
//! theirs before it. Nothing else may: who can write a part of a log line could write an alert into
//! it. Only where somebody says that a file is of one of these forms, it is looked for further on.

use super::From;
use super::reason::Reason;
use super::time;
use crate::model::{Instant, Source};
use std::borrow::Cow;

/// Keys of what stands in the headers. No key of an event has a space.
pub(super) const VENDOR: &str = "header vendor";
pub(super) const PRODUCT: &str = "header product";
pub(super) const RULE: &str = "header event id";
pub(super) const NAME: &str = "header name";
pub(super) const SEVERITY: &str = "header severity";
pub(super) const SYSLOG_TIME: &str = "syslog time";

/// A line that was taken apart.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) source: Source,
    pub(super) fields: Vec<(&'a str, Cow<'a, str>)>,
}

/// Takes a line apart.
///
/// # Errors
/// When it is neither CEF nor LEEF, or its header breaks off.
pub(super) fn read(text: &str, from: From) -> Result<Line<'_>, Reason> {
    let text = text.trim_ascii();
    let no = |looks_like| Reason::NotJson { looks_like };
    let (found, time) = behind_syslog(text);
    let further = || match from {
        From::Only(source @ (Source::Cef | Source::Leef)) => {
            anywhere(text).filter(|mark| mark.source == source)
        }
        From::Only(_) | From::Auto => None,
    };
    let Some(mark) = found.or_else(further) else {
        return Err(no(named(text)));
    };
    if !matches!(from, From::Auto) && from != From::Only(mark.source) {
        return Err(no(named(text)));
    }
    let mut fields = if mark.source == Source::Leef {
        leef(&mark)?
    } else {
        cef(&mark)?
    };
    if let Some(time) = time {
        fields.push((SYSLOG_TIME, Cow::Borrowed(time)));
    }
    Ok(Line {
        source: mark.source,
        fields,
    })
}

/// The name of a text format of alerts.
pub(super) fn named(line: &str) -> Option<&'static str> {
    match (behind_syslog(line).0, anywhere(line)) {
        (Some(mark), _) if mark.source == Source::Leef => Some("LEEF"),
        (Some(_), _) => Some("CEF"),
        (None, Some(mark)) if mark.source == Source::Leef => {
            Some("LEEF behind something that is no syslog header")
        }
        (None, Some(_)) => Some("CEF behind something that is no syslog header"),
        (None, None) => priority(line).map(|_| "syslog"),
    }
}

/// Where an event begins.
struct Mark<'a> {
    source: Source,
    second_version: bool,
    /// The line behind `CEF:0|`.
    rest: &'a str,
}

fn mark(text: &str) -> Option<Mark<'_>> {
    let (source, versions) = match text.split_once(':')? {
        ("CEF", _) => (Source::Cef, ["0|", "1|"]),
        ("LEEF", _) => (Source::Leef, ["1.0|", "2.0|"]),
        _ => return None,
    };
    let (_, behind) = text.split_once(':')?;
    // rsyslog takes `CEF:` for a tag and writes a space behind it.
    let behind = behind.strip_prefix(' ').unwrap_or(behind);
    versions.iter().enumerate().find_map(|(n, version)| {
        Some(Mark {
            source,
            second_version: n == 1,
            rest: behind.strip_prefix(version)?,
        })
    })
}

fn anywhere(text: &str) -> Option<Mark<'_>> {
    let starts = text.match_indices("EF:").filter_map(|(at, _)| {
        let before = text.get(..at)?;
        let length = ["C", "LE"].iter().find(|name| before.ends_with(**name))?;
        text.get(at.checked_sub(length.len())?..)
    });
    starts.into_iter().find_map(mark)
}

/// The event behind syslog headers, and their time where it has a year and a zone; the header that
/// is nearest the event is its writer's.
fn behind_syslog(text: &str) -> (Option<Mark<'_>>, Option<&str>) {
    const MOST_HEADERS: usize = 4;
    let (mut rest, mut time) = (text, None);
    for _ in 0..=MOST_HEADERS {
        if let Some(mark) = mark(rest) {
            return (Some(mark), time);
        }
        let Some(header) = header(rest) else { break };
        time = header.time.or(time);
        rest = header.rest;
    }
    (None, None)
}

struct Header<'a> {
    time: Option<&'a str>,
    rest: &'a str,
}

fn header(text: &str) -> Option<Header<'_>> {
    let counted = text.split_once(' ').filter(|(count, behind)| {
        count.len() <= 6 && count.bytes().all(|b| b.is_ascii_digit()) && behind.starts_with('<')
    });
    let text = counted.map_or(text, |(_, behind)| behind);
    let behind = priority(text);
    if let Some(new) = behind.and_then(|rest| rest.strip_prefix("1 ")) {
        return rfc5424(new);
    }
    let rest = behind.unwrap_or(text);
    let (time, rest) = match old_time(rest) {
        Some((time, rest)) => (time, rest),
        None if behind.is_some() => (None, rest),
        None => return None,
    };
    let another = |rest: &str| mark(rest).is_some() || rest.starts_with('<');
    let rest = rest.trim_start_matches(' ');
    if another(rest) {
        return Some(Header { time, rest });
    }
    // A host, and perhaps a tag behind it.
    let (_, rest) = token(rest)?;
    let rest = match token(rest) {
        Some((tag, behind)) if tag.ends_with(':') && mark(rest).is_none() => behind,
        Some(_) | None => rest,
    };
    Some(Header { time, rest })
}

/// What is behind `<13>`.
fn priority(text: &str) -> Option<&str> {
    let (number, rest) = text.strip_prefix('<')?.split_once('>')?;
    let digits = matches!(number.len(), 1..=3) && number.bytes().all(|b| b.is_ascii_digit());
    digits.then_some(rest)
}

/// RFC 5424 behind the version: time, host, application, process, message id, structured data.
fn rfc5424(text: &str) -> Option<Header<'_>> {
    let (time, mut rest) = token(text)?;
    for _ in ["host", "application", "process", "message id"] {
        rest = token(rest)?.1;
    }
    let rest = match rest.strip_prefix('-') {
        Some(behind) => behind,
        None => structured(rest)?,
    };
    let rest = rest.trim_start_matches([' ', '\u{feff}']);
    let time = Instant::parse(time).map(|_| time);
    Some(Header { time, rest })
}

/// What is behind structured data; a bracket in a value is escaped.
fn structured(text: &str) -> Option<&str> {
    let (mut escaped, mut quoted) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b']' if !quoted && text.as_bytes().get(at + 1) != Some(&b'[') => {
                return text.starts_with('[').then(|| text.get(at + 1..))?;
            }
            _ => {}
        }
    }
    None
}

/// RFC 3164's time, or that of RFC 3339, which many write in its place; the time itself only where
/// it has a year and a zone.
fn old_time(text: &str) -> Option<(Option<&str>, &str)> {
    let (first, mut rest) = token(text)?;
    if Instant::parse(first).is_some() && first.len() > 10 {
        return Some((Some(first), rest));
    }
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    if !MONTHS.contains(&first) {
        return None;
    }
    let number = |text: &str, most: usize| {
        !text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_digit())
    };
    let (day, behind) = token(rest)?;
    number(day.trim_end_matches(','), 2).then_some(())?;
    rest = behind;
    if let Some((_, behind)) = token(rest).filter(|(year, _)| number(year, 4) && year.len() == 4) {
        rest = behind;
    }
    let (clock, behind) = token(rest)?;
    let digits = |b: u8| b.is_ascii_digit() || matches!(b, b':' | b'.');
    (clock.len() >= 7 && clock.bytes().all(digits)).then_some(())?;
    rest = behind;
    if let Some((word, behind)) = token(rest)
        && (matches!(word, "UTC" | "GMT" | "Z")
            || (word.starts_with(['+', '-']) && matches!(word.len(), 5 | 6)))
    {
        rest = behind;
    }
    let written = text
        .get(..text.len().checked_sub(rest.len())?)?
        .trim_ascii();
    let known = time::read(SYSLOG_TIME, written).is_ok_and(|(_, zoned)| zoned);
    Some((known.then_some(written), rest))
}

/// A word and what is behind the spaces after it.
fn token(text: &str) -> Option<(&str, &str)> {
    let (word, rest) = text.split_once(' ')?;
    (!word.is_empty()).then(|| (word, rest.trim_start_matches(' ')))
}

/// The parts of a header, and what is behind them; `\|` and `\\` are escapes.
fn parts<'a>(text: &'a str, count: usize) -> (Vec<Cow<'a, str>>, Option<&'a str>) {
    let (mut all, mut start, mut escaped) = (Vec::new(), 0, false);
    let take = |from: usize, to: usize| {
        let part = text.get(from..to).unwrap_or_default().trim_ascii();
        unescape(part, &[('|', '|'), ('\\', '\\')])
    };
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'|' => {
                all.push(take(start, at));
                start = at + 1;
                if all.len() == count {
                    return (all, text.get(start..));
                }
            }
            _ => {}
        }
    }
    all.push(take(start, text.len()));
    (all, None)
}

/// The text with its escapes resolved; a backslash before anything else is a backslash.
fn unescape<'a>(text: &'a str, escapes: &[(char, char)]) -> Cow<'a, str> {
    if memchr::memchr(b'\\', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut all = text.chars().peekable();
    while let Some(c) = all.next() {
        let next = all.peek().copied();
        let meant = escapes.iter().find(|(from, _)| Some(*from) == next);
        match meant {
            Some((_, to)) if c == '\\' => {
                out.push(*to);
                all.next();
            }
            Some(_) | None => out.push(c),
        }
    }
    Cow::Owned(out)
}

fn cef<'a>(mark: &Mark<'a>) -> Result<Vec<(&'a str, Cow<'a, str>)>, Reason> {
    let (parts, extension) = parts(mark.rest, 6);
    let keys = [VENDOR, PRODUCT, "header version", RULE, NAME, SEVERITY];
    if parts.len() < keys.len() {
        return Err(Reason::Header {
            format: "CEF",
            want: "CEF:0|vendor|product|version|id|name|severity|extension",
        });
    }
    let mut fields: Vec<_> = keys.into_iter().zip(parts).collect();
    pairs(extension.unwrap_or_default(), &mut fields);
    Ok(fields)
}

const fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'[' | b']')
}

/// CEF's `key=value key=value`: a value goes on to the last space before the next key. An equals sign
/// in a value is escaped; one that is not, and has no key before it, is taken as a part of the value.
fn pairs<'a>(text: &'a str, fields: &mut Vec<(&'a str, Cow<'a, str>)>) {
    const ESCAPES: [(char, char); 5] = [
        ('\\', '\\'),
        ('=', '='),
        ('|', '|'),
        ('n', '\n'),
        ('r', '\r'),
    ];
    // The word that may be a key, and the pair that is open: its key and where its value begins.
    let (mut word, mut could_be_key, mut escaped) = (0, true, false);
    let mut open: Option<(&'a str, usize)> = None;
    let mut close = |open: Option<(&'a str, usize)>, to: usize| {
        if let Some((key, from)) = open {
            let value = text.get(from..to).unwrap_or_default().trim_ascii();
            fields.push((key, unescape(value, &ESCAPES)));
        }
    };
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => (escaped, could_be_key) = (true, false),
            b'=' if could_be_key && at > word => {
                close(open, word);
                open = text.get(word..at).map(|key| (key, at + 1));
                (word, could_be_key) = (at + 1, false);
            }
            b' ' | b'\t' => (word, could_be_key) = (at + 1, true),
            byte => could_be_key &= is_key(byte),
        }
    }
    close(open, text.len());
}

fn leef<'a>(mark: &Mark<'a>) -> Result<Vec<(&'a str, Cow<'a, str>)>, Reason> {
    let (parts, attributes) = parts(mark.rest, 4);
    let keys = [VENDOR, PRODUCT, "header version", RULE];
    if parts.len() < keys.len() {
        return Err(Reason::Header {
            format: "LEEF",
            want: "LEEF:1.0|vendor|product|version|id|attributes",
        });
    }
    let mut fields: Vec<_> = keys.into_iter().zip(parts).collect();
    let mut attributes = attributes.unwrap_or_default();
    let mut delimiter = '\t';
    if mark.second_version
        && let Some((given, rest)) = attributes.split_once('|')
        && let Some(found) = delimiter_of(given)
    {
        (delimiter, attributes) = (found, rest);
    }
    // rsyslog writes a tab that way unless it is told not to.
    let tab = delimiter == '\t' && !attributes.contains('\t') && attributes.contains("#011");
    let pair = |pair: &'a str| {
        let (key, value) = pair.split_once('=')?;
        Some((key.trim_ascii(), Cow::Borrowed(value.trim_ascii())))
    };
    if tab {
        fields.extend(attributes.split("#011").filter_map(pair));
    } else {
        fields.extend(attributes.split(delimiter).filter_map(pair));
    }
    // A key with a space could be one of the headers'.
    let header = keys.len();
    let mut n = 0;
    fields.retain(|(key, _)| {
        n += 1;
        n <= header || !key.contains(' ')
    });
    Ok(fields)
}

/// LEEF 2.0's delimiter: a character, its number in hexadecimal, or nothing for a tab.
fn delimiter_of(given: &str) -> Option<char> {
    let mut all = given.chars();
    match (all.next(), all.next()) {
        (None, _) => Some('\t'),
        (Some(one), None) => Some(one),
        (Some(_), Some(_)) => {
            let digits = given
                .strip_prefix("0x")
                .or_else(|| given.strip_prefix("0X"))
                .or_else(|| given.strip_prefix(['x', 'X']))?;
            let digits = (digits.len() <= 4).then_some(digits)?;
            char::from_u32(u32::from_str_radix(digits, 16).ok()?)
        }
    }
}
