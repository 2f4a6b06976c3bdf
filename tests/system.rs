//! The whole system through its front door: the real program, a real PostgreSQL, HTTP.
#![cfg(test)]

mod faults;
mod main_job;
