//! The whole system through its front door: the real program, a real PostgreSQL, HTTP.

mod faults;
mod main_job;
