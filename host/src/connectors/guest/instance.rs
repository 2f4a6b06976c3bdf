//! What the host keeps of one call: its limits, its deadline, its log.

use std::error::Error;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use wasmtime::component::ResourceTableError;
use wasmtime::{Engine, ResourceLimiter, Store, Trap, UpdateDeadline};

use super::engine::{MAX_MEMORIES, MAX_TABLES};
use super::limits::{Exceeded, Limit, Limits};
use super::log::Log;
use super::priority;
use super::wasi::Wasi;

/// The error of a call that was stopped at its deadline.
#[derive(Debug, thiserror::Error)]
#[error("stopped at its limit of {}", .0.name())]
struct Stopped(Limit);

/// What the host knows of a running guest.
pub(in crate::connectors) struct State {
    limits: Limits,
    started: Instant,
    cpu_at_start: Duration,
    /// Bytes of all linear memories, and elements of all tables.
    memory_bytes: usize,
    table_elements: usize,
    /// The bound on memory or tables that a growth hit; the guest may trap of it in its own way.
    refused: Option<Limit>,
    pub(super) log: Log,
    moment: u64,
    /// Made when the guest first asks for something of it.
    wasi: Option<Box<Wasi>>,
}

/// A store for one call of this connector. The deadline runs from here, so that it covers a start function too.
pub(in crate::connectors) fn store(
    engine: &Engine,
    connector: &Arc<str>,
    limits: &Limits,
    moment: u64,
) -> Store<State> {
    let state = State {
        limits: *limits,
        started: Instant::now(),
        cpu_at_start: thread_cpu_time(),
        memory_bytes: 0,
        table_elements: 0,
        refused: None,
        log: Log::new(connector, limits),
        moment,
        wasi: None,
    };
    let mut store = Store::new(engine, state);
    store.limiter(|state| state);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|context| on_tick(context.data()));
    store.set_hostcall_fuel(limits.answer_bytes);
    store.set_max_component_handles(limits.handles);
    store
}

fn on_tick(state: &State) -> wasmtime::Result<UpdateDeadline> {
    if thread_cpu_time().saturating_sub(state.cpu_at_start) >= state.limits.cpu_time {
        return Err(Stopped(Limit::CpuTime).into());
    }
    // Who stands back waits for the cores as long as others need them.
    if state.started.elapsed() >= state.limits.wall_time && !priority::stands_back() {
        return Err(Stopped(Limit::WallTime).into());
    }
    thread::yield_now();
    Ok(UpdateDeadline::Continue(1))
}

fn thread_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// The limit behind a call's error, if it was one.
pub(in crate::connectors) fn exceeded(error: &wasmtime::Error, store: &Store<State>) -> Option<Exceeded> {
    // wasmtime has no types for exhausted hostcall fuel and its own handles; the words are those of its errors.
    let says = |words: &str| error.chain().any(|cause| cause.to_string().contains(words));
    let fills_table = |cause: &(dyn Error + 'static)| {
        matches!(cause.downcast_ref::<ResourceTableError>(), Some(ResourceTableError::Full))
    };
    let limit = if let Some(Stopped(limit)) = error.downcast_ref() {
        Some(*limit)
    } else if error.downcast_ref::<Trap>() == Some(&Trap::StackOverflow) {
        Some(Limit::Stack)
    } else if says("fuel allocated for hostcalls") {
        Some(Limit::Answer)
    } else if says("handle limit exceeded") || error.chain().any(fills_table) {
        Some(Limit::Handles)
    } else {
        store.data().refused
    };
    limit.map(|limit| Exceeded::new(limit, &store.data().limits))
}

/// The bounds are on all memories and tables of the call together. An instance that is not made does not give back
/// what it was allowed, which is no loss: the store ends with the call.
impl ResourceLimiter for State {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.memory_bytes.saturating_add(desired.saturating_sub(current));
        Ok(self.allow(total <= self.limits.memory_bytes, Limit::Memory) && {
            self.memory_bytes = total;
            true
        })
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.table_elements.saturating_add(desired.saturating_sub(current));
        Ok(self.allow(total <= self.limits.table_elements, Limit::TableElements) && {
            self.table_elements = total;
            true
        })
    }

    fn instances(&self) -> usize {
        self.limits.instances as usize
    }

    fn tables(&self) -> usize {
        MAX_TABLES
    }

    fn memories(&self) -> usize {
        MAX_MEMORIES
    }
}

impl State {
    fn allow(&mut self, allowed: bool, limit: Limit) -> bool {
        if !allowed {
            self.refused = Some(limit);
        }
        allowed
    }

    /// Bytes of all linear memories.
    pub(super) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    /// Takes a line that the guest logs.
    pub(in crate::connectors) fn say(&self, level: tracing::Level, message: &str) {
        self.log.write(level, message);
    }

    /// What the guest gets of WASI.
    pub(super) fn wasi(&mut self) -> &mut Wasi {
        self.wasi.get_or_insert_with(|| Box::new(Wasi::new(&self.limits, &self.log, self.moment)))
    }
}
