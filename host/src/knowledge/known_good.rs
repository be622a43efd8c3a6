use super::Usable;
use crate::model::{Field, Instant, Record, Text};
use crate::written::{Key, Problems, Sheet, Table, Value, quoted, reported};

/// Bytes of a value that are compared.
const VALUE_BYTES: usize = 4_096;
/// Characters that `begins-with` needs, so that it doesn't hold for almost everything.
const PREFIX_CHARS: usize = 4;

/// How a condition compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The whole value, with case.
    Equals,
    /// The beginning of the value, with case.
    BeginsWith,
}

/// One condition of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The field it looks at.
    pub field: Field,
    /// How it compares.
    pub compare: Comparison,
    /// What it compares with; never empty.
    pub value: Text,
}

impl Condition {
    /// Whether it holds for a value; for none it does not.
    pub fn holds(&self, value: Option<&str>) -> bool {
        let Some(value) = value else {
            return false;
        };
        match self.compare {
            Comparison::Equals => value == self.value.as_str(),
            Comparison::BeginsWith => value.starts_with(self.value.as_str()),
        }
    }
}

/// One fact: alerts of a rule that meet its conditions are normal here, as a person says.
///
/// It is made from a file only, so one that exists has at least one condition that narrows it to
/// less than its whole rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    line: u32,
    id: Text,
    rule: Text,
    owner: Text,
    reason: Text,
    expires: Instant,
    conditions: Vec<Condition>,
}

impl Fact {
    /// The line of the file it begins on, from 1.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Its name in the file.
    pub fn id(&self) -> &Text {
        &self.id
    }

    /// The detector's id whose alerts it speaks of.
    pub fn rule(&self) -> &Text {
        &self.rule
    }

    /// The person who answers for it.
    pub fn owner(&self) -> &Text {
        &self.owner
    }

    /// Why it is normal.
    pub fn reason(&self) -> &Text {
        &self.reason
    }

    /// From then on it holds no more. A date is its first instant in UTC.
    pub fn expires(&self) -> Instant {
        self.expires
    }

    /// All must hold; never empty. First the rule's id, then those of the file.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// As a citation of it has it.
    pub(crate) fn record(&self) -> Record {
        let record = Record::of("fact")
            .text(self.id.as_str())
            .count(self.conditions.len());
        let conditions = self.conditions.iter().fold(record, |record, condition| {
            let compare = match condition.compare {
                Comparison::Equals => "equals",
                Comparison::BeginsWith => "begins-with",
            };
            record
                .text(condition.field.name())
                .text(compare)
                .text(condition.value.as_str())
        });
        conditions
            .text(self.owner.as_str())
            .text(self.reason.as_str())
            .integer(self.expires.millis())
    }

    /// Whether it holds for the alert whose fields `get` gives, at that time. The host compares every
    /// claim of a module with this.
    pub fn holds_for<'a>(&self, get: impl Fn(Field) -> Option<&'a str>, as_of: Instant) -> bool {
        as_of < self.expires && self.conditions_hold(get)
    }

    /// The same, whether it has expired or not.
    pub fn conditions_hold<'a>(&self, get: impl Fn(Field) -> Option<&'a str>) -> bool {
        self.conditions.iter().all(|c| c.holds(get(c.field)))
    }
}

/// A tenant's facts: `knowledge/known-good.toml`. A missing file is the same as
/// [`KnownGood::default`].
#[derive(Clone, Debug, Default)]
pub struct KnownGood {
    facts: Vec<Fact>,
}

const KEYS: &[Key] = &[("version", "version = 1"), ("facts", "[[facts]]")];
const FACT: &[Key] = &[
    ("id", "id = \"nightly-backup\""),
    ("rule", "rule = \"the detector's id\""),
    ("owner", "owner = \"First Last\""),
    ("reason", "reason = \"why it is normal\""),
    ("expires", "expires = 2027-03-31"),
    ("when", "[[facts.when]]"),
];
const WHEN: &[Key] = &[
    ("field", "field = \"host.name\""),
    ("equals", "equals = \"backup-01\""),
    ("begins-with", "begins-with = \"backup-\""),
];

impl KnownGood {
    /// The file's name in a tenant's `knowledge` folder.
    pub const FILE: &'static str = "known-good.toml";
    /// A file to begin with: no fact, and how one is written.
    pub const TEMPLATE: &'static str = r#"# What is normal for this tenant. A fact needs an owner, a reason and an end.
version = 1

# None is written yet. Each would be:
#
# [[facts]]
# id = "backup-window"
# rule = "BKP-12"                # the detector's id
# when = [{ field = "host.name", equals = "srv-bkp-1" }]   # or begins-with; all must hold
# owner = "first.last@client.example"
# reason = "nightly backup, change 4711"
# expires = 2027-03-31
"#;

    /// Parses the file.
    ///
    /// # Errors
    /// Everything that is missing or wrong, at once. A fact that would make a whole rule known good
    /// is: it needs a condition on something else than the product, the severity and the rule.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        let usable = Self::usable(text);
        match usable.problems {
            Some(problems) => Err(problems),
            None => Ok(usable.value.unwrap_or_default()),
        }
    }

    /// Parses the file and leaves out what is wrong. A fact counts if nothing is wrong from its first
    /// line to the next fact: a condition that is lost to a typo would make it cover more. Without its
    /// version nothing of the file can be used.
    pub fn usable(text: &str) -> Usable<Self> {
        let whole = Self::all_at_once(text);
        if toml::de::DeTable::parse(text).is_ok() {
            return whole;
        }
        // What the parser makes of the rest of a file that is no TOML can put a condition of one fact
        // into another. So each fact is read alone.
        let (head, each) = super::alone::entries(text, "[[facts]]");
        let mut facts: Vec<Fact> = Vec::new();
        for alone in each {
            let alone = Self::all_at_once(&format!("version = 1\n{alone}"));
            if alone.problems.is_none() {
                facts.extend(alone.value.into_iter().flat_map(|one| one.facts));
            }
        }
        let twice = |fact: &Fact| facts.iter().filter(|other| other.id == fact.id).count() > 1;
        let facts = facts.iter().filter(|fact| !twice(fact)).cloned().collect();
        let is_ours = Self::all_at_once(head).problems.is_none();
        let value = is_ours.then_some(Self { facts });
        Usable { value, ..whole }
    }

    fn all_at_once(text: &str) -> Usable<Self> {
        let (read, report) = reported(Self::FILE, text, KEYS, |file| {
            let version = file.version_one();
            let tables = match file.optional("facts") {
                None => Vec::new(),
                Some(value) => value.tables(FACT)?,
            };
            let mut facts: Vec<(u32, Option<Fact>)> = Vec::new();
            let mut lines = std::collections::HashMap::new();
            for table in &tables {
                let id = words(table, "id", 100);
                if let Some(id) = &id {
                    let line = table.place().line;
                    if let Some(first) = lines.insert(id.clone(), line) {
                        let message = format!("fact `{}` is there twice", quoted(id.as_str()));
                        let help = format!("line {first} has it already");
                        file.sheet().problem(table.place(), message, Some(help));
                    }
                }
                facts.push((table.place().line, fact(table, id)));
            }
            version.map(|()| facts)
        });
        let value = read.map(|facts| {
            let ends = facts.iter().skip(1).map(|(line, _)| *line);
            let ends: Vec<u32> = ends.chain([u32::MAX]).collect();
            let sound = |(begin, end): (u32, u32)| {
                !report.is_wrong_within(begin..end.max(begin.saturating_add(1)))
            };
            let facts = facts.into_iter().zip(ends);
            let kept =
                facts.filter_map(|((begin, fact), end)| fact.filter(|_| sound((begin, end))));
            Self {
                facts: kept.collect(),
            }
        });
        let (value, problems) = report.ended(value);
        Usable { value, problems }
    }

    /// The facts that name the rule, expired ones too, in the file's order.
    pub fn facts_for(&self, rule: &str) -> impl Iterator<Item = &Fact> {
        self.facts.iter().filter(move |f| f.rule.as_str() == rule)
    }

    /// All facts, in the file's order.
    pub fn iter(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter()
    }
}

fn words(table: &Table<'_, '_>, key: &'static str, max_bytes: usize) -> Option<Text> {
    let value = table.required(key)?;
    // Ten times, so that nothing is cut where much of it has to be made visible.
    Some(Text::capped(value.string(max_bytes)?.value, max_bytes * 10))
}

fn fact(table: &Table<'_, '_>, id: Option<Text>) -> Option<Fact> {
    let rule = words(table, "rule", 400);
    let (owner, reason) = (words(table, "owner", 200), words(table, "reason", 1_000));
    let expires = table.required("expires").and_then(|v| v.instant());
    let written = table
        .required("when")
        .and_then(|v| conditions(table.sheet(), &v));
    let (rule, mut written) = (rule?, written?);
    let mut conditions = vec![Condition {
        field: Field::RuleId,
        compare: Comparison::Equals,
        value: rule.clone(),
    }];
    conditions.append(&mut written);
    Some(Fact {
        line: table.place().line,
        id: id?,
        rule,
        owner: owner?,
        reason: reason?,
        expires: expires?.0.value,
        conditions,
    })
}

fn conditions(sheet: &Sheet<'_>, value: &Value<'_, '_>) -> Option<Vec<Condition>> {
    let tables = value.tables(WHEN)?;
    let read: Option<Vec<Condition>> = {
        let each: Vec<Option<Condition>> = tables.iter().map(|t| condition(sheet, t)).collect();
        each.into_iter().collect()
    };
    let read = read?;
    if !read.iter().any(|c| narrows(c.field)) {
        let help = "add a condition on what is normal about it, for example on `host.name`";
        value.wrong(
            "would make the whole rule known good",
            Some(help.to_owned()),
        );
        return None;
    }
    Some(read)
}

fn condition(sheet: &Sheet<'_>, table: &Table<'_, '_>) -> Option<Condition> {
    let field = table.required("field").and_then(|v| field(sheet, &v));
    let equals = table.optional("equals");
    let begins = table.optional("begins-with");
    let (compare, value) = match (equals, begins) {
        (Some(value), None) => (Comparison::Equals, value),
        (None, Some(value)) => (Comparison::BeginsWith, value),
        (Some(_), Some(_)) => {
            let message = "a condition has `equals` and `begins-with`".to_owned();
            let help = "write two conditions".to_owned();
            sheet.problem(table.place(), message, Some(help));
            return None;
        }
        (None, None) => {
            let message = "a condition has neither `equals` nor `begins-with`".to_owned();
            sheet.problem(table.place(), message, None);
            return None;
        }
    };
    let text = value.string(VALUE_BYTES)?.value;
    if compare == Comparison::BeginsWith && text.chars().count() < PREFIX_CHARS {
        let message = format!("is shorter than {PREFIX_CHARS} characters");
        value.wrong(&message, None);
        return None;
    }
    Some(Condition {
        field: field?,
        compare,
        // As alerts are taken in: what a terminal would obey is visible in both.
        value: Text::capped(text, VALUE_BYTES * 10),
    })
}

fn field(sheet: &Sheet<'_>, value: &Value<'_, '_>) -> Option<Field> {
    let word = value.string(100)?;
    match Field::parse(word.value) {
        Some(Field::RuleId) => {
            let help = "take the condition out".to_owned();
            value.wrong("is `rule.id`, which `rule` says already", Some(help));
            None
        }
        Some(Field::Observables) => {
            let help = "name the field that holds the value".to_owned();
            value.wrong("is `observables`, which is no single value", Some(help));
            None
        }
        Some(field) => Some(field),
        None => {
            if Field::named(word.value).is_some() {
                let message = format!("is `{}`, a group of fields", quoted(word.value));
                value.wrong(&message, Some("name one field".to_owned()));
            } else {
                let known = Field::ALL.iter().map(|f| f.name());
                sheet.unknown(&word, "field", known);
            }
            None
        }
    }
}

/// Whether a condition on the field narrows a fact to less than its rule: what the detector says of
/// itself is the same for all its alerts.
fn narrows(field: Field) -> bool {
    match field {
        Field::Product
        | Field::Severity
        | Field::RuleId
        | Field::RuleName
        | Field::RuleCategory
        | Field::RuleTechnique => false,
        Field::HostName
        | Field::HostIp
        | Field::UserName
        | Field::ProcessName
        | Field::ProcessPath
        | Field::ProcessHash
        | Field::ProcessCommandLine
        | Field::ProcessParent
        | Field::SourceIp
        | Field::SourcePort
        | Field::DestinationIp
        | Field::DestinationPort
        | Field::Protocol
        | Field::Url
        | Field::Domain
        | Field::FilePath
        | Field::FileHash
        | Field::Message
        | Field::Observables => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: &str = r#"version = 1
[[facts]]
id = "backup"
rule = "r-1"
owner = "Ada"
reason = "nightly backup"
expires = 2027-03-31
[[facts.when]]
field = "host.name"
equals = "backup-01"
[[facts.when]]
field = "process.path"
begins-with = "/opt/backup/"
"#;

    fn alert(host: &'static str, path: &'static str) -> impl Fn(Field) -> Option<&'static str> {
        let fields = [
            (Field::RuleId, "r-1"),
            (Field::HostName, host),
            (Field::ProcessPath, path),
        ];
        move |field| fields.iter().find(|(f, _)| *f == field).map(|(_, v)| *v)
    }

    #[test]
    fn a_fact_holds_where_all_its_conditions_do_and_until_it_expires() {
        let facts = KnownGood::parse(FACTS).unwrap();
        let fact = facts.facts_for("r-1").next().unwrap();
        let end = Instant::parse("2027-03-31").unwrap();
        let before = Instant::from_millis(end.millis() - 1);
        let good = || alert("backup-01", "/opt/backup/run");
        assert!(fact.holds_for(good(), before));
        assert!(!fact.holds_for(good(), end));
        assert!(fact.conditions_hold(good()));
        for (host, path) in [
            ("backup-02", "/opt/backup/run"),
            ("Backup-01", "/opt/backup/run"),
            ("backup-01", "/tmp/opt/backup/run"),
        ] {
            assert!(!fact.conditions_hold(alert(host, path)), "{host} {path}");
        }
        let other_rule = |field| match good()(field) {
            Some("r-1") => Some("r-2"),
            other => other,
        };
        assert!(!fact.conditions_hold(other_rule));
        assert!(!fact.conditions_hold(|_| None));
        assert_eq!(facts.facts_for("r-2").count(), 0);
    }

    #[test]
    fn a_file_without_facts_is_complete() {
        assert_eq!(KnownGood::parse("version = 1\n").unwrap().iter().count(), 0);
    }

    #[test]
    fn a_fact_with_a_typo_is_left_out_and_the_others_apply() {
        let second = FACTS
            .replace("version = 1\n", "")
            .replace("\"backup\"", "\"second\"");
        let ids = |text: &str| -> Vec<String> {
            let usable = KnownGood::usable(text);
            assert!(usable.problems.is_some(), "{text}");
            let facts = usable.value.unwrap_or_default();
            facts.iter().map(|fact| fact.id().to_string()).collect()
        };
        for (right, typo) in [
            ("begins-with =", "begin-with ="),
            (
                "[[facts.when]]\nfield = \"process.path\"",
                "[[facts.when]\nfield = \"process.path\"",
            ),
            ("field = \"process.path\"", "field = \"process.paht\""),
            ("expires = 2027-03-31", "expires = 2027-13-31"),
            ("owner = \"Ada\"", "owner = \"Ada"),
        ] {
            let wrong = FACTS.replace(right, typo);
            assert_ne!(wrong, FACTS);
            assert_eq!(ids(&format!("{wrong}{second}")), ["second"], "{typo}");
        }
        // A typo in the second leaves the first.
        let wrong = second.replace("owner", "onwer");
        assert_eq!(ids(&format!("{FACTS}{wrong}")), ["backup"]);
    }

    #[test]
    fn nothing_of_a_file_without_its_version_is_used() {
        let text = FACTS.replace("version = 1", "version = 2");
        let usable = KnownGood::usable(&text);
        assert!(usable.value.is_none() && usable.problems.is_some());
    }

    #[test]
    fn every_wrong_fact_is_explained_as_its_fixture_says() {
        crate::written::fixtures::each("known-good", |text| KnownGood::parse(text).err());
    }
}
