//! The bounds of connectors: what one may be, and what one call of it may take. Each is a setting.

use std::fmt;
use std::time::Duration;

/// Bounds of a component and of each call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a component.
    pub component_bytes: u64,
    /// CPU time of the guest's thread in one call.
    pub cpu_time: Duration,
    /// Time on the wall from the start of a call to its end; none for what nobody waits for, since that waits for the
    /// cores as long as others need them.
    pub wall_time: Duration,
    /// Bytes of all linear memories.
    pub memory_bytes: usize,
    /// Elements of all tables. A component made from JavaScript has 7,688.
    pub table_elements: usize,
    /// Core instances of one component. One made from Python has up to 38.
    pub instances: u32,
    /// Handles of resources that are live at once.
    pub handles: usize,
    /// Bytes of a guest's stack.
    pub stack_bytes: usize,
    /// Bytes that the host copies out of a guest for one answer, or for one line of its log.
    pub answer_bytes: usize,
    /// Lines of a call's log.
    pub log_lines: u32,
    /// Bytes of a line of it.
    pub log_line_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            component_bytes: 32 << 20,
            cpu_time: Duration::from_millis(100),
            wall_time: Duration::from_secs(1),
            memory_bytes: 32 << 20,
            table_elements: 10_000,
            instances: 64,
            handles: 10_000,
            stack_bytes: 512 << 10,
            answer_bytes: 1 << 20,
            log_lines: 100,
            log_line_bytes: 1 << 10,
        }
    }
}

/// A bound of a call that a guest can hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// [`Limits::cpu_time`]
    CpuTime,
    /// [`Limits::wall_time`]
    WallTime,
    /// [`Limits::memory_bytes`]
    Memory,
    /// [`Limits::table_elements`]
    TableElements,
    /// [`Limits::handles`]
    Handles,
    /// [`Limits::stack_bytes`]
    Stack,
    /// [`Limits::answer_bytes`]
    Answer,
}

impl Limit {
    /// Its name in metrics and in the details of an error.
    pub fn name(self) -> &'static str {
        match self {
            Self::CpuTime => "cpu_time",
            Self::WallTime => "wall_time",
            Self::Memory => "memory",
            Self::TableElements => "table_elements",
            Self::Handles => "handles",
            Self::Stack => "stack",
            Self::Answer => "answer",
        }
    }

    /// The setting that sets it.
    pub fn setting(self) -> &'static str {
        match self {
            Self::CpuTime => "connector_max_cpu_ms",
            Self::WallTime => "connector_max_wall_ms",
            Self::Memory => "connector_max_memory_mib",
            Self::TableElements => "connector_max_table_elements",
            Self::Handles => "connector_max_handles",
            Self::Stack => "connector_max_stack_kib",
            Self::Answer => "connector_max_answer_kib",
        }
    }

    /// Whether it is one of time.
    pub fn is_time(self) -> bool {
        matches!(self, Self::CpuTime | Self::WallTime)
    }
}

/// A bound that was hit, with its value. `Display` says both and names the setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    /// Which.
    pub limit: Limit,
    /// Its value in the unit of its setting.
    pub value: u128,
}

impl Exceeded {
    /// The bound among these limits.
    pub fn new(limit: Limit, limits: &Limits) -> Self {
        let value = match limit {
            Limit::CpuTime => limits.cpu_time.as_millis(),
            Limit::WallTime => limits.wall_time.as_millis(),
            Limit::Memory => (limits.memory_bytes >> 20) as u128,
            Limit::TableElements => limits.table_elements as u128,
            Limit::Handles => limits.handles as u128,
            Limit::Stack => (limits.stack_bytes >> 10) as u128,
            Limit::Answer => (limits.answer_bytes >> 10) as u128,
        };
        Self { limit, value }
    }
}

impl fmt::Display for Exceeded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.limit {
            Limit::CpuTime => "ms of CPU time",
            Limit::WallTime => "ms from start to end",
            Limit::Memory => "MiB of memory",
            Limit::TableElements => "table elements",
            Limit::Handles => "handles of resources",
            Limit::Stack => "KiB of stack",
            Limit::Answer => "KiB of answer",
        };
        write!(formatter, "{} {what} (the setting {})", self.value, self.limit.setting())
    }
}
