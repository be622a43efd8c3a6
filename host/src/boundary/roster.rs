use super::review::words;
use super::signed;
use crate::model::Text;
use crate::written::{At, Key, Place, Problems, Sheet, Table, quoted, read};
use ssh_key::PublicKey;
use std::fmt;

words! {
    /// What a person may do.
    Role {
        /// Grants modules and sets boundaries.
        Operator "operator",
        /// Reviews and signs.
        Analyst "analyst",
        /// Reads and verifies.
        Auditor "auditor",
    }
}

/// One person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    id: Text,
    name: Text,
    roles: Vec<Role>,
    keys: Vec<PublicKey>,
}

impl Person {
    /// The id, for example `first.last@mssp.example`.
    pub fn id(&self) -> &str {
        self.id.as_str()
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Whether the person has the role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// The roles; never empty.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// The OpenSSH keys that the person signs with, each a line as `authorized_keys` has it.
    pub fn key_lines(&self) -> Vec<String> {
        let lines = self.keys.iter().map(PublicKey::to_openssh);
        lines.filter_map(Result::ok).collect()
    }

    /// The OpenSSH keys that the person signs with; may be empty.
    pub(super) fn keys(&self) -> &[PublicKey] {
        &self.keys
    }
}

/// The people of a home: `roster.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    people: Vec<Person>,
}

const KEYS: &[Key] = &[("version", "version = 1"), ("people", "[[people]]")];
const PERSON: &[Key] = &[
    ("id", "id = \"first.last@mssp.example\""),
    ("name", "name = \"First Last\""),
    ("roles", "roles = [\"analyst\"]"),
    ("keys", "keys = [\"ssh-ed25519 AAAA…\"]"),
];

impl Roster {
    /// The file's name in a home.
    pub const FILE: &'static str = "roster.toml";

    /// Parses the file.
    ///
    /// # Errors
    /// Everything that is wrong with it; an id that is there twice (compared without case) is.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        read(Self::FILE, text, KEYS, |file| {
            let version = file.version_one();
            let mut seen: Vec<(String, Place)> = Vec::new();
            let mut people: Vec<Person> = Vec::new();
            for table in file.required("people")?.tables(PERSON)? {
                let id = id(&table);
                if let Some(id) = &id {
                    let folded = id.value.to_lowercase();
                    if let Some((_, first)) = seen.iter().find(|(id, _)| *id == folded) {
                        let message = format!("`{}` is in the roster twice", quoted(id.value));
                        let help = format!("line {} has it already", first.line);
                        file.sheet().problem(id.place, message, Some(help));
                    }
                    seen.push((folded, id.place));
                }
                people.extend(person(&table, id, &people));
            }
            version.map(|()| Self { people })
        })
    }

    /// The person of that id.
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.people.iter().find(|p| p.id() == id)
    }

    /// All of them, in the order of the file.
    pub fn people(&self) -> &[Person] {
        &self.people
    }
}

fn id<'a>(table: &Table<'a, '_>) -> Option<At<&'a str>> {
    let id = table.required("id")?.string(254)?;
    if is_person(id.value) {
        return Some(id);
    }
    let help = "write `first.last@mssp.example`, a person and not a role".to_owned();
    let message = format!("`{}` is no id of a person", quoted(id.value));
    table.sheet().problem(id.place, message, Some(help));
    None
}

fn person(table: &Table<'_, '_>, id: Option<At<&str>>, before: &[Person]) -> Option<Person> {
    let name = table.required("name").and_then(|v| v.string(200));
    let roles = table.required("roles").and_then(|v| {
        let words = v.strings()?;
        if words.is_empty() {
            v.wrong("is empty", Some("write `roles = [\"analyst\"]`".to_owned()));
        }
        let mut roles = Vec::new();
        for word in &words {
            match Role::parse(word.value) {
                Some(role) => roles.push(role),
                None => {
                    let known = Role::ALL.iter().map(|r| r.word());
                    table.sheet().unknown(word, "role", known);
                }
            }
        }
        Some(roles)
    });
    let keys = match table.optional("keys") {
        None => Some(Vec::new()),
        Some(value) => value.strings().map(|lines| {
            let keys = lines
                .iter()
                .filter_map(|line| key(table.sheet(), line, before));
            keys.collect()
        }),
    };
    Some(Person {
        id: Text::capped(id?.value, 254),
        name: Text::capped(name?.value, 200),
        roles: roles?,
        keys: keys?,
    })
}

/// A public key as OpenSSH writes it: one line of a `.pub` file. Whose a signature is must be beyond
/// doubt, so a key is one person's.
fn key(sheet: &Sheet<'_>, line: &At<&str>, before: &[Person]) -> Option<PublicKey> {
    let wrong =
        |message: &str, help: String| sheet.problem(line.place, message.to_owned(), Some(help));
    let Ok(key) = PublicKey::from_openssh(line.value) else {
        let help = "write the line of a `.pub` file: `ssh-ed25519 AAAA…`".to_owned();
        wrong("is no public key of OpenSSH", help);
        return None;
    };
    if !signed::can_verify(&key) {
        let help = "make one with `ssh-keygen -t ed25519`, `-t ed25519-sk` or `-t ecdsa -b 256`";
        let message = format!(
            "a key of type `{}` is not taken",
            quoted(key.algorithm().as_str())
        );
        wrong(&message, help.to_owned());
        return None;
    }
    let holds = |person: &&Person| person.keys.iter().any(|k| k.key_data() == key.key_data());
    if let Some(other) = before.iter().find(holds) {
        let help = "each person signs with a key of their own".to_owned();
        wrong(&format!("this key is that of `{}`", other.id), help);
        return None;
    }
    Some(key)
}

/// Whether the text has the form of a person's id: visible ASCII with one `@` inside it.
pub(crate) fn is_person(id: &str) -> bool {
    let mut parts = id.split('@');
    let two = (parts.next(), parts.next(), parts.next());
    matches!(two, (Some(a), Some(b), None) if !a.is_empty() && !b.is_empty())
        && id.bytes().all(|b| b.is_ascii_graphic())
        && id.len() <= 254
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roster_names_people_and_their_roles() {
        let roster = Roster::parse(
            "version = 1\n[[people]]\nid = \"ada.l@mssp.example\"\nname = \"Ada\"\nroles = [\"operator\", \"analyst\"]\n",
        )
        .unwrap();
        let ada = roster.person("ada.l@mssp.example").unwrap();
        assert!(ada.is(Role::Operator) && ada.is(Role::Analyst) && !ada.is(Role::Auditor));
        assert!(roster.person("bob@mssp.example").is_none());
    }

    #[test]
    fn a_role_is_no_person() {
        for bad in ["soc", "@x", "x@", "a@b@c", "a b@c", "ä@b", ""] {
            assert!(!is_person(bad), "{bad}");
        }
        assert!(is_person("a@b"));
    }
}
