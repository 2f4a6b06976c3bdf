//! The whole system through its front door: the real program, a real PostgreSQL, HTTP.

#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests, also what stands beside the test functions")]

mod command_line;
mod connectors;
mod crashes;
mod main_job;
mod operator;
