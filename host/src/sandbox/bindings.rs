//! The contract in `wit/` as Rust types: one bindings module per world, sharing their types.
#![expect(
    missing_docs,
    reason = "generated from `wit/`, where every item is documented"
)]
#![expect(unreachable_pub, reason = "generated")]
#![expect(clippy::allow_attributes_without_reason, reason = "generated")]

pub mod grouper {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "grouper",
        imports: { default: trappable },
        additional_derives: [serde::Serialize, serde::Deserialize],
    });
}

pub mod enricher {
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

pub mod drafter {
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

pub use drafter::exports::casemate::soc::drafting;
pub use enricher::casemate::soc::{assets, known_good};
pub use enricher::exports::casemate::soc::enriching;
pub use grouper::casemate::soc::{log, memory, types};
pub use grouper::exports::casemate::soc::grouping;
