//! The whole system through its front door: the real program, a real PostgreSQL, HTTP.

mod command_line;
mod connectors;
mod crashes;
mod operator;
