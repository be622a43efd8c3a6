//! Common Event Format, version 0 and 1.
//!
//! `rt` is when the event was received, `start` when it began: the first is the observed time, the
//! second the event's. `dvc` and `dvchost` are the device that reports, not the machine the alert is
//! about, as with a sensor. That machine is `dhost`, since products on machines write their own there,
//! else `shost`; a `dhost` that is the host of the `request` is a site and no machine of ours.
//!
//! `externalId` is meant to be the device's own number of the event, but some write the same for all
//! events of a machine there. So the identity is that number with the device and the time.
//!
//! Custom fields are taken by what their labels say they are.

use crate::model::{Field, ObservableKind, Source};
use crate::triage::intake::gathered::Gathered;
use crate::triage::intake::line::{NAME, PRODUCT, RULE, SEVERITY, SYSLOG_TIME, VENDOR};
use crate::triage::intake::observables::url_host;
use crate::triage::intake::severity;
use crate::triage::intake::table::{Row, Table, To, any, field, take};
use crate::triage::intake::tree::Object;

pub(super) const TABLE: Table = Table {
    source: Source::Cef,
    origin: "ArcSight, \"Implementing ArcSight Common Event Format\", version 25: header, extension dictionary",
    because: "`CEF:0|` or `CEF:1|` at its beginning or behind a syslog header",
    is: |_| false,
    checks: &[],
    check: any,
    product: None,
    rows: &[
        Row::Call(&[VENDOR, PRODUCT], product),
        take(To::Product, &[PRODUCT, VENDOR]),
        Row::Call(
            &[
                "externalId",
                "deviceExternalId",
                "dvchost",
                "dvc",
                "start",
                "rt",
            ],
            id,
        ),
        take(To::Event, &["start", "end"]),
        take(To::Observed, &["rt", "art", SYSLOG_TIME]),
        take(To::Severity(severity::cef), &[SEVERITY]),
        field(Field::RuleId, &[RULE, NAME]),
        field(Field::RuleName, &[NAME]),
        field(Field::RuleCategory, &["cat"]),
        field(Field::Message, &["msg", "reason"]),
        Row::Call(&["dhost", "shost", "request"], hosts),
        field(Field::UserName, &["suser", "duser"]),
        take(To::Seen(ObservableKind::User), &["suser"]),
        take(To::Seen(ObservableKind::User), &["duser"]),
        take(To::FileName(Field::ProcessName), &["sproc", "dproc"]),
        Row::Call(&["sproc", "dproc"], process_path),
        take(
            To::Endpoint(Field::SourceIp, Field::SourcePort),
            &["src", "c6a2"],
        ),
        field(Field::SourcePort, &["spt"]),
        take(
            To::Endpoint(Field::DestinationIp, Field::DestinationPort),
            &["dst", "c6a3"],
        ),
        field(Field::DestinationPort, &["dpt"]),
        field(Field::Protocol, &["app", "proto"]),
        field(Field::Url, &["request"]),
        field(Field::Domain, &["destinationDnsDomain", "sourceDnsDomain"]),
        field(
            Field::FilePath,
            &["filePath", "fname", "oldFilePath", "oldFileName"],
        ),
        field(Field::FileHash, &["fileHash", "oldFileHash"]),
        take(To::Seen(ObservableKind::Ip), &["sourceTranslatedAddress"]),
        take(
            To::Seen(ObservableKind::Ip),
            &["destinationTranslatedAddress"],
        ),
        Row::Call(CUSTOM, labelled),
    ],
};

/// The vendor's name with the product's, unless that begins with it.
pub(super) fn product(document: &Object<'_>, it: &mut Gathered) {
    let (Some(vendor), Some(product)) = (document.text(VENDOR), document.text(PRODUCT)) else {
        return;
    };
    if product.to_lowercase().starts_with(&vendor.to_lowercase()) {
        it.set_product(product);
    } else {
        it.set_product(&format!("{vendor} {product}"));
    }
}

fn id(document: &Object<'_>, it: &mut Gathered) {
    let first = |keys: &[&str]| keys.iter().find_map(|key| document.text(key));
    if let (Some(id), Some(time)) = (document.text("externalId"), first(&["start", "rt"])) {
        let device = first(&["deviceExternalId", "dvchost", "dvc"]).unwrap_or_default();
        it.set_id(&format!("{id}@{device} {time}"));
    }
}

fn hosts(document: &Object<'_>, it: &mut Gathered) {
    let site = document.text("request").and_then(url_host);
    let site = site.map(|site| site.split(':').next().unwrap_or(site));
    let (to, from) = (document.text("dhost"), document.text("shost"));
    let machine = to.filter(|host| site.is_none_or(|site| !site.eq_ignore_ascii_case(host)));
    if machine.is_none() {
        it.set(Field::Domain, to);
    }
    it.set(Field::HostName, machine.or(from));
    for host in [machine, from].into_iter().flatten() {
        it.list(ObservableKind::Host, host);
    }
}

/// The path of the process that was named, where it is one.
fn process_path(document: &Object<'_>, it: &mut Gathered) {
    let process = document.text("sproc").or_else(|| document.text("dproc"));
    it.set(
        Field::ProcessPath,
        process.filter(|path| path.contains(['/', '\\'])),
    );
}

/// The custom texts and their labels.
const CUSTOM: &[&str] = &[
    "cs1",
    "cs1Label",
    "cs2",
    "cs2Label",
    "cs3",
    "cs3Label",
    "cs4",
    "cs4Label",
    "cs5",
    "cs5Label",
    "cs6",
    "cs6Label",
    "flexString1",
    "flexString1Label",
    "flexString2",
    "flexString2Label",
];

fn labelled(document: &Object<'_>, it: &mut Gathered) {
    for pair in CUSTOM.chunks_exact(2) {
        let [value, label] = pair else { continue };
        let (Some(value), Some(label)) = (document.text(value), document.text(label)) else {
            continue;
        };
        let plain: String = label.chars().filter(char::is_ascii_alphanumeric).collect();
        match plain.to_ascii_lowercase().as_str() {
            "technique"
            | "techniqueid"
            | "techniques"
            | "mitretechnique"
            | "mitretechniques"
            | "mitreattacktechnique"
            | "attacktechnique"
            | "mitretechniqueid" => {
                it.set(Field::RuleTechnique, Some(value));
            }
            "commandline" | "cmdline" | "processcommandline" => {
                it.set(Field::ProcessCommandLine, Some(value));
            }
            "parentprocess" | "parentprocessname" | "parentimage" => {
                it.set(Field::ProcessParent, Some(value));
            }
            "hash" | "filehash" | "md5" | "sha1" | "sha256" | "filesha256" | "filesha1"
            | "filemd5" => {
                it.set(Field::FileHash, Some(value));
                it.list(ObservableKind::Hash, value);
            }
            "processhash" | "processsha256" => it.set(Field::ProcessHash, Some(value)),
            "url" => it.set(Field::Url, Some(value)),
            "domain" | "dnsquery" | "domainname" => it.set(Field::Domain, Some(value)),
            "category" | "threatcategory" | "tactic" | "urlcategory" => {
                it.set(Field::RuleCategory, Some(value));
            }
            _ => {}
        }
    }
}
