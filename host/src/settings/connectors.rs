//! The settings of connectors: where they come from, what may become one, and what each may take.

use std::path::PathBuf;
use std::time::Duration;

use aws_lc_rs::hmac;

use crate::connectors::admission::{self, WasiPolicy};
use crate::connectors::change::probation;
use crate::connectors::{self, Allocator, Approvals, CompileLimits, Limits, breaker};

/// The settings of connectors. The field's name is its key in the settings file.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ConnectorSettings {
    /// The directory of connectors: every *.wasm in it becomes the active version of its type, unless stored connections
    /// would fail with it.
    ///
    /// The default is `connectors` beside the executable, else one level above.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTORS_DIR", value_name = "DIRECTORY")]
    pub(super) connectors_dir: Option<PathBuf>,

    /// Whether the directory of connectors is followed while the host runs: a new or changed file takes over without a
    /// dropped call, and the type of one that is removed is retired. Default: only in development mode.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTORS_WATCH", value_name = "BOOL",
        num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) connectors_watch: Option<bool>,

    /// How connectors get their memory: from slots reserved at start, which is fast, or from the system at every call.
    #[arg(
        long,
        global = true,
        env = "PATCHPANEL_CONNECTOR_ALLOCATOR",
        value_name = "ALLOCATOR",
        default_value = "pooling"
    )]
    connector_allocator: AllocatorChoice,

    /// Whether connectors may import WASI 0.2, which Python and JavaScript tool-chains do: `inert` gives them one without
    /// files, environment, arguments and sockets, whose clock stands still; `refuse` does not admit them.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_WASI", value_name = "POLICY", default_value = "inert")]
    connector_wasi: WasiChoice,

    /// Approves what a connector decides of its own accord, comma-separated, each as the refusal names it: where it may
    /// lead, as `TYPE=HOST`, such as `snowflake={/account}.snowflakecomputing.com`; and how it may verify the server there
    /// less strictly than the tenant could ask for, as `TYPE.tls-mode=MODE@HOST`, `TYPE.server-name=NAME@HOST` or
    /// `TYPE.roots=DIGEST@HOST`, such as `legacy.tls-mode=disable@{/host}`. What counts only where the tenant says nothing
    /// has `-default` before the `=`: `legacy.tls-mode-default=disable@{/host}`, `TYPE.host-default=HOST`.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_APPROVED_REACHES", value_name = "TYPE=HOST",
        value_delimiter = ',', value_parser = parse_approval)]
    connector_approved_reaches: Vec<String>,

    /// CPU time of one call of a connector, in milliseconds.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_MAX_CPU_MS", value_name = "MS", default_value = "100",
        value_parser = clap::value_parser!(u64).range(10..=10_000))]
    connector_max_cpu_ms: u64,

    /// Time from the start of one call of a connector to its end, in milliseconds. Trying a version against the stored
    /// connections has none: that waits for the cores as long as requests need them.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_MAX_WALL_MS", value_name = "MS", default_value = "1000",
        value_parser = clap::value_parser!(u64).range(10..=60_000))]
    connector_max_wall_ms: u64,

    /// Memory of one call of a connector, in MiB.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_MAX_MEMORY_MIB", value_name = "MIB", default_value = "32",
        value_parser = clap::value_parser!(u16).range(1..=1024))]
    connector_max_memory_mib: u16,

    /// Elements of all tables of a connector.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_MAX_TABLE_ELEMENTS", value_name = "COUNT",
        default_value = "10000", value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    connector_max_table_elements: u32,

    /// Core instances of a connector.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_MAX_INSTANCES", value_name = "COUNT", default_value = "64",
        value_parser = clap::value_parser!(u32).range(1..=200))]
    connector_max_instances: u32,

    /// Handles of resources that are live at once in one call of a connector.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_MAX_HANDLES", value_name = "COUNT", default_value = "10000",
        value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    connector_max_handles: u32,

    /// Stack of a connector, in KiB.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_MAX_STACK_KIB", value_name = "KIB", default_value = "512",
        value_parser = clap::value_parser!(u16).range(64..=1024))]
    connector_max_stack_kib: u16,

    /// What the host copies out of a connector for one answer, in KiB.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_MAX_ANSWER_KIB", value_name = "KIB", default_value = "1024",
        value_parser = clap::value_parser!(u32).range(64..=65_536))]
    connector_max_answer_kib: u32,

    /// Lines that one call of a connector may log; further ones are counted and dropped.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_MAX_LOG_LINES", value_name = "COUNT", default_value = "100",
        value_parser = clap::value_parser!(u32).range(0..=10_000))]
    connector_max_log_lines: u32,

    /// Bytes of such a line; the rest is cut.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_MAX_LOG_LINE_BYTES", value_name = "BYTES",
        default_value = "1024", value_parser = clap::value_parser!(u32).range(16..=65_536))]
    connector_max_log_line_bytes: u32,

    /// The size of a connector's file, in MiB.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_MAX_COMPONENT_MIB", value_name = "MIB", default_value = "32",
        value_parser = clap::value_parser!(u16).range(1..=256))]
    connector_max_component_mib: u16,

    /// Whether a component's functions, types, instances and nesting are counted before it is compiled. Without that, only
    /// the limits of the compiler's process hold.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_PRECHECK", value_name = "BOOL",
        num_args = 0..=1, require_equals = true, default_value = "true", default_missing_value = "true",
        action = clap::ArgAction::Set)]
    connector_precheck: bool,

    /// Memory of the process that compiles a connector, in MiB.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_COMPILE_MAX_MEMORY_MIB", value_name = "MIB",
        default_value = "1024", value_parser = clap::value_parser!(u32).range(256..=65_536))]
    connector_compile_max_memory_mib: u32,

    /// CPU time of the process that compiles a connector, in seconds.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_COMPILE_MAX_CPU_S", value_name = "S", default_value = "60",
        value_parser = clap::value_parser!(u64).range(1..=3600))]
    connector_compile_max_cpu_s: u64,

    /// Time from the start of the process that compiles a connector to its end, in seconds.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_COMPILE_MAX_WALL_S", value_name = "S", default_value = "3600",
        value_parser = clap::value_parser!(u64).range(1..=7200))]
    connector_compile_max_wall_s: u64,

    /// Failed calls of a connector for one organization within the window, after which it rests for as long; 0 for never.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_BREAKER_FAILURES", value_name = "COUNT",
        default_value = "3", value_parser = clap::value_parser!(u32).range(0..=1000))]
    connector_breaker_failures: u32,

    /// The window in which failed calls of a connector count together, and the time for which it rests, in seconds.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_BREAKER_WINDOW_S", value_name = "S", default_value = "60",
        value_parser = clap::value_parser!(u64).range(1..=3600))]
    connector_breaker_window_s: u64,

    /// Failed calls of a new connector version within the window, each of which the version before would have answered,
    /// after which it is rolled back; 0 for never.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_ROLLBACK_FAILURES", value_name = "COUNT",
        default_value = "3", value_parser = clap::value_parser!(u32).range(0..=1000))]
    connector_rollback_failures: u32,

    /// The window in which failed calls of a new connector version count together, in seconds.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_ROLLBACK_WINDOW_S", value_name = "S", default_value = "60",
        value_parser = clap::value_parser!(u64).range(1..=3600))]
    connector_rollback_window_s: u64,

    /// How long a version is new in that sense, in seconds.
    #[arg(long, global = true, env = "PATCHPANEL_CONNECTOR_ROLLBACK_PERIOD_S", value_name = "S", default_value = "3600",
        value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
    connector_rollback_period_s: u64,
}

/// How connectors get their memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum AllocatorChoice {
    /// From slots reserved at start.
    Pooling,
    /// From the system at every call.
    OnDemand,
}

/// Whether connectors may import WASI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum WasiChoice {
    /// WASI is there and does nothing.
    Inert,
    /// One that imports it is refused.
    Refuse,
}

impl From<AllocatorChoice> for Allocator {
    fn from(choice: AllocatorChoice) -> Self {
        match choice {
            AllocatorChoice::Pooling => Self::Pooling,
            AllocatorChoice::OnDemand => Self::OnDemand,
        }
    }
}

impl From<WasiChoice> for WasiPolicy {
    fn from(choice: WasiChoice) -> Self {
        match choice {
            WasiChoice::Inert => Self::Inert,
            WasiChoice::Refuse => Self::Refuse,
        }
    }
}

impl ConnectorSettings {
    /// For connectors whose compiled forms are kept in this directory, with marks by this key.
    pub(super) fn with_cache(&self, cache_directory: PathBuf, cache_key: Option<hmac::Key>) -> connectors::Settings {
        connectors::Settings {
            cache_directory,
            cache_key,
            admission: self.admission(),
            breaker: breaker::Settings {
                failures: self.connector_breaker_failures,
                window: Duration::from_secs(self.connector_breaker_window_s),
            },
            probation: probation::Settings {
                failures: self.connector_rollback_failures,
                window: Duration::from_secs(self.connector_rollback_window_s),
                period: Duration::from_secs(self.connector_rollback_period_s),
            },
        }
    }

    pub(super) fn admission(&self) -> admission::Settings {
        admission::Settings {
            wasi: self.connector_wasi.into(),
            precheck: self.connector_precheck,
            approved_reaches: Approvals::new(self.connector_approved_reaches.clone()),
            compile_limits: CompileLimits {
                memory_bytes: u64::from(self.connector_compile_max_memory_mib) << 20,
                cpu_time: Duration::from_secs(self.connector_compile_max_cpu_s),
                wall_time: Duration::from_secs(self.connector_compile_max_wall_s),
            },
            limits: self.limits(),
            allocator: self.connector_allocator.into(),
            ..admission::Settings::default()
        }
    }

    fn limits(&self) -> Limits {
        Limits {
            component_bytes: u64::from(self.connector_max_component_mib) << 20,
            cpu_time: Duration::from_millis(self.connector_max_cpu_ms),
            wall_time: Duration::from_millis(self.connector_max_wall_ms),
            memory_bytes: usize::from(self.connector_max_memory_mib) << 20,
            table_elements: self.connector_max_table_elements as usize,
            instances: self.connector_max_instances,
            handles: self.connector_max_handles as usize,
            stack_bytes: usize::from(self.connector_max_stack_kib) << 10,
            answer_bytes: (self.connector_max_answer_kib as usize) << 10,
            log_lines: self.connector_max_log_lines,
            log_line_bytes: self.connector_max_log_line_bytes as usize,
        }
    }
}

fn parse_approval(text: &str) -> Result<String, String> {
    Approvals::check(text)?;
    Ok(text.to_owned())
}
