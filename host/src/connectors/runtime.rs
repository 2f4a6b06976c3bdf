//! Where connectors run: the engine, its clock and the guest threads.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::{Engine, Store};

use super::CallError;
use super::adapter::Failure;
use super::engine::{self, Allocator};
use super::guests::Guests;
use super::instance::{self, State, Ticker};
use super::limits::Limits;

/// The engine, its clock and the guest threads.
pub(super) struct Runtime {
    pub(super) engine: Engine,
    pub(super) guests: Guests,
    /// For what no request waits for.
    pub(super) guests_behind: Guests,
    pub(super) limits: Limits,
    ticker: Ticker,
    /// The most memory that one call has had.
    pub(super) peak_memory_bytes: AtomicUsize,
    /// What the clock and the randomness of WASI depend on; always the same but where an author asks for another.
    pub(super) moment: AtomicU64,
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
    pub(super) fn start(allocator: Allocator, limits: Limits) -> wasmtime::Result<Self> {
        let engine = engine::runner(allocator, &limits)?;
        let ticker = Ticker::start(&engine)?;
        let (guests, guests_behind) = (Guests::start()?, Guests::start_behind()?);
        let (peak_memory_bytes, moment) = (AtomicUsize::new(0), AtomicU64::new(0));
        Ok(Self { engine, guests, guests_behind, limits, ticker, peak_memory_bytes, moment, heard: Mutex::new(None) })
    }

    /// Does this, and returns what connectors have logged meanwhile.
    pub(super) fn hear<T>(&self, work: impl FnOnce() -> T) -> (T, Vec<String>) {
        let heard = || self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        *heard() = Some(Vec::new());
        let result = work();
        let lines = heard().take().unwrap_or_default();
        (result, lines)
    }

    /// One call of a connector on this thread, which it may hold until its deadline.
    pub(super) fn call<T>(
        &self,
        connector: &Arc<str>,
        work: impl FnOnce(&mut Store<State>) -> Result<T, Failure>,
    ) -> Result<T, CallError> {
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
        answer.map_err(|failure| explain(failure, connector, &store))
    }
}

/// A failure in the words for a caller; it is logged here, with what the caller is not told.
fn explain(failure: Failure, connector: &Arc<str>, store: &Store<State>) -> CallError {
    let label = connector.to_string();
    let error = match failure {
        Failure::Nonsense(reason) => {
            tracing::warn!(connector = label, reason, "a connector's answer breaks the contract");
            return CallError::Nonsense { connector: label, reason };
        }
        Failure::Guest(error) => error,
    };
    if let Some(exceeded) = instance::exceeded(&error, store) {
        tracing::warn!(connector = label, limit = %exceeded, "a connector exceeded a limit");
        return CallError::Limit { connector: label, exceeded };
    }
    tracing::warn!(connector = label, error = format!("{error:#}"), "a connector trapped");
    CallError::Trap { connector: label }
}
