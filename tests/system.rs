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
