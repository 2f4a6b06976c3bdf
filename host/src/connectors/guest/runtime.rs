//! Where connectors run: the engine, its clock and the guest threads.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::{Engine, Store};

use super::engine::{self, Allocator};
use super::instance::{self, State};
use super::limits::Limits;
use super::threads::Threads;
use super::ticker::Ticker;

/// The engine, its clock and the guest threads.
pub(in crate::connectors) struct Runtime {
    pub(in crate::connectors) engine: Engine,
    pub(in crate::connectors) threads: Threads,
    /// For what no request waits for.
    pub(in crate::connectors) threads_behind: Threads,
    pub(in crate::connectors) limits: Limits,
    ticker: Ticker,
    /// The most memory that one call has had.
    pub(in crate::connectors) peak_memory_bytes: AtomicUsize,
    /// What the clock and the randomness of WASI depend on; always the same but where an author asks for another.
    pub(in crate::connectors) moment: AtomicU64,
    /// What connectors log, while an author's tools listen.
    heard: Mutex<Option<Vec<String>>>,
}

impl fmt::Debug for Runtime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Runtime").finish_non_exhaustive()
    }
}

impl Runtime {
    /// Starts the threads.
    pub(in crate::connectors) fn start(allocator: Allocator, limits: Limits) -> wasmtime::Result<Self> {
        let engine = engine::runner(allocator, &limits)?;
        let ticker = Ticker::start(&engine)?;
        let (threads, threads_behind) = (Threads::start()?, Threads::start_behind()?);
        let (peak_memory_bytes, moment) = (AtomicUsize::new(0), AtomicU64::new(0));
        Ok(Self { engine, threads, threads_behind, limits, ticker, peak_memory_bytes, moment, heard: Mutex::new(None) })
    }

    /// Does this, and returns what connectors have logged meanwhile.
    pub(in crate::connectors) fn hear<T>(&self, work: impl FnOnce() -> T) -> (T, Vec<String>) {
        let heard = || self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        *heard() = Some(Vec::new());
        let result = work();
        let lines = heard().take().unwrap_or_default();
        (result, lines)
    }

    /// One call of a connector on this thread, which it may hold until its deadline: the work gets a store for it.
    pub(in crate::connectors) fn call<T>(&self, connector: &Arc<str>, work: impl FnOnce(&mut Store<State>) -> T) -> T {
        let moment = self.moment.load(Ordering::Relaxed);
        let mut store = instance::store(&self.engine, connector, &self.limits, moment);
        let heard = || self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let is_heard = heard().is_some();
        if is_heard {
            store.data().log.keep();
        }
        let answer = self.ticker.during(|| work(&mut store));
        if is_heard && let Some(lines) = &mut *heard() {
            lines.extend(store.data().log.kept());
        }
        self.peak_memory_bytes.fetch_max(store.data().memory_bytes(), Ordering::Relaxed);
        answer
    }
}
