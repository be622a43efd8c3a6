//! A document as a tree of what a table of fields names, borrowed from the document's bytes. What no
//! table names is passed over, so a document costs what is read of it, not what it holds.
//!
//! A key with dots and objects in objects are the same path: `{"a.b":1}` and `{"a":{"b":1}}`, since
//! pipelines turn one into the other. What is not of the form a path wants counts as absent: a strange
//! optional value must not cost an alert. A value that is read and stands there twice is an error,
//! since two readers could take different ones.

use super::json::{first_byte, text};
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Elements of one array that are looked into.
pub(super) const MOST_ELEMENTS: usize = 256;

/// The steps of a path such as `process.file.name`; a step with dots of its own is quoted:
/// `evidence."@odata.type"`. Arrays need no step: every element is meant.
pub(super) fn steps(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(path);
    std::iter::from_fn(move || {
        let left = rest?;
        let (step, more) = match left.strip_prefix('"').and_then(|q| q.split_once('"')) {
            Some((step, more)) => (step, more.strip_prefix('.')),
            None => match left.split_once('.') {
                Some((step, more)) => (step, Some(more)),
                None => (left, None),
            },
        };
        rest = more;
        Some(step)
    })
}

/// The paths a table names, as a tree.
#[derive(Debug, Default)]
pub(super) struct Names {
    leaf: bool,
    /// Whether the case of a key's letters does not matter, and text that is an object or an array
    /// is read as that.
    loose: bool,
    below: Vec<(&'static str, Names)>,
}

impl Names {
    /// For a source of which one and the same key comes in several cases, and objects come as text.
    pub(super) fn loose() -> Self {
        Self {
            loose: true,
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, path: impl Iterator<Item = &'static str>) {
        let mut at = self;
        for step in path {
            let found = at.below.iter().position(|(name, _)| *name == step);
            let index = found.unwrap_or_else(|| {
                let below = Self {
                    loose: at.loose,
                    ..Self::default()
                };
                at.below.push((step, below));
                at.below.len() - 1
            });
            let Some((_, next)) = at.below.get_mut(index) else {
                return;
            };
            at = next;
        }
        at.leaf = true;
    }

    fn step(&self, key: &str) -> Option<(&'static str, &Self)> {
        let is = |name: &str| name == key || (self.loose && name.eq_ignore_ascii_case(key));
        let found = self.below.iter().find(|(name, _)| is(name));
        found.map(|(name, next)| (*name, next))
    }

    /// Whether a path leads on to one of them.
    pub(super) fn leads_on<'p>(&self, path: impl Iterator<Item = &'p str>) -> bool {
        let mut at = self;
        for step in path {
            match at.step(step) {
                Some((_, next)) => at = next,
                None => return false,
            }
        }
        at.loose && !at.below.is_empty()
    }

    /// Whether no two names differ in the case of their letters only: where it does not matter, the
    /// second would never be found.
    #[cfg(test)]
    pub(super) fn spelled_once(&self) -> bool {
        self.below.iter().enumerate().all(|(n, (name, below))| {
            let rest = self.below.iter().skip(n + 1);
            let mut rest = rest.map(|(other, _)| other);
            !rest.any(|other| name.eq_ignore_ascii_case(other)) && below.spelled_once()
        })
    }

    /// Where a key leads: one step, or several where it has dots.
    fn find(&self, key: &str) -> Option<(Way, &Self)> {
        if let Some((name, next)) = self.step(key) {
            return Some((Way::Step(name), next));
        }
        let (first, _) = key.split_once('.')?;
        self.step(first)?;
        let (mut way, mut at) = (Vec::new(), self);
        for step in key.split('.') {
            let (name, next) = at.step(step)?;
            way.push(name);
            at = next;
        }
        Some((Way::Dotted(way), at))
    }

    /// Whether a path is one of them, or leads to one.
    pub(super) fn knows<'p>(&self, mut path: impl Iterator<Item = &'p str>) -> bool {
        let mut at = self;
        path.all(|step| match at.step(step) {
            Some((_, next)) => {
                at = next;
                true
            }
            None => false,
        }) && at.leaf
    }
}

enum Way {
    Step(&'static str),
    Dotted(Vec<&'static str>),
}

/// A value that is read.
#[derive(Debug)]
pub(super) enum Node<'a> {
    /// A string, a number as it was written, or a boolean; never empty.
    Text(Cow<'a, str>),
    /// The elements of an array that are values or objects.
    List(Vec<Node<'a>>),
    /// An object.
    Object(Object<'a>),
}

/// An object's members that are named.
#[derive(Debug, Default)]
pub(super) struct Object<'a>(Vec<(&'static str, Node<'a>)>);

impl<'a> Object<'a> {
    /// What is named of the members of a document's top.
    ///
    /// # Errors
    /// When a value that is read occurs twice.
    pub(super) fn read<'t>(
        top: impl Iterator<Item = (&'t str, &'a RawValue)>,
        names: &Names,
    ) -> serde_json::Result<Self> {
        let mut object = Self::default();
        let mut seen = Vec::new();
        for (key, value) in top {
            if let Some((way, below)) = names.find(key) {
                object.take(&way, value, below, &mut seen)?;
            }
        }
        Ok(object)
    }

    /// What is named of the fields of a line of text.
    ///
    /// # Errors
    /// When a value that is read occurs twice.
    pub(super) fn of_text(
        fields: impl Iterator<Item = (&'a str, Cow<'a, str>)>,
        names: &Names,
    ) -> serde_json::Result<Self> {
        let mut object = Self::default();
        for (key, value) in fields {
            if let Some((name, below)) = names.step(key)
                && below.leaf
                && !value.trim_ascii().is_empty()
            {
                object.put(name, Node::Text(value))?;
            }
        }
        Ok(object)
    }

    fn take(
        &mut self,
        way: &Way,
        value: &'a RawValue,
        below: &Names,
        seen: &mut Vec<&'static str>,
    ) -> serde_json::Result<()> {
        if let Way::Step(name) = way {
            if seen.contains(name) {
                return Err(twice(name));
            }
            seen.push(name);
        }
        let Some(node) = Node::read(value, below)? else {
            return Ok(());
        };
        match way {
            Way::Step(name) => self.put(name, node),
            Way::Dotted(steps) => {
                let mut node = node;
                let mut first = None;
                for (n, step) in steps.iter().enumerate().rev() {
                    if n == 0 {
                        first = Some(*step);
                    } else {
                        node = Node::Object(Object(vec![(*step, node)]));
                    }
                }
                first.map_or(Ok(()), |name| self.put(name, node))
            }
        }
    }

    /// Adds a member; an object joins the one that is there.
    fn put(&mut self, name: &'static str, node: Node<'a>) -> serde_json::Result<()> {
        let there = self.0.iter_mut().find(|(n, _)| *n == name);
        match (there, node) {
            (None, node) => self.0.push((name, node)),
            (Some((_, Node::Object(there))), Node::Object(more)) => {
                for (name, node) in more.0 {
                    there.put(name, node)?;
                }
            }
            (Some(_), _) => return Err(twice(name)),
        }
        Ok(())
    }

    fn get(&self, step: &str) -> Option<&Node<'a>> {
        let found = self.0.iter().find(|(name, _)| *name == step);
        found.map(|(_, node)| node)
    }

    /// Every value a path leads to, in order; whoever takes them says when it is enough.
    pub(super) fn visit<'n>(
        &'n self,
        path: &[&str],
        take: &mut dyn FnMut(&'n Node<'a>) -> bool,
    ) -> bool {
        match path {
            [] => false,
            [step, rest @ ..] => self.get(step).is_some_and(|node| node.visit(rest, take)),
        }
    }

    /// The first text a path leads to.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        let steps: Vec<_> = steps(path).collect();
        let mut found = None;
        self.visit(&steps, &mut |node| {
            if let Node::Text(text) = node {
                found = Some(text.as_ref());
            }
            found.is_some()
        });
        found
    }

    /// Every text a path leads to.
    pub(super) fn texts(&self, path: &str) -> Vec<&str> {
        let steps: Vec<_> = steps(path).collect();
        let mut found = Vec::new();
        self.visit(&steps, &mut |node| {
            if let Node::Text(text) = node {
                found.push(text.as_ref());
            }
            false
        });
        found
    }

    /// Every object a path leads to.
    pub(super) fn objects(&self, path: &str) -> Vec<&Self> {
        let steps: Vec<_> = steps(path).collect();
        let mut found = Vec::new();
        self.visit(&steps, &mut |node| {
            if let Node::Object(object) = node {
                found.push(object);
            }
            false
        });
        found
    }
}

impl<'a> Node<'a> {
    fn visit<'n>(&'n self, path: &[&str], take: &mut dyn FnMut(&'n Self) -> bool) -> bool {
        match self {
            Self::List(all) => all.iter().any(|one| one.visit(path, take)),
            Self::Object(object) if !path.is_empty() => object.visit(path, take),
            Self::Text(_) | Self::Object(_) => path.is_empty() && take(self),
        }
    }

    /// What stands in a text that is an object or an array, else the text itself.
    fn in_text(value: &'a RawValue, names: &Names) -> serde_json::Result<Option<Self>> {
        let Some(text) = text(Some(value)) else {
            return Ok(None);
        };
        if text.trim_ascii_start().starts_with(['{', '['])
            && let Ok(inner) = serde_json::from_str::<&RawValue>(&text)
        {
            return Ok(Node::read(inner, names)?.map(Node::owned));
        }
        Ok(names.leaf.then_some(Self::Text(text)))
    }

    fn owned<'o>(self) -> Node<'o> {
        match self {
            Self::Text(text) => Node::Text(Cow::Owned(text.into_owned())),
            Self::List(all) => Node::List(all.into_iter().map(Node::owned).collect()),
            Self::Object(Object(members)) => {
                let members = members.into_iter().map(|(name, node)| (name, node.owned()));
                Node::Object(Object(members.collect()))
            }
        }
    }

    fn read(value: &'a RawValue, names: &Names) -> serde_json::Result<Option<Self>> {
        Ok(match first_byte(value) {
            b'{' if names.below.is_empty() => None,
            b'{' => {
                let mut reader = serde_json::Deserializer::from_str(value.get());
                Some(Self::Object(Members(names).deserialize(&mut reader)?))
            }
            b'[' => {
                let mut reader = serde_json::Deserializer::from_str(value.get());
                Some(Self::List(Elements(names).deserialize(&mut reader)?))
            }
            b'n' => None,
            b'"' if names.loose && !names.below.is_empty() => Self::in_text(value, names)?,
            _ if names.leaf => text(Some(value)).map(Self::Text),
            _ => None,
        })
    }
}

fn twice(name: &str) -> serde_json::Error {
    serde_json::Error::custom(format_args!("duplicate field `{name}`"))
}

struct Members<'n>(&'n Names);

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = Object<'de>;
    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Object<'de>, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Object<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut object = Object::default();
        let mut seen = Vec::new();
        while let Some(found) = map.next_key_seed(Key(self.0))? {
            match found {
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
                Some((way, below)) => object
                    .take(&way, map.next_value()?, below, &mut seen)
                    .map_err(A::Error::custom)?,
            }
        }
        Ok(object)
    }
}

struct Key<'n>(&'n Names);

impl<'de, 'n> DeserializeSeed<'de> for Key<'n> {
    type Value = Option<(Way, &'n Names)>;
    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'n> Visitor<'_> for Key<'n> {
    type Value = Option<(Way, &'n Names)>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.find(key))
    }
}

struct Elements<'n>(&'n Names);

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = Vec<Node<'de>>;
    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = Vec<Node<'de>>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while all.len() < MOST_ELEMENTS {
            let Some(element) = seq.next_element::<&RawValue>()? else {
                return Ok(all);
            };
            // An array in an array is nothing any table names.
            if first_byte(element) != b'[' {
                all.extend(Node::read(element, self.0).map_err(A::Error::custom)?);
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, paths: &[&'static str]) -> Result<String, String> {
        let mut names = Names::default();
        for path in paths {
            names.add(steps(path));
        }
        let top = super::super::detect::Top::parse(json).map_err(|e| e.to_string())?;
        let object = Object::read(top.entries(), &names).map_err(|e| e.to_string())?;
        let mut out = Vec::new();
        for path in paths {
            let path: Vec<_> = steps(path).collect();
            object.visit(&path, &mut |node| {
                if let Node::Text(text) = node {
                    out.push(text.to_string());
                }
                false
            });
        }
        Ok(out.join(" "))
    }

    #[test]
    fn dots_and_nesting_are_the_same_path() {
        let paths = ["a.b.c", "a.d", "x.\"@odata.type\""];
        for json in [
            r#"{"a":{"b":{"c":1},"d":"two"},"x":[{"@odata.type":"t"},{"@odata.type":"u"}]}"#,
            r#"{"a.b.c":1,"a.d":"two","x":[{"@odata.type":"t"},{"@odata.type":"u"}]}"#,
            r#"{"a.b":{"c":1},"a":{"d":"two"},"x":[[],7,{"@odata.type":"t"},{"@odata.type":"u"}]}"#,
        ] {
            assert_eq!(read(json, &paths).as_deref(), Ok("1 two t u"), "{json}");
        }
    }

    #[test]
    fn a_value_that_is_read_twice_is_an_error_however_it_is_written() {
        for json in [
            r#"{"a":1,"a":2}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":{"b":1},"a.b":2}"#,
            r#"{"a":{"b":1},"a":{"c":2}}"#,
            r#"{"x":{"a":1,"a":2}}"#,
        ] {
            let found = read(json, &["a", "a.b", "x.a"]);
            assert!(
                found.is_err_and(|e| e.contains("duplicate field `")),
                "{json}"
            );
        }
        assert_eq!(read(r#"{"z":1,"z":2,"a":3}"#, &["a"]).as_deref(), Ok("3"));
    }

    #[test]
    fn what_is_of_another_form_counts_as_absent() {
        for json in [
            r#"{"a":{"b":1}}"#,
            r#"{"a":null}"#,
            r#"{"a":[]}"#,
            r#"{"a":""}"#,
            r#"{"a":"-"}"#,
        ] {
            assert_eq!(read(json, &["a"]).as_deref(), Ok(""), "{json}");
        }
        assert_eq!(read(r#"{"a":7}"#, &["a.b"]).as_deref(), Ok(""));
    }
}
