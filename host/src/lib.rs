//! Patchpanel, the connection host: a tenant's data source is registered once, every application uses it, and no
//! application and no plugin ever holds the password.
//!
//! ```text
//! HTTP ── http ──► sessions ──────► drivers ──► egress     the only code that opens a socket
//!           │          ▼
//!           ├─► connections ──► connectors (Wasm)          pure: config in, findings and descriptor out
//!           │            ├────► secrets                    the only code that sees a cipher or a secret store
//!           └─► auth     └────► store                      the only code that holds SQL
//!
//! rollout ──► connectors, store                            which connector version serves which connection
//! ```

pub mod app;
pub mod audit;
pub mod auth;
pub mod clock;
pub mod connections;
pub mod connectors;
mod crash;
pub mod descriptor;
pub mod diagnosis;
pub mod digest;
pub mod drivers;
pub mod egress;
pub mod explanation;
pub mod fairness;
pub mod finding;
#[cfg(test)]
mod fuzz;
pub mod hex;
pub mod http;
pub mod json;
pub mod logs;
pub mod meant;
pub mod metric;
pub mod network;
pub mod once;
pub mod origin;
pub mod pem;
pub mod private;
mod random;
pub mod regular_file;
pub mod rollout;
pub mod schema;
pub mod secrets;
pub mod sessions;
pub mod settings;
pub mod sqlite;
pub mod statement;
pub mod store;
pub mod stranger;
