//! Components that no compiler makes.

use super::bench::Built;

/// A module of this kind whose component is written out, asking for these capabilities.
pub(crate) fn of_text(name: &str, kind: &str, capabilities: &str, component: &str) -> Built {
    Built {
        wasm: wat::parse_str(component).unwrap(),
        toml: format!(
            "name = \"{name}\"\nversion = \"0.1.0\"\nkind = \"{kind}\"\ncontract = \"casemate:soc@0.1.0\"\ncapabilities = [{capabilities}]\nfields = []\n"
        ),
    }
}

/// A module with one more component inside, which is instantiated with it. A component is a row of
/// sections with index spaces of their own for what is nested, so appending is enough.
pub(crate) fn laden(module: &Built, inside: &str) -> Built {
    let nested = wat::parse_str(inside).unwrap();
    let mut wasm = module.wasm.clone();
    let index = components_in(&wasm);
    section(&mut wasm, COMPONENT, &nested);
    // One instance: of a component, its index, no arguments.
    let mut instance = vec![1, 0x00];
    number(&mut instance, index);
    instance.push(0);
    section(&mut wasm, INSTANCE, &instance);
    Built {
        wasm,
        toml: module.toml.clone(),
    }
}

// Section ids: github.com/WebAssembly/component-model, design/mvp/Binary.md.
const COMPONENT: u8 = 4;
const INSTANCE: u8 = 5;
/// Magic, version and layer.
const PREAMBLE: usize = 8;

fn components_in(wasm: &[u8]) -> usize {
    let (mut at, mut count) = (PREAMBLE, 0);
    while at < wasm.len() {
        count += usize::from(wasm[at] == COMPONENT);
        at += 1;
        let (mut length, mut shift) = (0_usize, 0);
        loop {
            let byte = wasm[at];
            at += 1;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        at += length;
    }
    count
}

fn section(wasm: &mut Vec<u8>, id: u8, content: &[u8]) {
    wasm.push(id);
    number(wasm, content.len());
    wasm.extend_from_slice(content);
}

/// LEB128.
fn number(wasm: &mut Vec<u8>, mut value: usize) {
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            return wasm.push(low);
        }
        wasm.push(low | 0x80);
    }
}
