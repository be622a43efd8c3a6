use super::interface::{Interface, Naming};
use crate::model::{Text, caught};
use wasmparser::{
    ComponentExternName, Encoding, FuncValidatorAllocations, KnownCustom, Parser, Payload,
    ValidPayload, Validator, WasmFeatures, types::Types,
};

/// What the bytes of a component hold, apart from what it imports and exports.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Contents {
    /// Core modules inside.
    pub core_modules: u64,
    /// Components inside, without the outermost.
    pub components: u64,
    /// Functions of all core modules.
    pub functions: u64,
    /// Linear memories that core modules define; at most 64 are listed.
    pub memories: Vec<Declared>,
    /// Tables that core modules define; at most 64 are listed.
    pub tables: Vec<Declared>,
    /// Data segments of all core modules.
    pub data_segments: u64,
    /// Their bytes.
    pub data_bytes: u64,
    /// Custom sections: at most 64 are listed.
    pub custom_sections: Vec<CustomSection>,
    /// How many custom sections there are.
    pub custom_section_count: u64,
    /// Their bytes.
    pub custom_section_bytes: u64,
    /// Whether names of functions are in it (section `name`).
    pub names: bool,
    /// Whether code of a core module runs when it is instantiated.
    pub start: bool,
    /// With what it was built, by its own word (section `producers`); at most 64.
    pub toolchain: Vec<Producer>,
}

/// A memory or a table as it is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Declared {
    /// What it has at the start: pages of 64 KiB, or elements.
    pub min: u64,
    /// What it may grow to by its own word; none where it states nothing.
    pub max: Option<u64>,
}

/// A custom section.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct CustomSection {
    /// Its name.
    pub name: Text,
    /// Its bytes, without the name.
    pub bytes: u64,
    /// Where its content begins.
    pub offset: u64,
}

/// One line of what a component says it was built with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Producer {
    /// `language`, `processed-by` or `sdk`.
    pub field: Text,
    /// Its name.
    pub name: Text,
    /// Its version; may be empty.
    pub version: Text,
}

/// What a component imports and exports, in its order.
#[derive(Default)]
pub(super) struct Linked {
    pub(super) imports: Vec<Interface>,
    pub(super) exports: Vec<Interface>,
}

/// How many of each kind of thing are listed.
const LISTED: usize = 64;
/// Imports and exports that are looked at. The worlds have at most four and one.
const INTERFACES: usize = 1_000;
/// Bytes of a name that are kept.
const NAME_BYTES: usize = 200;
/// One page of a linear memory, in bytes.
pub(super) const PAGE_BYTES: u64 = 64 << 10;

impl Contents {
    /// What all memories have together at the start, in bytes.
    pub fn memory_bytes(&self) -> u64 {
        let pages = self.memories.iter().map(|memory| memory.min);
        pages
            .fold(0, u64::saturating_add)
            .saturating_mul(PAGE_BYTES)
    }

    /// What it was built with, in one line; may be empty.
    pub fn built_with(&self) -> String {
        let one = |p: &Producer| match p.version.is_empty() {
            true => p.name.to_string(),
            false => format!("{} {}", p.name, p.version),
        };
        let all: Vec<String> = self.toolchain.iter().map(one).collect();
        all.join(", ")
    }
}

/// The features of WebAssembly that the engine has.
fn features() -> WasmFeatures {
    WasmFeatures::WASM2
        | WasmFeatures::COMPONENT_MODEL
        | WasmFeatures::EXTENDED_CONST
        | WasmFeatures::MULTI_MEMORY
        | WasmFeatures::RELAXED_SIMD
}

/// Reads bytes that anybody may have made: what is in them as far as they can be read, and either
/// what they import and export or why they are no component.
pub(super) fn read(bytes: &[u8]) -> (Contents, Result<Linked, String>) {
    let mut contents = Contents::default();
    // The reader is made for hostile bytes; a mistake in it must not end a report on all the others.
    let read = caught(|| walk(bytes, &mut contents));
    let linked = read.unwrap_or_else(|said| Err(format!("reading it panicked: {said}")));
    (contents, linked)
}

fn walk(bytes: &[u8], contents: &mut Contents) -> Result<Linked, String> {
    let failed = |error: wasmparser::BinaryReaderError| {
        Text::capped(
            &format!("{} (at byte {})", error.message(), error.offset()),
            400,
        )
        .to_string()
    };
    let mut validator = Validator::new_with_features(features());
    let mut parser = Parser::new(0);
    parser.set_features(features());
    let mut allocations = FuncValidatorAllocations::default();
    let mut depth = 0_usize;
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut types: Option<Types> = None;
    for payload in parser.parse_all(bytes) {
        let payload = payload.map_err(failed)?;
        if let Payload::Version { encoding, .. } = &payload {
            if depth == 0 && *encoding == Encoding::Module {
                let help = "it is a core module and not a component; the build makes one of it";
                return Err(help.to_owned());
            }
            depth += 1;
        }
        match validator.payload(&payload).map_err(failed)? {
            ValidPayload::Func(function, body) => {
                let mut function = function.into_validator(allocations);
                function.validate(&body).map_err(failed)?;
                allocations = function.into_allocations();
            }
            ValidPayload::End(ended) => {
                depth = depth.saturating_sub(1);
                types = Some(ended);
            }
            ValidPayload::Ok | ValidPayload::Parser(_) => {}
        }
        contents.note(&payload).map_err(failed)?;
        if depth != 1 {
            continue;
        }
        if let Payload::ComponentImportSection(section) = payload {
            for import in section {
                keep(&mut imports, import.map_err(failed)?.name);
            }
        } else if let Payload::ComponentExportSection(section) = payload {
            for export in section {
                keep(&mut exports, export.map_err(failed)?.name);
            }
        }
    }
    let types = types.ok_or("it ends before it begins")?;
    let types = types.as_ref();
    let mut naming = Naming::default();
    let mut all = |names: Vec<String>, is_import: bool| {
        let item = |name: &str| match is_import {
            true => types.component_item_for_import(name),
            false => types.component_item_for_export(name),
        };
        let one =
            |name: &String| Interface::of(name, item(name).map(|i| &i.ty), types, &mut naming);
        names.iter().map(one).collect()
    };
    Ok(Linked {
        imports: all(imports, true),
        exports: all(exports, false),
    })
}

fn keep(names: &mut Vec<String>, name: ComponentExternName<'_>) {
    if names.len() < INTERFACES {
        names.push(name.name.to_owned());
    }
}

impl Contents {
    fn note(&mut self, payload: &Payload<'_>) -> Result<(), wasmparser::BinaryReaderError> {
        let is_full = |list: usize| list >= LISTED;
        // A payload of a kind that is not named here holds nothing that is told.
        if let Payload::ModuleSection { .. } = payload {
            self.core_modules += 1;
        } else if let Payload::ComponentSection { .. } = payload {
            self.components += 1;
        } else if let Payload::CodeSectionStart { count, .. } = payload {
            self.functions += u64::from(*count);
        } else if let Payload::StartSection { .. } | Payload::ComponentStartSection { .. } = payload
        {
            self.start = true;
        } else if let Payload::MemorySection(section) = payload {
            for memory in section.clone() {
                let memory = memory?;
                if !is_full(self.memories.len()) {
                    let (min, max) = (memory.initial, memory.maximum);
                    self.memories.push(Declared { min, max });
                }
            }
        } else if let Payload::TableSection(section) = payload {
            for table in section.clone() {
                let table = table?.ty;
                if !is_full(self.tables.len()) {
                    let (min, max) = (table.initial, table.maximum);
                    self.tables.push(Declared { min, max });
                }
            }
        } else if let Payload::DataSection(section) = payload {
            for data in section.clone() {
                self.data_segments += 1;
                self.data_bytes += data?.data.len() as u64;
            }
        } else if let Payload::CustomSection(section) = payload {
            self.custom_section_count += 1;
            self.custom_section_bytes += section.data().len() as u64;
            if !is_full(self.custom_sections.len()) {
                self.custom_sections.push(CustomSection {
                    name: Text::capped(section.name(), NAME_BYTES),
                    bytes: section.data().len() as u64,
                    offset: section.data_offset() as u64,
                });
            }
            self.custom(section.as_known());
        }
        Ok(())
    }

    /// What a custom section says. It has no meaning to the engine: one that cannot be read says
    /// nothing.
    fn custom(&mut self, known: KnownCustom<'_>) {
        if let KnownCustom::Name(_) = known {
            self.names = true;
        } else if let KnownCustom::Producers(fields) = known {
            for field in fields.into_iter().map_while(Result::ok) {
                for value in field.values.into_iter().map_while(Result::ok) {
                    let producer = Producer {
                        field: Text::capped(field.name, NAME_BYTES),
                        name: Text::capped(value.name, NAME_BYTES),
                        version: Text::capped(value.version, NAME_BYTES),
                    };
                    let is_new = !self.toolchain.contains(&producer);
                    if is_new && self.toolchain.len() < LISTED {
                        self.toolchain.push(producer);
                    }
                }
            }
        }
    }
}
