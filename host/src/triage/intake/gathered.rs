//! An alert's values as a table finds them: what is set first stays, and each is typed once, the same
//! way for every source.

use super::observables::{
    MOST_OBSERVABLES, address, best_hash, domain, file_name, kind_of, most_bytes, observable,
    techniques, typed, url_host,
};
use super::reason::Reason;
use super::table::To;
use super::time;
use crate::model::{Field, Instant, Observable, ObservableKind as Kind, Severity, Text};

/// The most bytes kept of a source's own id and of a product's name.
const NAME_BYTES: usize = 512;

/// What one document says, as it is found.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) product: Option<Text>,
    pub(super) id: Option<Text>,
    /// The time, and whether its zone was written.
    pub(super) event: Option<(Instant, bool)>,
    pub(super) observed: Option<(Instant, bool)>,
    /// Why a time that is a help only could not be read.
    pub(super) unread: Option<Reason>,
    pub(super) severity: Option<Severity>,
    pub(super) severity_text: Option<Text>,
    fields: Vec<(Field, Text)>,
    listed: Vec<Observable>,
    /// Where each value came from; kept only where somebody asks.
    pub(super) took: Option<Vec<Took>>,
}

/// A value that was taken.
pub(super) struct Took {
    pub(super) what: String,
    pub(super) path: String,
}

impl Gathered {
    /// One that keeps where each value came from.
    pub(super) fn traced() -> Self {
        Self {
            took: Some(Vec::new()),
            ..Self::default()
        }
    }

    /// Whether there is nothing left to take as that.
    pub(super) fn is_full(&self, to: To) -> bool {
        match to {
            To::Product => self.product.is_some(),
            To::Id => self.id.is_some(),
            To::Event => self.event.is_some(),
            To::Observed => self.observed.is_some(),
            To::Severity(_) => self.severity.is_some(),
            To::SeverityText => self.severity_text.is_some(),
            To::Field(field) | To::Words(field) | To::FileName(field) | To::Endpoint(field, _) => {
                self.has(field)
            }
            To::Seen(_) => false,
        }
    }

    /// Takes a text, if it can be taken as that; whether there is nothing left to take.
    pub(super) fn take(
        &mut self,
        to: To,
        text: &str,
        path: &'static str,
        below: &[&'static str],
    ) -> bool {
        let before = self.mark();
        match to {
            To::Product => self.product = Some(Text::capped(text, NAME_BYTES)),
            To::Id => self.id = Some(Text::capped(text, NAME_BYTES)),
            // A value that a source writes for "not set" must not hide the next time there is.
            To::Event => match time::read(path, text) {
                Ok(time) => self.event = Some(time),
                Err(reason) => {
                    self.unread.get_or_insert(reason);
                }
            },
            // Beside the event's time it is a help only; unreadable, it stays in the bytes.
            To::Observed => match time::read(path, text) {
                Ok(found) => self.observed = Some(found),
                Err(reason) => {
                    self.unread.get_or_insert(reason);
                }
            },
            To::Severity(read) => {
                self.severity = Some(read(text));
                self.severity_text
                    .get_or_insert_with(|| Text::capped(text, 80));
            }
            To::SeverityText => self.severity_text = Some(Text::capped(text, 80)),
            To::Field(field) | To::Words(field) => self.set(field, Some(text)),
            To::FileName(field) => self.set(field, Some(file_name(text))),
            To::Endpoint(ip, port) => self.set_endpoint(ip, port, Some(text)),
            To::Seen(kind) => self.list(kind, text),
        }
        self.trace(before, &|| joined(below, path), name(to));
        self.is_full(to)
    }

    /// Sets a field to several texts.
    pub(super) fn words(
        &mut self,
        field: Field,
        texts: &[(&'static str, &str)],
        path: &'static str,
        below: &[&'static str],
    ) {
        let before = self.mark();
        let mut all: Vec<&str> = Vec::new();
        for (_, text) in texts.iter().take(32) {
            if !all.contains(text) {
                all.push(text);
            }
        }
        self.set(field, Some(all.join(" ")));
        self.trace(before, &|| joined(below, path), field.name());
    }

    /// How much there is; to be handed to [`Self::trace`].
    pub(super) fn mark(&self) -> (usize, usize) {
        (self.fields.len(), self.listed.len())
    }

    /// Keeps where what is new came from, where somebody asks.
    pub(super) fn trace(
        &mut self,
        (fields, listed): (usize, usize),
        path: &dyn Fn() -> String,
        other: &'static str,
    ) {
        let Some(took) = &mut self.took else { return };
        let path = path();
        let mut push = |what: String| {
            let path = path.clone();
            took.push(Took { what, path });
        };
        let (new_fields, new_listed) = (self.fields.get(fields..), self.listed.get(listed..));
        for (field, _) in new_fields.unwrap_or_default() {
            push(field.name().to_owned());
        }
        for one in new_listed.unwrap_or_default() {
            push(format!("observable {}", one.kind.word()));
        }
        if other.starts_with(char::is_uppercase) {
            push(other.to_lowercase());
        }
    }

    /// Sets a field, unless it is set already or there is no text. An address, a port, a domain, a hash and
    /// techniques are taken in their bare form, a hash in lower case, and not at all where the text is
    /// none.
    pub(super) fn set(&mut self, field: Field, text: Option<impl AsRef<str>>) {
        let Some(text) = text else { return };
        let text = text.as_ref().trim_ascii();
        let techniques = (field == Field::RuleTechnique).then(|| techniques(text));
        let text = techniques.as_deref().unwrap_or(text);
        let bare = match kind_of(field) {
            Some(Kind::Ip) => address(text).map(|(ip, _)| ip),
            Some(Kind::Domain) => address(text).is_none().then(|| domain(text)).flatten(),
            Some(Kind::Hash) => best_hash(text),
            Some(Kind::User | Kind::Host | Kind::Process | Kind::Url) | None => Some(text),
        };
        // Port 0 is how sources write that there is none.
        let no_port = matches!(field, Field::SourcePort | Field::DestinationPort)
            && text.parse::<u16>().unwrap_or_default() == 0;
        if let Some(bare) = bare
            && !bare.is_empty()
            && !no_port
            && !self.has(field)
        {
            let lower;
            let bare = if kind_of(field) == Some(Kind::Hash) {
                lower = bare.to_ascii_lowercase();
                &lower
            } else {
                bare
            };
            self.fields
                .push((field, Text::capped(bare, most_bytes(field))));
        }
    }

    /// Sets an address and, where it stands behind it, its port.
    pub(super) fn set_endpoint(&mut self, ip: Field, port: Field, text: Option<impl AsRef<str>>) {
        if let Some(text) = text {
            self.set(ip, Some(text.as_ref()));
            self.set(port, address(text.as_ref()).and_then(|(_, port)| port));
        }
    }

    /// Sets the product's name.
    pub(super) fn set_product(&mut self, name: &str) {
        self.product
            .get_or_insert_with(|| Text::capped(name, NAME_BYTES));
    }

    /// Sets the source's own id.
    pub(super) fn set_id(&mut self, id: &str) {
        self.id.get_or_insert_with(|| Text::capped(id, NAME_BYTES));
    }

    pub(super) fn has(&self, field: Field) -> bool {
        self.fields.iter().any(|(f, _)| *f == field)
    }

    /// What is no field, and whether it is set.
    pub(super) fn has_of_its_own(&self) -> [(&'static str, bool); 3] {
        [
            (name(To::Product), self.product.is_some()),
            (name(To::Id), self.id.is_some()),
            (name(To::Event), self.event.is_some()),
        ]
    }

    /// Adds a value of the source's own list of observables.
    pub(super) fn list(&mut self, kind: Kind, value: &str) {
        if self.listed.len() < MOST_OBSERVABLES
            && let Some(found) = observable(kind, value)
        {
            self.listed.push(found);
        }
    }

    /// The fields in the order of the list, and the observables.
    pub(super) fn finish(mut self) -> (Vec<(Field, Text)>, Vec<Observable>) {
        let url = self.fields.iter().find(|(f, _)| *f == Field::Url);
        if let Some(host) = url.and_then(|(_, url)| url_host(url.as_str()).map(str::to_owned)) {
            self.set(Field::Domain, Some(host));
        }
        self.fields.sort_unstable_by_key(|(field, _)| *field);
        let mut observables: Vec<Observable> = Vec::with_capacity(8);
        let of_fields = self.fields.iter().filter_map(|(field, text)| {
            let kind = match kind_of(*field)? {
                // The field took only what is such a value.
                kind @ (Kind::Ip | Kind::Domain | Kind::Hash | Kind::User | Kind::Process) => kind,
                kind @ (Kind::Host | Kind::Url) => typed(kind, text.as_str())?.0,
            };
            Some(Observable {
                kind,
                value: text.clone(),
                field: Some(*field),
            })
        });
        for one in of_fields.chain(self.listed) {
            let same = |o: &Observable| o.kind == one.kind && o.value == one.value;
            if observables.len() < MOST_OBSERVABLES && !observables.iter().any(same) {
                observables.push(one);
            }
        }
        (self.fields, observables)
    }
}

/// A path from the top, given the paths it is below.
pub(super) fn joined(below: &[&'static str], path: &str) -> String {
    let mut all: Vec<&str> = below.to_vec();
    all.push(path);
    all.retain(|step| !step.is_empty());
    all.join(".")
}

/// What a value is that is no field of its own. Upper case: it is told in a trace.
const fn name(to: To) -> &'static str {
    match to {
        To::Product => "Product",
        To::Id => "Id",
        To::Event => "Time",
        To::Observed => "Observed",
        To::Severity(_) => "Severity",
        To::SeverityText => "Severity as written",
        To::Field(_) | To::Words(_) | To::FileName(_) | To::Endpoint(..) | To::Seen(_) => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observable_stands_once_and_first_where_a_field_has_it() {
        let mut g = Gathered::default();
        g.list(Kind::Ip, "10.0.0.1");
        g.list(Kind::Ip, "10.0.0.2");
        g.set(Field::Url, Some("https://u@evil.example:8443/x?y"));
        g.set_endpoint(Field::SourceIp, Field::SourcePort, Some("10.0.0.1:99"));
        let (fields, observables) = g.finish();
        let fields: Vec<_> = fields.iter().map(|(f, t)| (f.name(), t.as_str())).collect();
        assert_eq!(
            fields,
            [
                ("source.ip", "10.0.0.1"),
                ("source.port", "99"),
                ("url", "https://u@evil.example:8443/x?y"),
                ("domain", "evil.example"),
            ]
        );
        let seen: Vec<_> = observables
            .iter()
            .map(|o| (o.kind, o.value.as_str(), o.field))
            .collect();
        assert_eq!(
            seen,
            [
                (Kind::Ip, "10.0.0.1", Some(Field::SourceIp)),
                (
                    Kind::Url,
                    "https://u@evil.example:8443/x?y",
                    Some(Field::Url)
                ),
                (Kind::Domain, "evil.example", Some(Field::Domain)),
                (Kind::Ip, "10.0.0.2", None),
            ]
        );
    }

    #[test]
    fn techniques_are_found_in_what_is_around_them() {
        let mut g = Gathered::default();
        let text =
            r#"["Process Discovery (T1057)","T1059.001 - PowerShell", "T1057", "T12", "AT1057"]"#;
        g.set(Field::RuleTechnique, Some(text));
        let (fields, _) = g.finish();
        assert_eq!(
            fields.first().map(|(_, t)| t.as_str()),
            Some("T1057 T1059.001")
        );
    }

    #[test]
    fn a_flood_of_observables_is_bounded() {
        let mut g = Gathered::default();
        for n in 0..100_000 {
            g.list(Kind::User, &format!("u{n}"));
        }
        assert_eq!(g.finish().1.len(), MOST_OBSERVABLES);
    }
}
