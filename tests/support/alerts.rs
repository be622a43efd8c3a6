use super::bench::NOW;
use serde_json::{Value, json};

/// An alert as an OCSF Detection Finding, one line of input.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) id: String,
    pub(crate) rule: String,
    pub(crate) title: String,
    pub(crate) host: String,
    pub(crate) user: String,
    pub(crate) source: String,
    pub(crate) message: String,
    /// Minutes before now.
    pub(crate) ago: i64,
}

impl Finding {
    /// An alert of a rule on a machine.
    pub(crate) fn new(id: &str, rule: &str, host: &str) -> Self {
        Self {
            id: id.to_owned(),
            rule: rule.to_owned(),
            title: format!("title of {rule}"),
            host: host.to_owned(),
            user: String::new(),
            source: String::new(),
            message: String::new(),
            ago: 60,
        }
    }

    /// The first alert of a batch asks a hostile module for a misdeed by its title.
    pub(crate) fn misdeed(mut self, misdeed: &str) -> Self {
        self.title = format!("misdeed:{misdeed}");
        self
    }

    pub(crate) fn ago(mut self, minutes: i64) -> Self {
        self.ago = minutes;
        self
    }

    pub(crate) fn value(&self) -> Value {
        let mut finding = json!({
            "class_uid": 2004,
            "severity_id": 3,
            "time": NOW.millis() - self.ago * 60_000,
            "metadata": { "version": "1.1.0", "product": { "name": "Test Sensor" } },
            "finding_info": {
                "uid": self.id,
                "title": self.title,
                "analytic": { "uid": self.rule },
            },
            "device": { "hostname": self.host },
        });
        if !self.user.is_empty() {
            finding["actor"] = json!({ "user": { "name": self.user } });
        }
        if !self.source.is_empty() {
            finding["src_endpoint"] = json!({ "ip": self.source });
        }
        if !self.message.is_empty() {
            finding["message"] = json!(self.message);
        }
        finding
    }
}

/// An input of these alerts, one a line.
pub(crate) fn ndjson<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<u8> {
    let lines = findings.into_iter().map(|f| format!("{}\n", f.value()));
    lines.collect::<String>().into_bytes()
}
