//! The field list that boundaries and manifests refer to, told.

use super::{Boundary, HostNames, Roster};
use crate::model::{Field, Instant, TenantId};

/// A field of the list.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldLine {
    /// Its name in boundary files and manifests.
    pub name: &'static str,
    /// The names that stand for it and others; may be none.
    pub groups: Vec<&'static str>,
    /// What it holds.
    pub meaning: &'static str,
    /// Whether the boundary file of a new tenant shows it to modules.
    pub shown_by_template: bool,
}

/// The field list of version [`Field::LIST_VERSION`], in its order.
pub fn field_list() -> Vec<FieldLine> {
    let shown = by_template();
    let line = |field: &Field| {
        let groups = Field::GROUPS.into_iter().filter(|group| {
            let named = Field::named(group);
            named.is_some_and(|fields| fields.contains(*field))
        });
        FieldLine {
            name: field.name(),
            groups: groups.collect(),
            meaning: field.meaning(),
            shown_by_template: shown.contains(*field),
        }
    };
    Field::ALL.iter().map(line).collect()
}

/// What modules see by the file that a new tenant gets, read as any other.
fn by_template() -> crate::model::FieldSet {
    const PERSON: &str = "a@b";
    let roster = "version = 1\n[[people]]\nid = \"a@b\"\nname = \"A\"\nroles = [\"operator\"]\n";
    let text = Boundary::template(PERSON, &[]);
    let read = || {
        let roster = Roster::parse(roster).ok()?;
        let tenant = TenantId::parse("t").ok()?;
        Boundary::parse(&tenant, &text, &roster, &HostNames::none()).ok()
    };
    read().map_or_else(Default::default, |boundary| {
        boundary.visible_fields(Instant::from_millis(0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_tells_each_field_with_its_groups_and_what_the_template_does() {
        let list = field_list();
        assert_eq!(list.len(), Field::ALL.len());
        let of = |name| list.iter().find(|line| line.name == name).unwrap();
        assert_eq!(of("source.ip").groups, ["source", "network"]);
        assert_eq!(of("protocol").groups, ["network"]);
        assert!(of("url").groups.is_empty() && of("url").shown_by_template);
        assert!(!of("message").shown_by_template);
        assert_eq!(of("host.name").meaning, "The machine the alert is about.");
    }
}
