//! Whose alert is it? By what an operator wrote down, `owners.toml`, and by nothing else: a document
//! that says nothing of it, or something unknown, or two things, is nobody's and goes to quarantine.

use super::intake::{Document, NotWhole, Whole};
use crate::model::{Source, TenantId, Text};
use crate::written::{At, Key, Problems, Table, quoted, read};
use std::fmt;

/// Values of a path that are one tenant's.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    format: Option<Source>,
    path: String,
    value: String,
    tenant: TenantId,
}

/// Which values in documents are whose: `owners.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owners {
    rows: Vec<Row>,
    /// Each path once, with the format it is for.
    paths: Vec<(Option<Source>, String)>,
}

/// Why a document is nobody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unowned {
    /// Nothing in it says whose it is.
    Missing {
        /// The paths that were looked at.
        paths: Vec<Text>,
    },
    /// It says something that is written down for no tenant.
    Unknown {
        /// The path.
        path: Text,
        /// What stands there.
        value: Text,
    },
    /// It says that it is of two tenants, or of another one than it was delivered for.
    Contradicting {
        /// The one.
        one: TenantId,
        /// The other.
        other: TenantId,
    },
    /// It could not be read, so nobody knows.
    Unread {
        /// Why.
        reason: Text,
    },
    /// It is of a tenant that does not start.
    NotStarted {
        /// The tenant.
        tenant: TenantId,
        /// Why.
        why: Text,
    },
}

impl fmt::Display for Unowned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { paths } if paths.is_empty() => f.write_str(
                "nothing says whose it is: `owners.toml` has no line for its format; write one, or deliver it with its tenant",
            ),
            Self::Missing { paths } => {
                f.write_str("nothing in it says whose it is; looked at:")?;
                paths.iter().try_for_each(|path| write!(f, " `{path}`"))
            }
            Self::Unknown { path, value } => {
                write!(f, "`{path}` is `{value}`, which `owners.toml` gives to no tenant")
            }
            Self::Contradicting { one, other } => {
                write!(f, "it is said to be of tenant `{one}` and of tenant `{other}`")
            }
            Self::Unread { reason } => write!(f, "it cannot be read: {reason}"),
            Self::NotStarted { tenant, why } => {
                write!(f, "it is of tenant `{tenant}`, which does not start: {why}")
            }
        }
    }
}

impl std::error::Error for Unowned {}

const KEYS: &[Key] = &[("version", "version = 1"), ("owner", "[[owner]]")];
const OWNER: &[Key] = &[
    ("tenant", "tenant = \"acme\""),
    ("format", "format = \"crowdstrike\""),
    ("path", "path = \"cid\""),
    ("values", "values = [\"0123456789abcdef0123456789abcdef\"]"),
];

impl Owners {
    /// The file's name in a home.
    pub const FILE: &'static str = "owners.toml";

    /// Parses the file.
    ///
    /// # Errors
    /// Everything that is wrong with it; a value that is given to two tenants is.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        read(Self::FILE, text, KEYS, |file| {
            let version = file.version_one();
            let mut owners = Self::default();
            let tables = match file.optional("owner") {
                Some(owner) => owner.tables(OWNER)?,
                None => Vec::new(),
            };
            for table in &tables {
                owners.take(table);
            }
            version.map(|()| owners)
        })
    }

    fn take(&mut self, table: &Table<'_, '_>) -> Option<()> {
        let tenant = table
            .required("tenant")
            .and_then(|v| v.string(64))
            .and_then(|id| {
                let parsed = TenantId::parse(id.value);
                if let Err(error) = &parsed {
                    let message = format!("`{}` is no id of a tenant", quoted(id.value));
                    table
                        .sheet()
                        .problem(id.place, message, Some(error.to_string()));
                }
                parsed.ok()
            });
        let format = match table.optional("format").and_then(|v| v.string(40)) {
            None => None,
            Some(word) => {
                let found = Source::parse(word.value);
                if found.is_none() {
                    let known = Source::ALL.iter().map(|source| source.word());
                    table.sheet().unknown(&word, "format", known);
                }
                Some(found?)
            }
        };
        let path = table.required("path").and_then(|v| v.string(200))?;
        let values = table.required("values").and_then(|v| v.strings())?;
        let tenant = tenant?;
        for value in &values {
            self.add(table, format, &path, value, &tenant);
        }
        Some(())
    }

    fn add(
        &mut self,
        table: &Table<'_, '_>,
        format: Option<Source>,
        path: &At<&str>,
        value: &At<&str>,
        tenant: &TenantId,
    ) {
        let meets = |row: &&Row| {
            row.path == path.value
                && row.value == value.value
                && (row.format == format || row.format.is_none() || format.is_none())
        };
        if value.value.trim().is_empty() {
            let help = Some("write the value as documents have it".to_owned());
            table
                .sheet()
                .problem(value.place, "an empty value is nobody's".to_owned(), help);
            return;
        }
        match self.rows.iter().find(meets) {
            Some(row) if row.tenant != *tenant => {
                let message = format!(
                    "`{}` is of tenant `{}` already",
                    quoted(value.value),
                    row.tenant
                );
                let help = Some("one value can be of one tenant only".to_owned());
                table.sheet().problem(value.place, message, help);
            }
            Some(_) | None => {
                let path = path.value.to_owned();
                if !self.paths.contains(&(format, path.clone())) {
                    self.paths.push((format, path.clone()));
                }
                self.rows.push(Row {
                    format,
                    path,
                    value: value.value.to_owned(),
                    tenant: tenant.clone(),
                });
            }
        }
    }

    /// The tenants that are named, in the order of the file; one may be named several times.
    pub fn tenants(&self) -> impl Iterator<Item = &TenantId> {
        self.rows.iter().map(|row| &row.tenant)
    }

    /// The values that stand for a tenant, in the order of the file.
    pub fn values_of<'a>(&'a self, tenant: &'a TenantId) -> impl Iterator<Item = &'a str> {
        let rows = self.rows.iter().filter(move |row| row.tenant == *tenant);
        rows.map(|row| row.value.as_str())
    }

    /// Whose a document is. `delivered` is the tenant it was delivered for, where that is known: what
    /// the document and its envelopes say must agree with it. Once owners are written down, a document
    /// that cannot be read as a whole is nobody's, since nobody knows what else it says.
    ///
    /// # Errors
    /// When it is nobody's.
    pub fn owner(
        &self,
        document: &Document,
        delivered: Option<&TenantId>,
    ) -> Result<TenantId, Unowned> {
        if let (true, Some(tenant)) = (self.rows.is_empty(), delivered) {
            return Ok(tenant.clone());
        }
        let unread = |why: &dyn fmt::Display| Unowned::Unread {
            reason: Text::capped(&why.to_string(), 400),
        };
        let found = document.whole().map(|whole| self.of(&whole, delivered));
        match (found, document) {
            (Ok(Err(Unowned::Missing { .. })) | Err(_), Document::Reject(reject)) => {
                Err(unread(&reject.reason))
            }
            (Ok(found), _) => found,
            (Err(why), Document::Alert(_)) => Err(unread(&why)),
        }
    }

    fn of(&self, whole: &Whole<'_>, delivered: Option<&TenantId>) -> Result<TenantId, Unowned> {
        let mut found = delivered;
        let mut looked = Vec::new();
        for (format, path) in &self.paths {
            if !meets(*format, whole.format()) {
                continue;
            }
            looked.push(Text::capped(path, 200));
            let values = whole
                .values(path)
                .map_err(|why: NotWhole| Unowned::Unread {
                    reason: Text::capped(&format!("{why}, at `{path}`"), 400),
                })?;
            for value in values {
                for tenant in self.of_value(whole.format(), path, &value)? {
                    match found {
                        Some(other) if other != tenant => {
                            return Err(Unowned::Contradicting {
                                one: other.clone(),
                                other: tenant.clone(),
                            });
                        }
                        Some(_) => {}
                        None => found = Some(tenant),
                    }
                }
            }
        }
        found.cloned().ok_or(Unowned::Missing { paths: looked })
    }

    /// The tenants that a value stands for: at least one, and several only where it is not known as
    /// what the document was to be read.
    fn of_value(
        &self,
        format: Option<Source>,
        path: &str,
        value: &str,
    ) -> Result<Vec<&TenantId>, Unowned> {
        let is = |row: &&Row| row.path == path && row.value == value && meets(row.format, format);
        let all: Vec<_> = self.rows.iter().filter(is).map(|row| &row.tenant).collect();
        if all.is_empty() {
            return Err(Unowned::Unknown {
                path: Text::capped(path, 200),
                value: Text::capped(value, 200),
            });
        }
        Ok(all)
    }
}

/// Whether what is written down for a format, or for any, is about a document of a format, or of one
/// that is not known.
fn meets(written: Option<Source>, document: Option<Source>) -> bool {
    written.is_none() || document.is_none() || written == document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triage::intake::{From, documents};

    const FILE: &str = r#"
version = 1

[[owner]]
tenant = "acme"
format = "ocsf"
path   = "metadata.tenant_uid"
values = ["t-1", "t-2"]

[[owner]]
tenant = "globex"
format = "ocsf"
path   = "metadata.tenant_uid"
values = ["t-9"]

[[owner]]
tenant = "globex"
path   = "cloud.account.uid"
values = ["99"]

[[owner]]
tenant = "acme"
path   = "envelope.topic"
values = ["alerts-acme"]
"#;

    fn owner(inside: &str, delivered: Option<&str>) -> Result<String, String> {
        let alert = r#"{"class_uid":2004,"time":1642204800000,"metadata":{"product":{"name":"P"}@},"finding_info":{"analytic":{"uid":"A"}}#}"#;
        let (metadata, top) = inside.split_once('|').unwrap_or((inside, ""));
        let text = alert.replace('@', metadata).replace('#', top);
        let document = documents(text.as_bytes(), From::Auto)
            .next()
            .unwrap()
            .unwrap();
        assert!(matches!(document, Document::Alert(_)), "{document:?}");
        let delivered = delivered.map(|id| TenantId::parse(id).unwrap());
        let owners = Owners::parse(FILE).unwrap();
        let found = owners.owner(&document, delivered.as_ref());
        found.map(|id| id.to_string()).map_err(|e| e.to_string())
    }

    #[test]
    fn a_document_is_whose_it_says_and_nobodys_where_that_is_not_certain() {
        let uid = |uid: &str| format!(r#","tenant_uid":"{uid}""#);
        assert_eq!(owner(&uid("t-2"), None).as_deref(), Ok("acme"));
        assert_eq!(owner(&uid("t-9"), None).as_deref(), Ok("globex"));
        assert_eq!(
            owner(r#"|,"cloud":{"account":{"uid":99}}"#, None).as_deref(),
            Ok("globex")
        );
        assert_eq!(
            owner(r#"|,"cloud.account.uid":"99""#, None).as_deref(),
            Ok("globex")
        );
        for (inside, delivered, why) in [
            (
                String::new(),
                None,
                "nothing in it says whose it is; looked at: `metadata.tenant_uid`",
            ),
            (
                uid("t-3"),
                None,
                "`metadata.tenant_uid` is `t-3`, which `owners.toml` gives to no",
            ),
            (uid("T-2"), None, "`metadata.tenant_uid` is `T-2`"),
            (uid("t-3"), Some("acme"), "`metadata.tenant_uid` is `t-3`"),
            (
                uid("t-2") + r#"|,"cloud":{"account":{"uid":"99"}}"#,
                None,
                "it is said to be of tenant `acme` and of tenant `globex`",
            ),
            (
                uid("t-2"),
                Some("globex"),
                "it is said to be of tenant `globex` and of tenant `acme`",
            ),
        ] {
            let said = owner(&inside, delivered).unwrap_err();
            assert!(said.starts_with(why), "{inside}: {said}");
        }
        assert_eq!(owner("", Some("initech")).as_deref(), Ok("initech"));
        assert_eq!(owner(&uid("t-1"), Some("acme")).as_deref(), Ok("acme"));
    }

    #[test]
    fn a_key_that_stands_there_twice_decides_nothing() {
        for inside in [
            r#"|,"cloud":{"account":{"uid":"99"}},"cloud.account.uid":"1""#,
            r#"|,"cloud.account.uid":"99","cloud.account.uid":"1""#,
            r#"|,"cloud":{"account.uid":"99"},"cloud":{"account":{"uid":["1"]}}"#,
        ] {
            assert!(owner(inside, None).is_err(), "{inside}");
        }
        let nested = r#"|,"cloud":{"account.uid":["99"]}"#;
        assert_eq!(owner(nested, None).as_deref(), Ok("globex"));
    }

    #[test]
    fn a_record_that_is_no_alert_is_still_somebodys() {
        let owner = |text: &str| {
            let document = documents(text.as_bytes(), From::Auto)
                .next()
                .unwrap()
                .unwrap();
            assert!(matches!(document, Document::Reject(_)));
            Owners::parse(FILE).unwrap().owner(&document, None)
        };
        let flow = r#"{"timestamp":"2026-11-20T08:00:00Z","event_type":"flow","cloud":{"account":{"uid":"99"}}@}"#;
        let found = owner(&flow.replace('@', "")).unwrap();
        assert_eq!(found.as_str(), "globex");
        assert!(owner(&flow.replace("99", "98").replace('@', "")).is_err());
        let two = r#","metadata":{"tenant_uid":"t-1"}"#;
        assert!(owner(&flow.replace('@', two)).is_err());
        assert!(owner("{\"cloud.account.uid\":\"99\"").is_err());
    }

    #[test]
    fn a_line_says_whose_it_is_by_a_field_of_it() {
        let file = "version = 1\n[[owner]]\ntenant = \"acme\"\nformat = \"cef\"\npath = \"cs1\"\nvalues = [\"north = 1\"]\n";
        let line = "CEF:0|V|P|1|100|A name|5|start=1795212000000 cs1=north \\= 1 src=192.0.2.1\n";
        let document = documents(line.as_bytes(), From::Auto)
            .next()
            .unwrap()
            .unwrap();
        let found = Owners::parse(file).unwrap().owner(&document, None);
        assert_eq!(found.unwrap().as_str(), "acme");
    }

    #[test]
    fn an_envelope_can_say_whose_a_document_is() {
        let inner = r#"{"class_uid":2004,"time":1642204800000,"metadata":{"product":{"name":"P"}},"finding_info":{"analytic":{"uid":"A"}}}"#;
        let flat = format!(r#"{{"topic":"alerts-acme","partition":0,"value":{inner}}}"#);
        let pretty = flat.replace(',', ",\n  ");
        let in_another = format!(r#"{{"schema":{{}},"payload":{pretty}}}"#);
        for text in [flat, pretty, in_another] {
            let document = documents(text.as_bytes(), From::Auto).next();
            let owners = Owners::parse(FILE).unwrap();
            let found = owners.owner(&document.unwrap().unwrap(), None);
            assert_eq!(found.unwrap().as_str(), "acme", "{text}");
        }
    }

    #[test]
    fn a_file_that_gives_one_value_to_two_tenants_does_not_hold() {
        let twice = FILE.replace("values = [\"t-9\"]", "values = [\"t-9\", \"t-1\"]");
        let said = Owners::parse(&twice).unwrap_err().to_string();
        assert!(said.contains("`t-1` is of tenant `acme` already"), "{said}");
        let any = FILE.replace(
            "path   = \"cloud.account.uid\"\nvalues = [\"99\"]",
            "path = \"metadata.tenant_uid\"\nvalues = [\"t-1\"]",
        );
        assert!(Owners::parse(&any).is_err());
        for (from, to, what) in [
            ("\"ocsf\"", "\"ocfs\"", "ocfs"),
            ("\"acme\"", "\"Acme Corp\"", "no id of a tenant"),
            ("\"t-9\"", "\"\"", "an empty value"),
            ("path   = \"cloud", "paht = \"cloud", "paht"),
        ] {
            let said = Owners::parse(&FILE.replacen(from, to, 1))
                .unwrap_err()
                .to_string();
            assert!(said.contains(what), "{said}");
        }
        assert_eq!(Owners::parse("version = 1\n").unwrap(), Owners::default());
    }
}
