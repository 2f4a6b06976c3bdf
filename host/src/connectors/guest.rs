//! Threads: how the code of a component runs. One call is a fresh instance in a store of its own, bounded in time, memory
//! and what it may say, on threads that serve nothing else.
//!
//! It knows nothing of the contract, of what an answer means, or of who asks: only how to run what it is given, and which
//! bound was hit.

pub mod breaker;
pub(super) mod engine;
mod instance;
mod limits;
mod log;
mod priority;
mod runtime;
mod threads;
mod ticker;
pub(super) mod wasi;

pub use engine::Allocator;
#[cfg(test)]
pub(super) use instance::store;
pub(super) use instance::{State, exceeded};
pub use limits::{Exceeded, Limit, Limits};
pub(super) use priority::{TICK, give_way, stand_back};
pub(super) use runtime::Runtime;
pub(super) use threads::{Key, Threads, Unfinished};
