//! What Microsoft's forms have in common: the products' names, and the entities of an alert in the
//! schema that Sentinel and Defender for Cloud share, with `type` in their tables and exports and with
//! `kind` and `properties` in Sentinel's interface.
//!
//! An address among the entities has no role, so it is something seen and no more.

use crate::model::{Field, ObservableKind};
use crate::triage::intake::gathered::Gathered;
use crate::triage::intake::table::Row;
use crate::triage::intake::tree::Object;

/// Rows of an entity that has a `type`.
pub(super) const TYPED: &[Row] = &[Row::Call(
    &[
        "type",
        "hostName",
        "netBiosName",
        "dnsDomain",
        "name",
        "upnSuffix",
        "userPrincipalName",
        "address",
        "url",
        "domainName",
        "value",
        "directory",
        "fileHashes.value",
        "commandLine",
        "imageFile.name",
        "imageFile.directory",
        "imageFile.fileHashes.value",
        "parentProcess.imageFile.name",
        "account.name",
        "upn",
        "mailboxPrimaryAddress",
        "recipient",
        "sender",
        "senderIp",
        "urls",
    ],
    typed,
)];

/// Rows of an entity that has a `kind`, and `properties`.
pub(super) const OF_A_KIND: &[Row] = &[Row::Call(
    &[
        "kind",
        "properties.hostName",
        "properties.netBiosName",
        "properties.dnsDomain",
        "properties.accountName",
        "properties.upnSuffix",
        "properties.address",
        "properties.url",
        "properties.domainName",
        "properties.hashValue",
        "properties.directory",
        "properties.fileName",
        "properties.commandLine",
        "properties.mailboxPrimaryAddress",
        "properties.recipient",
        "properties.sender",
        "properties.senderIp",
    ],
    of_a_kind,
)];

/// A name with its domain, unless it has one.
fn with_domain(name: &str, between: char, domain: Option<&str>) -> String {
    match domain {
        Some(domain) if !name.contains(between) => format!("{name}{between}{domain}"),
        Some(_) | None => name.to_owned(),
    }
}

fn set_host(it: &mut Gathered, name: Option<&str>, domain: Option<&str>) {
    if let Some(name) = name {
        let name = with_domain(name, '.', domain);
        it.set(Field::HostName, Some(&name));
        it.list(ObservableKind::Host, &name);
    }
}

fn set_account(it: &mut Gathered, name: Option<&str>, suffix: Option<&str>) {
    if let Some(name) = name {
        let name = with_domain(name, '@', suffix);
        it.set(Field::UserName, Some(&name));
        it.list(ObservableKind::User, &name);
    }
}

/// A file's path from the folder it is in and its name; some write the whole path as the folder.
pub(super) fn path_of(folder: Option<&str>, name: Option<&str>) -> Option<String> {
    match (folder, name) {
        (Some(folder), Some(name)) => {
            let separator = if folder.contains('/') { '/' } else { '\\' };
            let bare = folder.trim_end_matches(['/', '\\']);
            Some(if bare.ends_with(name) {
                bare.to_owned()
            } else {
                format!("{bare}{separator}{name}")
            })
        }
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => None,
    }
}

/// Sets a field, and lists the value too: of several entities, the first has the field.
fn set_and_list(it: &mut Gathered, field: Field, kind: ObservableKind, value: Option<&str>) {
    if let Some(value) = value {
        it.set(field, Some(value));
        it.list(kind, value);
    }
}

fn seen(it: &mut Gathered, kind: ObservableKind, value: Option<&str>) {
    if let Some(value) = value {
        it.list(kind, value);
    }
}

fn typed(entity: &Object<'_>, it: &mut Gathered) {
    let text = |key: &str| entity.text(key);
    match text("type")
        .unwrap_or_default()
        .to_ascii_lowercase()
        .as_str()
    {
        "host" => set_host(
            it,
            text("hostName").or(text("netBiosName")),
            text("dnsDomain"),
        ),
        "account" => set_account(
            it,
            text("userPrincipalName").or(text("name")),
            text("upnSuffix"),
        ),
        "process" => process(entity, it),
        "file" => {
            it.set(Field::FilePath, path_of(text("directory"), text("name")));
            hashes(entity, "fileHashes.value", Field::FileHash, it);
        }
        "filehash" => set_and_list(it, Field::FileHash, ObservableKind::Hash, text("value")),
        "ip" => seen(it, ObservableKind::Ip, text("address")),
        "url" => set_and_list(it, Field::Url, ObservableKind::Url, text("url")),
        "dns" | "dnsresolution" => {
            set_and_list(
                it,
                Field::Domain,
                ObservableKind::Domain,
                text("domainName"),
            );
        }
        "mailbox" => set_account(it, text("upn").or(text("mailboxPrimaryAddress")), None),
        "mail-message" | "mailmessage" => {
            set_account(it, text("recipient"), None);
            seen(it, ObservableKind::User, text("sender"));
            it.set(Field::SourceIp, text("senderIp"));
            for url in entity.texts("urls") {
                it.list(ObservableKind::Url, url);
            }
        }
        _ => {}
    }
}

/// The first process is the acting one, and all its fields come from it.
fn process(entity: &Object<'_>, it: &mut Gathered) {
    let (name, line) = (entity.text("imageFile.name"), entity.text("commandLine"));
    if it.has(Field::ProcessName) || it.has(Field::ProcessCommandLine) {
        seen(it, ObservableKind::Process, name);
        return;
    }
    it.set(Field::ProcessName, name);
    if let Some(folder) = entity.text("imageFile.directory") {
        it.set(Field::ProcessPath, path_of(Some(folder), name));
    }
    hashes(entity, "imageFile.fileHashes.value", Field::ProcessHash, it);
    it.set(Field::ProcessCommandLine, line);
    it.set(
        Field::ProcessParent,
        entity.text("parentProcess.imageFile.name"),
    );
    it.set(Field::UserName, entity.text("account.name"));
}

fn hashes(entity: &Object<'_>, path: &str, field: Field, it: &mut Gathered) {
    let all = entity.texts(path);
    it.set(field, Some(all.join(" ")));
}

fn of_a_kind(entity: &Object<'_>, it: &mut Gathered) {
    let text = |key: &str| entity.text(key);
    match text("kind")
        .unwrap_or_default()
        .to_ascii_lowercase()
        .as_str()
    {
        "host" => set_host(
            it,
            text("properties.hostName").or(text("properties.netBiosName")),
            text("properties.dnsDomain"),
        ),
        "account" => set_account(
            it,
            text("properties.accountName"),
            text("properties.upnSuffix"),
        ),
        // Its image is another entity, which it refers to by number.
        "process" => it.set(Field::ProcessCommandLine, text("properties.commandLine")),
        "file" => it.set(
            Field::FilePath,
            path_of(text("properties.directory"), text("properties.fileName")),
        ),
        "filehash" => {
            let hash = text("properties.hashValue");
            set_and_list(it, Field::FileHash, ObservableKind::Hash, hash);
        }
        "ip" => seen(it, ObservableKind::Ip, text("properties.address")),
        "url" => set_and_list(it, Field::Url, ObservableKind::Url, text("properties.url")),
        "dnsresolution" => {
            let name = text("properties.domainName");
            set_and_list(it, Field::Domain, ObservableKind::Domain, name);
        }
        "mailbox" => set_account(it, text("properties.mailboxPrimaryAddress"), None),
        "mailmessage" => {
            set_account(it, text("properties.recipient"), None);
            seen(it, ObservableKind::User, text("properties.sender"));
            it.set(Field::SourceIp, text("properties.senderIp"));
        }
        _ => {}
    }
}

/// A product's name as Microsoft writes it today, whatever its interface calls it: the same alert
/// comes by several of them.
pub(super) fn product(service: &str) -> &str {
    let plain: String = service
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    match plain.to_ascii_lowercase().as_str() {
        "microsoftdefenderforendpoint"
        | "microsoftdefenderatp"
        | "windowsdefenderatp"
        | "microsoftdefenderadvancedthreatprotection" => "Microsoft Defender for Endpoint",
        "microsoftdefenderforidentity" | "azureatp" | "azureadvancedthreatprotection" => {
            "Microsoft Defender for Identity"
        }
        "microsoftdefenderforoffice365" | "officeatp" | "office365advancedthreatprotection" => {
            "Microsoft Defender for Office 365"
        }
        "microsoftdefenderforcloudapps" | "microsoftcloudappsecurity" | "mcas" => {
            "Microsoft Defender for Cloud Apps"
        }
        "microsoftdefenderforcloud" | "azuresecuritycenter" | "asc" => {
            "Microsoft Defender for Cloud"
        }
        "microsoft365defender" | "microsoftdefenderxdr" | "microsoftthreatprotection" => {
            "Microsoft Defender XDR"
        }
        "azureadidentityprotection"
        | "aadidentityprotection"
        | "microsoftentraidprotection"
        | "azureactivedirectoryidentityprotection"
        | "ipc" => "Microsoft Entra ID Protection",
        "dataleakageprevention" | "datalossprevention" | "microsoftdatalossprevention" => {
            "Microsoft Purview Data Loss Prevention"
        }
        "azuresentinel" | "microsoftsentinel" => "Microsoft Sentinel",
        _ => service,
    }
}
