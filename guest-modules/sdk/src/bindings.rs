//! Generated from `wit/`: the imports once, and per kind of module its export.
#![expect(
    missing_docs,
    reason = "the generator doesn't document every item it makes"
)]

/// Every interface a module can import, and the types.
pub mod imports {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package casemate:sdk;
            world imports {
                import casemate:soc/types@0.1.0;
                import casemate:soc/log@0.1.0;
                import casemate:soc/memory@0.1.0;
                import casemate:soc/assets@0.1.0;
                import casemate:soc/known-good@0.1.0;
            }
        ",
        world: "casemate:sdk/imports",
        additional_derives: [PartialEq],
        generate_all,
    });
}

/// World `grouper`.
pub mod grouper {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "casemate:soc/grouper@0.1.0",
        with: {
            "casemate:soc/types@0.1.0": crate::bindings::imports::casemate::soc::types,
            "casemate:soc/log@0.1.0": crate::bindings::imports::casemate::soc::log,
            "casemate:soc/memory@0.1.0": crate::bindings::imports::casemate::soc::memory,
        },
        additional_derives: [PartialEq],
        pub_export_macro: true,
    });
}

/// World `enricher`.
pub mod enricher {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "casemate:soc/enricher@0.1.0",
        with: {
            "casemate:soc/types@0.1.0": crate::bindings::imports::casemate::soc::types,
            "casemate:soc/log@0.1.0": crate::bindings::imports::casemate::soc::log,
            "casemate:soc/assets@0.1.0": crate::bindings::imports::casemate::soc::assets,
            "casemate:soc/known-good@0.1.0": crate::bindings::imports::casemate::soc::known_good,
        },
        additional_derives: [PartialEq],
        pub_export_macro: true,
    });
}

/// World `drafter`.
pub mod drafter {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "casemate:soc/drafter@0.1.0",
        with: {
            "casemate:soc/types@0.1.0": crate::bindings::imports::casemate::soc::types,
            "casemate:soc/log@0.1.0": crate::bindings::imports::casemate::soc::log,
        },
        additional_derives: [PartialEq],
        pub_export_macro: true,
    });
}
