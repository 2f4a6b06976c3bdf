//! The whole system through its front door: the real program, a real PostgreSQL, HTTP.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "BLESS says that what is now is meant")]

mod api;
mod audit;
mod authoring;
mod clients;
mod command_line;
mod connectors;
mod console;
mod contracts;
mod crashes;
mod data_directory;
mod documents;
mod faults;
mod golden;
mod hostile_servers;
mod main_job;
mod migrations;
mod operator;
mod rollout;
mod starvation;
mod strangers;
mod zoo;

use std::sync::OnceLock;

use test_support::postgres::Postgres;
use test_support::sales;

/// With the sample tables and without TLS, one for all tests. Left running when they end; its directory's watchdog ends it.
fn database() -> &'static Postgres {
    static DATABASE: OnceLock<Postgres> = OnceLock::new();
    DATABASE.get_or_init(|| Postgres::builder().sql(sales::SQL).start().unwrap())
}
