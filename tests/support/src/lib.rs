//! What the tests and the demo start: throw-away PostgreSQL servers, certificates, a Patchpanel process and a client for
//! its API. Everything started here ends with the process that started it, also when that one is killed, and leaves
//! nothing behind.
#![expect(
    clippy::disallowed_methods,
    reason = "programs are found and started by the variables of whoever runs the tests"
)]

pub mod ballast;
pub mod bombs;
pub mod browser;
pub mod canary;
pub mod certificates;
pub mod client;
pub mod codes;
pub mod directory;
pub mod eventually;
pub mod guests;
pub mod hostile_postgres;
pub mod listener;
pub mod load;
pub mod mounts;
pub mod name_server;
pub mod names;
pub mod openssl;
pub mod patchpanel;
pub mod pgbouncer;
pub mod postgres;
pub mod process;
pub mod sales;
pub mod skip;
pub mod strangers;
pub mod swarm;
pub mod tls_relay;
pub mod tools;
