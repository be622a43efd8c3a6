use super::Import;
use crate::model::Text;
use std::collections::HashMap;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentEntityType, ComponentFuncTypeId,
    ComponentValType,
};
use wasmparser::types::TypesRef;

/// An import or an export of a component, exactly: its name, its types and its functions, written as
/// in WIT.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Interface {
    /// Its name, with the version.
    pub name: Text,
    /// What an import of this name is to the host.
    pub is: Import,
    /// Its types, in its order.
    pub types: Vec<Text>,
    /// Its functions, in its order.
    pub functions: Vec<Text>,
    /// Whether it has more than is written down here: more than 64 KiB of text.
    pub shortened: bool,
}

/// Types by the name that an interface gave them.
#[derive(Default)]
pub(super) struct Naming {
    names: HashMap<ComponentAnyTypeId, String>,
    /// Text that has been written, of all interfaces.
    spent: usize,
}

/// Bytes of one interface that are written.
const INTERFACE_BYTES: usize = 64 << 10;
/// Bytes of all interfaces together.
const ALL_BYTES: usize = 1 << 20;
/// Bytes of one line.
const LINE_BYTES: usize = 8 << 10;
/// How deep a type is followed.
const DEPTH: usize = 32;
const NAME_BYTES: usize = 200;

impl Interface {
    pub(super) fn of(
        name: &str,
        entity: Option<&ComponentEntityType>,
        types: TypesRef<'_>,
        naming: &mut Naming,
    ) -> Self {
        let mut interface = Self {
            name: Text::capped(name, NAME_BYTES),
            is: Import::of(name),
            types: Vec::new(),
            functions: Vec::new(),
            shortened: false,
        };
        let Some(entity) = entity else {
            return interface;
        };
        let Some(instance) = instance_of(entity).and_then(|id| types.get(id)) else {
            interface.item(None, entity, types, naming);
            return interface;
        };
        let mut left = INTERFACE_BYTES.min(ALL_BYTES.saturating_sub(naming.spent));
        for (inner, item) in &instance.exports {
            let before = interface.written();
            interface.item(Some(inner), &item.ty, types, naming);
            if let ComponentEntityType::Type { created, .. } = &item.ty {
                naming.names.insert(*created, inner.clone());
            }
            let spent = interface.written() - before;
            naming.spent += spent;
            left = left.saturating_sub(spent);
            if left == 0 {
                interface.shortened = true;
                break;
            }
        }
        interface
    }

    fn written(&self) -> usize {
        let all = self.types.iter().chain(&self.functions);
        all.map(|line| line.as_str().len() + 1).sum()
    }

    /// Writes one thing of it down; by its name, where it is not the whole import itself.
    fn item(
        &mut self,
        name: Option<&str>,
        entity: &ComponentEntityType,
        types: TypesRef<'_>,
        naming: &Naming,
    ) {
        let mut line = Line {
            types,
            naming,
            text: String::new(),
        };
        let called = |line: &mut Line<'_>| {
            if let Some(name) = name {
                line.push(Text::capped(name, NAME_BYTES).as_str());
                line.push(": ");
            }
        };
        let is_type = match entity {
            ComponentEntityType::Type { referenced, .. } => {
                line.definition(name.unwrap_or_default(), *referenced);
                true
            }
            ComponentEntityType::Func(id) => {
                called(&mut line);
                line.function(*id);
                false
            }
            ComponentEntityType::Module(_) => {
                called(&mut line);
                line.push("core module");
                false
            }
            ComponentEntityType::Value(ty) => {
                called(&mut line);
                line.push("value ");
                line.value(ty, DEPTH);
                false
            }
            ComponentEntityType::Instance(_) => {
                called(&mut line);
                line.push("instance");
                false
            }
            ComponentEntityType::Component(_) => {
                called(&mut line);
                line.push("component");
                false
            }
        };
        let text = Text::capped(&line.text, LINE_BYTES + 200);
        match is_type {
            true => self.types.push(text),
            false => self.functions.push(text),
        }
    }
}

fn instance_of(
    entity: &ComponentEntityType,
) -> Option<wasmparser::component_types::ComponentInstanceTypeId> {
    match entity {
        ComponentEntityType::Instance(id) => Some(*id),
        ComponentEntityType::Module(_)
        | ComponentEntityType::Func(_)
        | ComponentEntityType::Value(_)
        | ComponentEntityType::Type { .. }
        | ComponentEntityType::Component(_) => None,
    }
}

/// One line of an interface while it is written. Types can be nested into each other so that they are
/// exponentially long when written out, so what is over the bound is left away.
struct Line<'a> {
    types: TypesRef<'a>,
    naming: &'a Naming,
    text: String,
}

impl Line<'_> {
    fn is_full(&self) -> bool {
        self.text.len() >= LINE_BYTES
    }

    fn push(&mut self, text: &str) {
        if self.is_full() {
            return;
        }
        self.text.push_str(text);
        if self.is_full() {
            self.text.push('…');
        }
    }

    fn definition(&mut self, name: &str, referenced: ComponentAnyTypeId) {
        let name = Text::capped(name, NAME_BYTES);
        let name = name.as_str();
        if let Some(known) = self.naming.names.get(&referenced) {
            let known = Text::capped(known, NAME_BYTES);
            let same = known.as_str() == name;
            return self.push(&match same {
                true => format!("use {name}"),
                false => format!("type {name} = {known}"),
            });
        }
        match referenced {
            ComponentAnyTypeId::Resource(_) => self.push(&format!("resource {name}")),
            ComponentAnyTypeId::Func(id) => {
                self.push(&format!("type {name} = "));
                self.function(id);
            }
            ComponentAnyTypeId::Instance(_) => self.push(&format!("type {name} = instance")),
            ComponentAnyTypeId::Component(_) => self.push(&format!("type {name} = component")),
            ComponentAnyTypeId::Defined(id) => {
                let Some(ty) = self.types.get(id) else {
                    return;
                };
                match ty {
                    ComponentDefinedType::Record(_)
                    | ComponentDefinedType::Variant(_)
                    | ComponentDefinedType::Flags(_)
                    | ComponentDefinedType::Enum(_) => self.defined(ty, Some(name), DEPTH),
                    ComponentDefinedType::Primitive(_)
                    | ComponentDefinedType::List { .. }
                    | ComponentDefinedType::Map { .. }
                    | ComponentDefinedType::FixedLengthList { .. }
                    | ComponentDefinedType::Tuple(_)
                    | ComponentDefinedType::Option { .. }
                    | ComponentDefinedType::Result { .. }
                    | ComponentDefinedType::Own(_)
                    | ComponentDefinedType::Borrow(_)
                    | ComponentDefinedType::Future { .. }
                    | ComponentDefinedType::Stream { .. } => {
                        self.push(&format!("type {name} = "));
                        self.defined(ty, None, DEPTH);
                    }
                }
            }
        }
    }

    fn function(&mut self, id: ComponentFuncTypeId) {
        let Some(function) = self.types.get(id) else {
            return;
        };
        self.push(if function.async_ {
            "async func("
        } else {
            "func("
        });
        let params = function.params.iter();
        self.each(params, |line, (name, ty)| {
            line.push(&format!("{name}: "));
            line.value(ty, DEPTH);
        });
        self.push(")");
        if let Some(result) = &function.result {
            self.push(" -> ");
            self.value(result, DEPTH);
        }
    }

    fn value(&mut self, ty: &ComponentValType, depth: usize) {
        if self.is_full() {
            return;
        }
        match ty {
            ComponentValType::Primitive(primitive) => self.push(&primitive.to_string()),
            ComponentValType::Type(id) => {
                match self.naming.names.get(&ComponentAnyTypeId::Defined(*id)) {
                    Some(name) => self.push(Text::capped(name, NAME_BYTES).as_str()),
                    None => {
                        if let Some(ty) = self.types.get(*id) {
                            self.defined(ty, None, depth);
                        }
                    }
                }
            }
        }
    }

    fn each<T>(&mut self, items: impl Iterator<Item = T>, one: impl Fn(&mut Self, T)) {
        for (at, item) in items.enumerate() {
            if self.is_full() {
                return;
            }
            if at > 0 {
                self.push(", ");
            }
            one(self, item);
        }
    }

    fn defined(&mut self, ty: &ComponentDefinedType, name: Option<&str>, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else {
            return self.push("…");
        };
        let named = |word: &str| match name {
            Some(name) => format!("{word} {name} {{ "),
            None => format!("{word} {{ "),
        };
        let maybe = |line: &mut Self, ty: &Option<ComponentValType>| match ty {
            Some(ty) => line.value(ty, depth),
            None => line.push("_"),
        };
        match ty {
            ComponentDefinedType::Primitive(primitive) => self.push(&primitive.to_string()),
            ComponentDefinedType::Record(record) => {
                self.push(&named("record"));
                self.each(record.fields.iter(), |line, (name, ty)| {
                    line.push(&format!("{name}: "));
                    line.value(ty, depth);
                });
                self.push(" }");
            }
            ComponentDefinedType::Variant(variant) => {
                self.push(&named("variant"));
                self.each(variant.cases.iter(), |line, (name, case)| {
                    line.push(name);
                    if let Some(ty) = &case.ty {
                        line.push("(");
                        line.value(ty, depth);
                        line.push(")");
                    }
                });
                self.push(" }");
            }
            ComponentDefinedType::Flags(names) => {
                self.push(&named("flags"));
                self.each(names.iter(), |line, name| line.push(name));
                self.push(" }");
            }
            ComponentDefinedType::Enum(names) => {
                self.push(&named("enum"));
                self.each(names.iter(), |line, name| line.push(name));
                self.push(" }");
            }
            ComponentDefinedType::List { element, .. } => {
                self.push("list<");
                self.value(element, depth);
                self.push(">");
            }
            ComponentDefinedType::FixedLengthList {
                element, length, ..
            } => {
                self.push("list<");
                self.value(element, depth);
                self.push(&format!(", {length}>"));
            }
            ComponentDefinedType::Map { key, value, .. } => {
                self.push("map<");
                self.value(key, depth);
                self.push(", ");
                self.value(value, depth);
                self.push(">");
            }
            ComponentDefinedType::Tuple(tuple) => {
                self.push("tuple<");
                self.each(tuple.types.iter(), |line, ty| line.value(ty, depth));
                self.push(">");
            }
            ComponentDefinedType::Option { ty, .. } => {
                self.push("option<");
                self.value(ty, depth);
                self.push(">");
            }
            ComponentDefinedType::Result { ok, err, .. } => {
                self.push("result<");
                maybe(self, ok);
                self.push(", ");
                maybe(self, err);
                self.push(">");
            }
            ComponentDefinedType::Own(id) => self.resource("own", *id),
            ComponentDefinedType::Borrow(id) => self.resource("borrow", *id),
            ComponentDefinedType::Future { ty, .. } => {
                self.push("future<");
                maybe(self, ty);
                self.push(">");
            }
            ComponentDefinedType::Stream { ty, .. } => {
                self.push("stream<");
                maybe(self, ty);
                self.push(">");
            }
        }
    }

    fn resource(&mut self, word: &str, id: wasmparser::component_types::AliasableResourceId) {
        let known = self.naming.names.get(&ComponentAnyTypeId::Resource(id));
        let name = known.map_or("resource", String::as_str);
        self.push(&format!("{word}<{}>", Text::capped(name, NAME_BYTES)));
    }
}
