//! The PostgreSQL connector: validates configurations, describes connections, plans what the catalog shows and gives
//! better advice for the providers that it knows. It imports no WASI, opens nothing and never sees a credential.
//!
//! One call, read from here: [`connector`] takes the contract's types apart, [`config`] reads and checks the
//! configuration, [`descriptor`], [`catalog`] and [`advice`] answer from it.

pub mod advice;
pub mod catalog;
pub mod config;
pub mod connector;
pub mod descriptor;
pub mod manifest;

/// The contract's types, traits and exports, generated from the WIT package.
#[expect(missing_docs, clippy::pedantic, reason = "generated; documented in the WIT package")]
#[cfg_attr(target_arch = "wasm32", expect(unsafe_code, reason = "generated: the canonical ABI"))]
pub mod contract {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "full-connector",
        additional_derives: [PartialEq],
        generate_all,
    });

    // A native linker cannot have the exports' names.
    #[cfg(target_arch = "wasm32")]
    export!(PostgresConnector with_types_in self);
    #[cfg(target_arch = "wasm32")]
    use crate::connector::PostgresConnector;
}
