//! Microsoft Sentinel: incidents, as its interface and its automation write them and as rows of
//! `SecurityIncident`, and alerts, as rows of `SecurityAlert` and as its interface's entities.
//!
//! An incident's id is its name, which is the same in a row; each change of an incident is another row
//! of it. Its rule is the first of the analytics rules it comes from, told by the last part of the
//! rule's path; an incident that another product made has none, and its title stands for it.

use super::entities;
use crate::model::{Field, Source};
use crate::triage::intake::detect::Top;
use crate::triage::intake::gathered::Gathered;
use crate::triage::intake::observables::file_name;
use crate::triage::intake::severity;
use crate::triage::intake::table::{Row, Table, To, any, each, field, take};
use crate::triage::intake::tree::Object;

pub(super) const TABLE: Table = Table {
    source: Source::Sentinel,
    origin: "learn.microsoft.com: Sentinel, \"Incidents - Get\", \"Security alert schema\"; Azure Monitor, tables `SecurityIncident` and `SecurityAlert`",
    because: "an incident's number and title, or a `SystemAlertId` with an alert's name",
    is,
    checks: &[],
    check: any,
    product: Some("Microsoft Sentinel"),
    rows: &[
        Row::Call(&["productName", "properties.productName"], name_product),
        take(
            To::Id,
            &[
                "systemAlertId",
                "properties.systemAlertId",
                "incidentName",
                "name",
            ],
        ),
        take(
            To::Event,
            &[
                "properties.firstActivityTimeUtc",
                "properties.startTimeUtc",
                "firstActivityTime",
                "startTime",
                "properties.lastActivityTimeUtc",
                "properties.endTimeUtc",
                "lastActivityTime",
                "endTime",
            ],
        ),
        take(
            To::Observed,
            &[
                "properties.createdTimeUtc",
                "properties.timeGenerated",
                "createdTime",
                "timeGenerated",
                "properties.processingEndTime",
                "processingEndTime",
            ],
        ),
        take(
            To::Severity(severity::word),
            &["properties.severity", "severity", "alertSeverity"],
        ),
        Row::Call(
            &[
                "properties.relatedAnalyticRuleIds",
                "relatedAnalyticRuleIds",
                "alertType",
                "properties.alertType",
            ],
            rule,
        ),
        field(
            Field::RuleId,
            &[
                "alertType",
                "properties.alertType",
                "properties.title",
                "title",
                "alertName",
                "properties.alertDisplayName",
            ],
        ),
        field(
            Field::RuleName,
            &[
                "properties.title",
                "title",
                "alertName",
                "displayName",
                "properties.alertDisplayName",
            ],
        ),
        take(
            To::Words(Field::RuleCategory),
            &[
                "properties.additionalData.tactics",
                "additionalData.tactics",
                "properties.tactics",
                "tactics",
            ],
        ),
        Row::Call(TECHNIQUES, techniques),
        field(Field::Message, &["properties.description", "description"]),
        each("properties.relatedEntities", entities::OF_A_KIND),
        each("entities", entities::TYPED),
    ],
};

fn is(top: &Top<'_>) -> bool {
    let kind = top.text("type").unwrap_or_default().to_ascii_lowercase();
    let incident = top.has("properties.incidentNumber") && top.has("properties.title");
    let alert = kind.starts_with("microsoft.securityinsights/")
        && top.has("properties.systemAlertId")
        && top.has("properties.alertDisplayName");
    let incident_row = top.has("IncidentNumber") && top.has("Title");
    let alert_row = top.has("SystemAlertId") && (top.has("AlertName") || top.has("AlertSeverity"));
    incident || alert || incident_row || alert_row
}

fn name_product(document: &Object<'_>, it: &mut Gathered) {
    let names = ["productName", "properties.productName"];
    if let Some(name) = names.iter().find_map(|path| document.text(path)) {
        it.set_product(entities::product(name));
    }
}

fn rule(document: &Object<'_>, it: &mut Gathered) {
    let paths = [
        "properties.relatedAnalyticRuleIds",
        "relatedAnalyticRuleIds",
    ];
    let first = paths.iter().find_map(|path| document.text(path));
    // A row may have its list as text.
    let first = first.map(|id| id.trim_matches(['[', ']', '"', ' ']));
    it.set(Field::RuleId, first.map(file_name));
    // An alert of one of our rules has the workspace's id before the rule's.
    let types = ["alertType", "properties.alertType"];
    let own = types.iter().find_map(|path| document.text(path));
    let own = own.and_then(|own| own.split_once('_'));
    let is_id = |text: &str| text.len() == 36 && text.bytes().filter(|b| *b == b'-').count() == 4;
    let own = own.filter(|(workspace, rule)| is_id(workspace) && is_id(rule));
    it.set(Field::RuleId, own.map(|(_, rule)| rule));
}

const TECHNIQUES: &[&str] = &[
    "properties.additionalData.techniques",
    "additionalData.techniques",
    "techniques",
    "subTechniques",
    "properties.techniques",
    "properties.alerts.properties.additionalData.techniques",
];

fn techniques(document: &Object<'_>, it: &mut Gathered) {
    let all: Vec<_> = TECHNIQUES
        .iter()
        .flat_map(|path| document.texts(path))
        .collect();
    it.set(Field::RuleTechnique, Some(all.join(" ")));
}
