//! What a component comes to once every component inside it is instantiated as often as it is asked
//! for. A few bytes can ask for a great deal: each level that instantiates the one below twice doubles
//! it. The engine compiles what is counted here, so this is counted first.

use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentTypeRef, Instance, Parser, Payload,
};

/// How much is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Effective {
    /// Instances of components and of core modules.
    pub(super) instances: u64,
    /// Functions of all instances of core modules.
    pub(super) functions: u64,
    /// The bytes of their code.
    pub(super) code_bytes: u64,
}

impl Effective {
    /// What is compiled at most. The largest module that ships has a hundredth of each.
    pub(super) const MOST: Self = Self {
        instances: 1_000,
        functions: 400_000,
        code_bytes: 32 << 20,
    };

    fn add(&mut self, other: Self) {
        self.instances = self.instances.saturating_add(other.instances);
        self.functions = self.functions.saturating_add(other.functions);
        self.code_bytes = self.code_bytes.saturating_add(other.code_bytes);
    }

    /// Says what of it is more than is compiled.
    fn over(&self) -> Option<String> {
        let most = Self::MOST;
        [
            ("instances", self.instances, most.instances),
            ("functions", self.functions, most.functions),
            ("bytes of code", self.code_bytes, most.code_bytes),
        ]
        .into_iter()
        .find(|(_, has, most)| has > most)
        .map(|(what, has, most)| {
            format!(
                "instantiated as it asks for, it has {has} {what}, and at most {most} are compiled"
            )
        })
    }
}

/// One component or core module while it is read: what it defines, and what instantiating it comes to.
#[derive(Default)]
struct Level {
    components: Vec<Effective>,
    modules: Vec<Effective>,
    total: Effective,
    is_module: bool,
}

impl Level {
    fn new(is_module: bool) -> Self {
        let total = Effective {
            instances: 1,
            ..Effective::default()
        };
        Self {
            total,
            is_module,
            ..Self::default()
        }
    }
}

/// Why a component is not compiled, where its instances come to too much. Bytes that are no component
/// are left to whoever validates them.
pub(crate) fn too_much(bytes: &[u8]) -> Option<String> {
    match count(bytes) {
        Ok(Some(effective)) => effective.over(),
        Ok(None) => None,
        Err(why) => Some(why.to_owned()),
    }
}

/// Counts; none where the bytes cannot be read to their end.
pub(super) fn count(bytes: &[u8]) -> Result<Option<Effective>, &'static str> {
    let mut levels: Vec<Level> = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        let Ok(payload) = payload else {
            return Ok(None);
        };
        match note(&mut levels, payload) {
            Ok(None) => {}
            Ok(Some(whole)) => return Ok(Some(whole)),
            Err(NotCounted::Unreadable) => return Ok(None),
            Err(NotCounted::HandedAround) => {
                return Err(
                    "it hands components or core modules from one component to another, so what it \
                     comes to cannot be counted: define them where they are instantiated",
                );
            }
        }
    }
    Ok(None)
}

enum NotCounted {
    /// It is no valid component.
    Unreadable,
    /// What is instantiated is decided by somebody else than who defines it.
    HandedAround,
}

impl From<wasmparser::BinaryReaderError> for NotCounted {
    fn from(_: wasmparser::BinaryReaderError) -> Self {
        Self::Unreadable
    }
}

/// Takes one part of the bytes in; gives the whole's count at its end.
fn note(levels: &mut Vec<Level>, payload: Payload<'_>) -> Result<Option<Effective>, NotCounted> {
    if let Payload::Version { encoding, .. } = &payload {
        levels.push(Level::new(*encoding == wasmparser::Encoding::Module));
        return Ok(None);
    }
    if let Payload::End(_) = &payload {
        let ended = levels.pop().ok_or(NotCounted::Unreadable)?;
        let Some(outer) = levels.last_mut() else {
            return Ok(Some(ended.total));
        };
        let defined = match ended.is_module {
            true => &mut outer.modules,
            false => &mut outer.components,
        };
        defined.push(ended.total);
        return Ok(None);
    }
    if let Payload::ComponentAliasSection(section) = payload {
        for alias in section {
            alias_of(levels, &alias?)?;
        }
        return Ok(None);
    }
    let level = levels.last_mut().ok_or(NotCounted::Unreadable)?;
    if let Payload::CodeSectionStart { count, size, .. } = payload {
        level.total.add(Effective {
            instances: 0,
            functions: count.into(),
            code_bytes: size.into(),
        });
    } else if let Payload::InstanceSection(section) = payload {
        for instance in section {
            if let Instance::Instantiate { module_index, .. } = instance? {
                let module = at(&level.modules, module_index)?;
                level.total.add(module);
            }
        }
    } else if let Payload::ComponentInstanceSection(section) = payload {
        for instance in section {
            if let ComponentInstance::Instantiate {
                component_index, ..
            } = instance?
            {
                let component = at(&level.components, component_index)?;
                level.total.add(component);
            }
        }
    } else if let Payload::ComponentImportSection(section) = payload {
        for import in section {
            if let ComponentTypeRef::Module(_) | ComponentTypeRef::Component(_) = import?.ty {
                return Err(NotCounted::HandedAround);
            }
        }
    } else if let Payload::ComponentExportSection(section) = payload {
        for export in section {
            let export = export?;
            // An export is also a new index for what it exports.
            match export.kind {
                ComponentExternalKind::Module => {
                    let module = at(&level.modules, export.index)?;
                    level.modules.push(module);
                }
                ComponentExternalKind::Component => {
                    let component = at(&level.components, export.index)?;
                    level.components.push(component);
                }
                ComponentExternalKind::Func
                | ComponentExternalKind::Value
                | ComponentExternalKind::Type
                | ComponentExternalKind::Instance => {}
            }
        }
    }
    Ok(None)
}

fn alias_of(levels: &mut [Level], alias: &ComponentAlias<'_>) -> Result<(), NotCounted> {
    match alias {
        ComponentAlias::InstanceExport { kind, .. } => match kind {
            ComponentExternalKind::Module | ComponentExternalKind::Component => {
                Err(NotCounted::HandedAround)
            }
            ComponentExternalKind::Func
            | ComponentExternalKind::Value
            | ComponentExternalKind::Type
            | ComponentExternalKind::Instance => Ok(()),
        },
        ComponentAlias::CoreInstanceExport { .. } => Ok(()),
        ComponentAlias::Outer { kind, count, index } => {
            let outer = levels.iter().rev().nth(*count as usize);
            let outer = outer.ok_or(NotCounted::Unreadable)?;
            match kind {
                ComponentOuterAliasKind::CoreModule => {
                    let module = at(&outer.modules, *index)?;
                    inner(levels)?.modules.push(module);
                }
                ComponentOuterAliasKind::Component => {
                    let component = at(&outer.components, *index)?;
                    inner(levels)?.components.push(component);
                }
                ComponentOuterAliasKind::CoreType | ComponentOuterAliasKind::Type => {}
            }
            Ok(())
        }
    }
}

fn inner(levels: &mut [Level]) -> Result<&mut Level, NotCounted> {
    levels.last_mut().ok_or(NotCounted::Unreadable)
}

fn at(defined: &[Effective], index: u32) -> Result<Effective, NotCounted> {
    let found = defined.get(index as usize);
    found.copied().ok_or(NotCounted::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Option<Effective>, &'static str> {
        count(&wat::parse_str(text).unwrap())
    }

    /// So many levels, each of which instantiates the one below twice.
    fn doubling(levels: u32) -> String {
        let core = "(core module $m (func)) (core instance (instantiate $m))";
        let mut inner = format!("(component $c0 {core})");
        for level in 1..=levels {
            let twice = format!("(instance (instantiate $c{}))", level - 1).repeat(2);
            inner = format!("(component $c{level} {inner} {twice})");
        }
        format!("(component {inner} (instance (instantiate $c{levels})))")
    }

    #[test]
    fn what_is_instantiated_twice_at_each_level_is_counted_as_often_as_it_is_made() {
        let counted = of(&doubling(3)).unwrap().unwrap();
        assert_eq!(counted.functions, 8);
        assert_eq!(counted.instances, 1 + 1 + 2 + 4 + 8 + 8);
        assert_eq!(counted.over(), None);
    }

    #[test]
    fn forty_levels_of_twice_are_refused_from_two_kilobytes() {
        let bytes = wat::parse_str(doubling(40)).unwrap();
        assert!(bytes.len() < 4_096);
        let why = too_much(&bytes).unwrap();
        assert!(why.contains("instances, and at most 1000"), "{why}");
    }

    #[test]
    fn what_an_outer_component_defines_is_counted_where_it_is_instantiated() {
        let text = "(component $o (core module $m (func) (func))
            (component $c (alias outer $o $m (core module $n))
                (core instance (instantiate $n)) (core instance (instantiate $n)))
            (instance (instantiate $c)))";
        assert_eq!(of(text).unwrap().unwrap().functions, 4);
    }

    #[test]
    fn what_is_handed_from_one_component_to_another_is_refused() {
        let imported = "(component (component $c (import \"m\" (core module $m))
            (core instance (instantiate $m))))";
        let exported = "(component (component $c (core module $m) (export \"m\" (core module $m)))
            (instance $i (instantiate $c)) (alias export $i \"m\" (core module $n)))";
        for text in [imported, exported] {
            assert!(of(text).is_err(), "{text}");
        }
    }

    #[test]
    fn bytes_that_are_cut_anywhere_are_left_to_the_validator() {
        let bytes = wat::parse_str(doubling(2)).unwrap();
        for end in 0..bytes.len() {
            assert_eq!(too_much(bytes.get(..end).unwrap()), None);
        }
    }
}
