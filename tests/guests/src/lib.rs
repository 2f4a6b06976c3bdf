//! The well-behaved half of the hostile connectors: a small connector for PostgreSQL that each file of `examples/` spoils
//! in one way. Most behave well until the configuration's member `trigger` is `on`, since a connector has to accept its
//! own example before it is called at all.
//!
//! Connectors as text are in `*.wat` beside `src/`: for what Rust cannot express. Their well-behaved half is `good.wat`.

pub mod behaviour;
pub mod config;
pub mod good;
pub mod memory;
pub mod schema;

pub use behaviour::{Behaviour, Request};
pub use bindings::export;
pub use bindings::exports::patchpanel::connector::catalog::{Page, Statement};
pub use bindings::exports::patchpanel::connector::diagnosis::{Advice, Fault};
pub use bindings::patchpanel::connector::log;
pub use bindings::patchpanel::connector::types::{
    AuthMethod, Authentication, ClientIdentity, Configuration, Context, Descriptor, Endpoint, Finding, Instruction,
    Manifest, Parameter, Reach, Severity, Tls, TlsMode, Value, Verdict,
};
pub use config::Config;

/// The contract, generated from the WIT package.
#[expect(missing_docs, clippy::pedantic, reason = "generated; documented in the WIT package")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "full-connector",
        pub_export_macro: true,
        default_bindings_module: "guests::bindings",
        generate_all,
    });
}

/// What the hostile connectors want of WASI, generated from the WIT packages in `wit/`.
#[expect(missing_docs, clippy::pedantic, reason = "generated; documented by WASI")]
pub mod wasi {
    wit_bindgen::generate!({ path: "wit", world: "wasi", generate_all });
}
