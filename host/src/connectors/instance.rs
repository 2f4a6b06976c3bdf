//! One call in a fresh instance: its limits, its deadline, its log.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use wasmtime::{Engine, EngineWeak, ResourceLimiter, Store, Trap, UpdateDeadline};

use super::engine::{
    MAX_INSTANCES, MAX_MEMORIES, MAX_MEMORY_BYTES, MAX_TABLE_ELEMENTS, MAX_TABLES, MAX_WASM_STACK_BYTES,
};

/// How often a running guest's deadline is looked at.
const TICK: Duration = Duration::from_millis(10);

/// CPU time of the guest's thread, and time on the wall, for one call.
const MAX_CPU: Duration = Duration::from_millis(100);
const MAX_WALL: Duration = Duration::from_secs(1);

/// Bytes that are copied out of a guest by its answer, or by one line of its log.
const MAX_COPIED_BYTES: usize = 1 << 20;

/// Lines of a call's log, and bytes of each.
const MAX_LOG_LINES: u32 = 100;
const MAX_LOG_LINE_BYTES: usize = 1024;

/// A bound of a call that a guest exceeded. `Display` names it with its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    Cpu,
    Wall,
    Memory,
    Table,
    Stack,
    Copied,
}

impl Limit {
    /// Whether it is one of time.
    pub(super) fn is_time(self) -> bool {
        matches!(self, Self::Cpu | Self::Wall)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => write!(formatter, "{} ms of CPU time", MAX_CPU.as_millis()),
            Self::Wall => write!(formatter, "{} ms from start to end", MAX_WALL.as_millis()),
            Self::Memory => write!(formatter, "{} MiB of memory", MAX_MEMORY_BYTES >> 20),
            Self::Table => write!(formatter, "{MAX_TABLE_ELEMENTS} table elements"),
            Self::Stack => write!(formatter, "{} KiB of stack", MAX_WASM_STACK_BYTES >> 10),
            Self::Copied => write!(formatter, "{} MiB of answer", MAX_COPIED_BYTES >> 20),
        }
    }
}

impl std::error::Error for Limit {}

/// What the host knows of a running guest.
pub(super) struct State {
    /// Name and version, for the log.
    connector: Arc<str>,
    started: Instant,
    cpu_at_start: Duration,
    /// Bytes of all linear memories, and elements of all tables.
    memory_bytes: usize,
    table_elements: usize,
    /// The bound on memory or tables that a growth hit; the guest may trap of it in its own way.
    refused: Option<Limit>,
    log_lines: u32,
}

/// A store for one call of this connector. The deadline runs from here, so that it covers a start function too.
pub(super) fn store(engine: &Engine, connector: &Arc<str>) -> Store<State> {
    let state = State {
        connector: Arc::clone(connector),
        started: Instant::now(),
        cpu_at_start: thread_cpu_time(),
        memory_bytes: 0,
        table_elements: 0,
        refused: None,
        log_lines: 0,
    };
    let mut store = Store::new(engine, state);
    store.limiter(|state| state);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|context| on_tick(context.data()));
    store.set_hostcall_fuel(MAX_COPIED_BYTES);
    store
}

fn on_tick(state: &State) -> wasmtime::Result<UpdateDeadline> {
    if thread_cpu_time().saturating_sub(state.cpu_at_start) >= MAX_CPU {
        return Err(Limit::Cpu.into());
    }
    if state.started.elapsed() >= MAX_WALL {
        return Err(Limit::Wall.into());
    }
    Ok(UpdateDeadline::Continue(1))
}

fn thread_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// The limit behind a call's error, if it was one.
pub(super) fn limit(error: &wasmtime::Error, store: &Store<State>) -> Option<Limit> {
    if let Some(limit) = error.downcast_ref::<Limit>() {
        return Some(*limit);
    }
    if error.downcast_ref::<Trap>() == Some(&Trap::StackOverflow) {
        return Some(Limit::Stack);
    }
    // wasmtime has no type for exhausted hostcall fuel; the words are those of its error.
    if error.chain().any(|cause| cause.to_string().contains("fuel allocated for hostcalls")) {
        return Some(Limit::Copied);
    }
    store.data().refused
}

/// The bounds are on all memories and tables of the call together. An instance that is not made does not give back
/// what it was allowed, which is no loss: the store ends with the call.
impl ResourceLimiter for State {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.memory_bytes.saturating_add(desired.saturating_sub(current));
        Ok(self.allow(total <= MAX_MEMORY_BYTES, Limit::Memory) && {
            self.memory_bytes = total;
            true
        })
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.table_elements.saturating_add(desired.saturating_sub(current));
        Ok(self.allow(total <= MAX_TABLE_ELEMENTS, Limit::Table) && {
            self.table_elements = total;
            true
        })
    }

    fn instances(&self) -> usize {
        MAX_INSTANCES
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

    /// Takes a line of the guest's log.
    pub(super) fn log(&mut self, level: tracing::Level, message: &str) {
        self.log_lines += 1;
        if self.log_lines > MAX_LOG_LINES {
            return;
        }
        let cut = message.floor_char_boundary(MAX_LOG_LINE_BYTES);
        let message = message[..cut].escape_debug().to_string();
        let connector = &*self.connector;
        match level {
            tracing::Level::ERROR => tracing::error!(target: "patchpanel::connector", connector, "{message}"),
            tracing::Level::WARN => tracing::warn!(target: "patchpanel::connector", connector, "{message}"),
            tracing::Level::DEBUG => tracing::debug!(target: "patchpanel::connector", connector, "{message}"),
            _ => tracing::info!(target: "patchpanel::connector", connector, "{message}"),
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        let dropped = self.log_lines.saturating_sub(MAX_LOG_LINES);
        if dropped > 0 {
            let connector = &*self.connector;
            tracing::warn!(target: "patchpanel::connector", connector, dropped, "log lines of one call were dropped");
        }
    }
}

/// Counts time for running guests: while there are any, a thread moves the engine's epoch once a tick; else it sleeps.
pub(super) struct Ticker {
    running: Arc<AtomicUsize>,
    thread: Thread,
}

impl Ticker {
    /// Starts the thread. It ends when the engine is gone.
    pub(super) fn start(engine: &Engine) -> std::io::Result<Self> {
        let running = Arc::new(AtomicUsize::new(0));
        let (weak, count) = (engine.weak(), Arc::clone(&running));
        let handle = thread::Builder::new().name("ticker".to_owned()).spawn(move || tick(&weak, &count))?;
        Ok(Self { running, thread: handle.thread().clone() })
    }

    /// Lets time run while a guest does.
    pub(super) fn during<T>(&self, guest: impl FnOnce() -> T) -> T {
        struct Running<'a>(&'a AtomicUsize);
        impl Drop for Running<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        if self.running.fetch_add(1, Ordering::SeqCst) == 0 {
            self.thread.unpark();
        }
        let _running = Running(&self.running);
        guest()
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        // To see that the engine is gone.
        self.thread.unpark();
    }
}

fn tick(engine: &EngineWeak, running: &AtomicUsize) {
    loop {
        if running.load(Ordering::SeqCst) == 0 {
            // Bounded, so that the end of the engine is seen even if its last owner was not the ticker's.
            thread::park_timeout(Duration::from_secs(1));
        } else {
            thread::sleep(TICK);
        }
        let Some(engine) = engine.upgrade() else { return };
        engine.increment_epoch();
    }
}
