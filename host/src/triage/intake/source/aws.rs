//! What GuardDuty's findings and Security Hub's have in common: the action that was seen.

use crate::model::{Field, ObservableKind};
use crate::triage::intake::gathered::Gathered;
use crate::triage::intake::table::{Row, To, each, field, take};
use crate::triage::intake::tree::Object;

/// Rows of an `action`. The remote side of a call is where it came from.
pub(super) const ACTION: &[Row] = &[
    each(
        "networkConnectionAction",
        &[Row::Call(
            &[
                "connectionDirection",
                "localIpDetails.ipAddressV4",
                "localIpDetails.ipAddressV6",
                "localPortDetails.port",
                "remoteIpDetails.ipAddressV4",
                "remoteIpDetails.ipAddressV6",
                "remotePortDetails.port",
                "protocol",
            ],
            connection,
        )],
    ),
    each("awsApiCallAction", CALL),
    field(
        Field::Domain,
        &[
            "awsApiCallAction.domainDetails.domain",
            "dnsRequestAction.domain",
        ],
    ),
    field(Field::Protocol, &["dnsRequestAction.protocol"]),
    each("kubernetesApiCallAction", CALL),
    field(Field::SourceIp, &["kubernetesApiCallAction.sourceIPs"]),
    each("rdsLoginAttemptAction", CALL),
    each(
        "portProbeAction.portProbeDetails",
        &[
            field(Field::SourceIp, REMOTE),
            field(Field::DestinationIp, LOCAL),
            field(Field::DestinationPort, &["localPortDetails.port"]),
            take(To::Seen(ObservableKind::Ip), REMOTE),
        ],
    ),
];

const REMOTE: &[&str] = &["remoteIpDetails.ipAddressV4", "remoteIpDetails.ipAddressV6"];
const LOCAL: &[&str] = &["localIpDetails.ipAddressV4", "localIpDetails.ipAddressV6"];

const CALL: &[Row] = &[
    field(Field::SourceIp, REMOTE),
    take(To::Seen(ObservableKind::Ip), REMOTE),
];

/// The finding type of GuardDuty's where Security Hub or OCSF carries it: behind the last slash of
/// `TTPs/Discovery/Recon:EC2-PortProbeUnprotectedPort`. A type has its purpose and a colon.
pub(super) fn finding_type(types: Option<&str>) -> Option<&str> {
    let (_, kind) = types?.rsplit_once('/')?;
    kind.contains(':').then_some(kind)
}

/// Where a connection's direction is not known, who began it is not either: its remote address is
/// something seen, and no more.
fn connection(action: &Object<'_>, it: &mut Gathered) {
    let first = |paths: &[&str]| paths.iter().find_map(|path| action.text(path));
    let (local, remote) = (first(LOCAL), first(REMOTE));
    let ports = (
        action.text("localPortDetails.port"),
        action.text("remotePortDetails.port"),
    );
    let direction = action.text("connectionDirection").unwrap_or_default();
    let (from, to) = match direction.to_ascii_uppercase().as_str() {
        "INBOUND" => ((remote, ports.1), (local, ports.0)),
        "OUTBOUND" => ((local, ports.0), (remote, ports.1)),
        _ => ((None, None), (None, None)),
    };
    it.set(Field::SourceIp, from.0);
    it.set(Field::SourcePort, from.1);
    it.set(Field::DestinationIp, to.0);
    it.set(Field::DestinationPort, to.1);
    it.set(Field::Protocol, action.text("protocol"));
    for ip in [remote, local].into_iter().flatten() {
        it.list(ObservableKind::Ip, ip);
    }
}
