//! The contract in `wit/` as Rust types: one bindings module per world, sharing their types.
pub(crate) mod grouper {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "grouper",
        imports: { default: trappable },
        additional_derives: [serde::Serialize, serde::Deserialize],
    });
}

pub(crate) mod enricher {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "enricher",
        imports: { default: trappable },
        additional_derives: [serde::Serialize, serde::Deserialize],
        with: {
            "casemate:soc/types": super::grouper::casemate::soc::types,
            "casemate:soc/log": super::grouper::casemate::soc::log,
        },
    });
}

pub(crate) mod drafter {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "drafter",
        imports: { default: trappable },
        additional_derives: [serde::Serialize, serde::Deserialize],
        with: {
            "casemate:soc/types": super::grouper::casemate::soc::types,
            "casemate:soc/log": super::grouper::casemate::soc::log,
        },
    });
}

pub(crate) use drafter::exports::casemate::soc::drafting;
pub(crate) use enricher::casemate::soc::{assets, known_good};
pub(crate) use enricher::exports::casemate::soc::enriching;
pub(crate) use grouper::casemate::soc::{log, memory, types};
pub(crate) use grouper::exports::casemate::soc::grouping;
