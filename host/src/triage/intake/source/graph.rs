//! Microsoft's security alerts: Graph's of today (`alerts_v2`) and of before, Defender for Endpoint's
//! own, those in Defender XDR's incidents, `AlertInfo` of its event stream, and Defender for Cloud's.
//!
//! The id is the provider's, the same in all of them, and so is the product's name, so one alert that
//! comes by two ways is one. A detector has an id in some of them only; else its title stands for it.

use super::entities::{self, path_of, product};
use crate::model::{Field, ObservableKind, Source, Text};
use crate::triage::intake::detect::Top;
use crate::triage::intake::gathered::Gathered;
use crate::triage::intake::reason::Reason;
use crate::triage::intake::severity;
use crate::triage::intake::table::{
    Row, Table, To, each, each_when, field, process, process_when, take,
};
use crate::triage::intake::tree::Object;

pub(super) const TABLE: Table = Table {
    source: Source::Graph,
    origin: "learn.microsoft.com: Graph, \"alert resource type\" (microsoft.graph.security and microsoft.graph) and \"alertEvidence\"; Defender for Endpoint, \"Alert resource type\"; Defender XDR, \"Incidents API\" and \"AlertInfo\"; Defender for Cloud, \"Alerts schemas\"",
    because: "`createdDateTime` and `severity` with a provider, `alertCreationTime` with a machine, `alertId` with `creationTime`, or the name of such a record",
    is,
    checks: &["category"],
    check,
    product: Some("Microsoft Defender XDR"),
    rows: &[
        Row::Call(
            &[
                "serviceSource",
                "productName",
                "vendorInformation.provider",
                "properties.serviceSource",
                "properties.productName",
                "alertCreationTime",
            ],
            name_product,
        ),
        take(
            To::Id,
            &[
                "alertId",
                "systemAlertId",
                "properties.alertId",
                "properties.systemAlertId",
                "id",
            ],
        ),
        take(
            To::Event,
            &[
                "firstActivityDateTime",
                "eventDateTime",
                "firstEventTime",
                "firstActivity",
                "startTimeUtc",
                "properties.startTimeUtc",
                "lastActivityDateTime",
                "lastEventTime",
                "lastActivity",
            ],
        ),
        take(
            To::Observed,
            &[
                "createdDateTime",
                "alertCreationTime",
                "creationTime",
                "timeGenerated",
                "processingEndTime",
                "properties.timestamp",
                "properties.timeGeneratedUtc",
                "properties.processingEndTimeUtc",
            ],
        ),
        take(
            To::Severity(severity::word),
            &["severity", "properties.severity"],
        ),
        field(
            Field::RuleId,
            &[
                "detectorId",
                "alertPolicyId",
                "alertType",
                "properties.alertType",
                "title",
                "alertDisplayName",
                "properties.title",
                "properties.alertDisplayName",
            ],
        ),
        field(
            Field::RuleName,
            &[
                "title",
                "alertDisplayName",
                "properties.title",
                "properties.alertDisplayName",
            ],
        ),
        Row::Call(
            &[
                "category",
                "properties.category",
                "intent",
                "properties.intent",
            ],
            category,
        ),
        Row::Call(
            &[
                "mitreTechniques",
                "techniques",
                "properties.attackTechniques",
                "properties.techniques",
                "properties.subTechniques",
            ],
            techniques,
        ),
        field(Field::Message, &["description", "properties.description"]),
        // The machine it is about, before others that are named.
        each_when(
            "evidence",
            "detailedRoles",
            &["primarydevice", "main device"],
            DEVICE,
        ),
        each("evidence", DEVICE),
        field(Field::HostName, &["computerDnsName"]),
        each("devices", DEVICE),
        each("hostStates", HOST_STATE),
        process_when("evidence", "entityType", &["process"], OWN_PROCESS),
        process("evidence", PROCESS),
        process_when("entities", "entityType", &["process"], OWN_PROCESS),
        process("processes", OLD_PROCESS),
        each("evidence", EVIDENCE),
        each("evidence", OWN_EVIDENCE),
        each("entities", OWN_EVIDENCE),
        Row::Call(
            &[
                "serviceSource",
                "evidence.ipAddress",
                "evidence.roles",
                "entities.ipAddress",
            ],
            addresses,
        ),
        each("userStates", USER_STATE),
        field(Field::UserName, &["relatedUser.userName"]),
        each("networkConnections", CONNECTION),
        each("fileStates", FILE_STATE),
        each("entities", entities::TYPED),
        each("properties.entities", entities::TYPED),
        field(
            Field::HostName,
            &["compromisedEntity", "properties.compromisedEntity"],
        ),
    ],
};

fn is(top: &Top<'_>) -> bool {
    let any = |keys: &[&str]| keys.iter().any(|key| top.has(key));
    let graph = top.has("createdDateTime")
        && top.has("severity")
        && !top.has("alerts")
        && any(&[
            "detectionSource",
            "serviceSource",
            "evidence",
            "vendorInformation",
        ]);
    let endpoint =
        top.has("alertCreationTime") && any(&["machineId", "computerDnsName", "evidence"]);
    let xdr = top.has("alertId")
        && top.has("creationTime")
        && any(&["serviceSource", "detectionSource", "entities", "devices"]);
    let exported = top.has("SystemAlertId") && top.has("AlertDisplayName") && !top.has("AlertName");
    graph || endpoint || xdr || exported || is_hunting(top) || is_cloud(top)
}

/// A record of Defender XDR's event stream.
fn is_hunting(top: &Top<'_>) -> bool {
    top.is_object("properties")
        && top
            .text("category")
            .is_some_and(|category| category.starts_with("AdvancedHunting-"))
}

/// Defender for Cloud's own interface.
fn is_cloud(top: &Top<'_>) -> bool {
    let kind = top.text("type").unwrap_or_default().to_ascii_lowercase();
    kind.starts_with("microsoft.security/") && top.has("properties.alertDisplayName")
}

fn check(document: &Object<'_>) -> Result<(), Reason> {
    match document.text("category") {
        Some(category)
            if category.starts_with("AdvancedHunting-")
                && category != "AdvancedHunting-AlertInfo" =>
        {
            Err(Reason::NoAlert {
                what: Text::capped(
                    &format!("a Microsoft Defender XDR `{category}` record"),
                    200,
                ),
            })
        }
        Some(_) | None => Ok(()),
    }
}

const DEVICE: &[Row] = &[
    field(Field::HostName, &["deviceDnsName", "hostName"]),
    field(Field::HostIp, &["lastIpAddress", "ipInterfaces"]),
    take(To::Seen(ObservableKind::Host), &["deviceDnsName"]),
];

/// Graph's `processEvidence`, told by its image.
const PROCESS: &[Row] = &[
    field(Field::ProcessName, &["imageFile.fileName"]),
    Row::Call(&["imageFile.filePath", "imageFile.fileName"], image_path),
    field(
        Field::ProcessHash,
        &["imageFile.sha256", "imageFile.sha1", "imageFile.md5"],
    ),
    field(Field::ProcessCommandLine, &["processCommandLine"]),
    field(Field::ProcessParent, &["parentProcessImageFile.fileName"]),
    Row::Call(
        &[
            "imageFile.fileName",
            "userAccount.userPrincipalName",
            "userAccount.accountName",
        ],
        process_user,
    ),
];

/// A process as Defender for Endpoint and Defender XDR write it.
const OWN_PROCESS: &[Row] = &[
    field(Field::ProcessName, &["fileName"]),
    Row::Call(&["filePath", "fileName"], own_process_path),
    field(Field::ProcessHash, &["sha256", "sha1", "md5"]),
    field(Field::ProcessCommandLine, &["processCommandLine"]),
    field(Field::ProcessParent, &["parentProcessFileName"]),
    field(Field::UserName, &["userPrincipalName", "accountName"]),
];

/// Graph's other evidence, each kind told by the properties that only it has.
const EVIDENCE: &[Row] = &[
    field(
        Field::UserName,
        &[
            "userAccount.userPrincipalName",
            "userAccount.accountName",
            "upn",
            "primaryAddress",
            "recipientEmailAddress",
        ],
    ),
    take(
        To::Seen(ObservableKind::User),
        &["userAccount.userPrincipalName", "userAccount.accountName"],
    ),
    take(To::Seen(ObservableKind::User), &["primaryAddress"]),
    take(To::Seen(ObservableKind::User), &["recipientEmailAddress"]),
    take(To::Seen(ObservableKind::User), &["p1Sender.emailAddress"]),
    take(To::Seen(ObservableKind::User), &["p2Sender.emailAddress"]),
    field(Field::SourceIp, &["senderIp", "sourceAddress.ipAddress"]),
    field(Field::SourcePort, &["sourcePort"]),
    field(Field::DestinationIp, &["destinationAddress.ipAddress"]),
    field(Field::DestinationPort, &["destinationPort"]),
    take(To::Seen(ObservableKind::Url), &["urls"]),
    Row::Call(&["fileDetails.filePath", "fileDetails.fileName"], file_path),
    field(
        Field::FileHash,
        &["fileDetails.sha256", "fileDetails.sha1", "fileDetails.md5"],
    ),
    take(
        To::Seen(ObservableKind::Hash),
        &["fileDetails.sha256", "fileDetails.sha1", "fileDetails.md5"],
    ),
    take(
        To::Seen(ObservableKind::Hash),
        &["imageFile.sha256", "imageFile.sha1"],
    ),
    field(Field::Domain, &["domainName.domainName"]),
];

/// What both Graph and the others write the same, and what only the others do.
const OWN_EVIDENCE: &[Row] = &[
    field(Field::Url, &["url"]),
    take(To::Seen(ObservableKind::Url), &["url"]),
    Row::Call(
        &[
            "entityType",
            "fileName",
            "filePath",
            "sha256",
            "sha1",
            "md5",
            "userPrincipalName",
            "accountName",
            "mailboxAddress",
            "recipient",
            "sender",
            "senderIp",
        ],
        own_evidence,
    ),
];

const HOST_STATE: &[Row] = &[
    field(Field::HostName, &["fqdn", "netBiosName"]),
    field(Field::HostIp, &["privateIpAddress", "publicIpAddress"]),
    take(To::Seen(ObservableKind::Ip), &["publicIpAddress"]),
];

const OLD_PROCESS: &[Row] = &[
    field(Field::ProcessName, &["name"]),
    field(Field::ProcessPath, &["path"]),
    field(Field::ProcessHash, &["fileHash.hashValue"]),
    field(Field::ProcessCommandLine, &["commandLine"]),
    field(Field::ProcessParent, &["parentProcessName"]),
    field(Field::UserName, &["accountName"]),
];

const USER_STATE: &[Row] = &[
    field(Field::UserName, &["userPrincipalName", "accountName"]),
    take(
        To::Seen(ObservableKind::User),
        &["userPrincipalName", "accountName"],
    ),
    field(Field::SourceIp, &["logonIp"]),
    take(To::Seen(ObservableKind::Ip), &["logonIp"]),
];

const CONNECTION: &[Row] = &[
    field(Field::SourceIp, &["sourceAddress"]),
    field(Field::SourcePort, &["sourcePort"]),
    field(Field::DestinationIp, &["destinationAddress"]),
    field(Field::DestinationPort, &["destinationPort"]),
    field(Field::Protocol, &["protocol"]),
    field(Field::Url, &["destinationUrl"]),
    field(Field::Domain, &["destinationDomain"]),
];

const FILE_STATE: &[Row] = &[
    Row::Call(&["path", "name"], old_file_path),
    field(Field::FileHash, &["fileHash.hashValue"]),
    take(To::Seen(ObservableKind::Hash), &["fileHash.hashValue"]),
];

fn name_product(document: &Object<'_>, it: &mut Gathered) {
    let names = [
        "serviceSource",
        "properties.serviceSource",
        "vendorInformation.provider",
        "productName",
        "properties.productName",
    ];
    let known = |name: &&str| !name.starts_with("unknown");
    let name = names
        .iter()
        .filter_map(|path| document.text(path))
        .find(known);
    if let Some(name) = name {
        it.set_product(product(name));
    } else if document.text("alertCreationTime").is_some() {
        // Only Defender for Endpoint's own interface writes that, and it does not say its name.
        it.set_product("Microsoft Defender for Endpoint");
    }
}

/// A record's own `category` is the name of its table.
fn category(document: &Object<'_>, it: &mut Gathered) {
    let own = document.text("category");
    let own = own.filter(|category| !category.starts_with("AdvancedHunting-"));
    let others = ["properties.category", "intent", "properties.intent"];
    let other = || others.iter().find_map(|path| document.text(path));
    it.set(Field::RuleCategory, own.or_else(other));
}

fn techniques(document: &Object<'_>, it: &mut Gathered) {
    let all: Vec<_> = [
        "mitreTechniques",
        "techniques",
        "properties.attackTechniques",
        "properties.techniques",
        "properties.subTechniques",
    ]
    .iter()
    .flat_map(|path| document.texts(path))
    .collect();
    it.set(Field::RuleTechnique, Some(all.join(" ")));
}

fn image_path(evidence: &Object<'_>, it: &mut Gathered) {
    let folder = evidence.text("imageFile.filePath");
    if folder.is_some() {
        let path = path_of(folder, evidence.text("imageFile.fileName"));
        it.set(Field::ProcessPath, path);
    }
}

fn process_user(evidence: &Object<'_>, it: &mut Gathered) {
    if evidence.text("imageFile.fileName").is_some() {
        let name = evidence.text("userAccount.userPrincipalName");
        it.set(
            Field::UserName,
            name.or_else(|| evidence.text("userAccount.accountName")),
        );
    }
}

fn own_process_path(evidence: &Object<'_>, it: &mut Gathered) {
    let folder = evidence.text("filePath");
    if folder.is_some() {
        it.set(
            Field::ProcessPath,
            path_of(folder, evidence.text("fileName")),
        );
    }
}

fn file_path(evidence: &Object<'_>, it: &mut Gathered) {
    let path = path_of(
        evidence.text("fileDetails.filePath"),
        evidence.text("fileDetails.fileName"),
    );
    it.set(Field::FilePath, path);
}

fn old_file_path(state: &Object<'_>, it: &mut Gathered) {
    it.set(
        Field::FilePath,
        path_of(state.text("path"), state.text("name")),
    );
}

fn own_evidence(evidence: &Object<'_>, it: &mut Gathered) {
    let kind = evidence.text("entityType").unwrap_or_default();
    let hash = ["sha256", "sha1", "md5"];
    let hash = hash.iter().find_map(|key| evidence.text(key));
    if let Some(hash) = hash {
        it.list(ObservableKind::Hash, hash);
    }
    let name = [
        "userPrincipalName",
        "accountName",
        "mailboxAddress",
        "recipient",
    ];
    let name = name.iter().find_map(|key| evidence.text(key));
    match kind.to_ascii_lowercase().as_str() {
        "file" => {
            let path = path_of(evidence.text("filePath"), evidence.text("fileName"));
            it.set(Field::FilePath, path);
            it.set(Field::FileHash, hash);
        }
        "user" | "mailbox" | "mailmessage" => {
            it.set(Field::UserName, name);
            if let Some(name) = name {
                it.list(ObservableKind::User, name);
            }
            if let Some(sender) = evidence.text("sender") {
                it.list(ObservableKind::User, sender);
            }
            it.set(Field::SourceIp, evidence.text("senderIp"));
        }
        _ => {}
    }
}

/// An address is where somebody came from if its role says so, or if the alert is about accounts. With
/// another role, or none, it is something seen.
fn addresses(document: &Object<'_>, it: &mut Gathered) {
    let service = product(document.text("serviceSource").unwrap_or_default());
    let about_accounts = matches!(
        service,
        "Microsoft Entra ID Protection"
            | "Microsoft Defender for Identity"
            | "Microsoft Defender for Cloud Apps"
    );
    let all = document.objects("evidence").into_iter();
    for evidence in all.chain(document.objects("entities")) {
        let Some(ip) = evidence.text("ipAddress") else {
            continue;
        };
        let roles = evidence.texts("roles");
        let has = |names: [&str; 2]| roles.iter().any(|role| names.contains(role));
        if has(["destination", "commandAndControl"]) {
            it.set(Field::DestinationIp, Some(ip));
        } else if has(["source", "attacker"]) || (roles.is_empty() && about_accounts) {
            it.set(Field::SourceIp, Some(ip));
        }
        it.list(ObservableKind::Ip, ip);
    }
}
