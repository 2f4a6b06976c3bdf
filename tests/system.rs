//! The whole system through its front door: the real program, a real PostgreSQL, HTTP.

mod connectors;
mod crashes;
mod operator;
