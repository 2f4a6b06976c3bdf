//! What a figure was measured on.

use serde_json::{Value, json};

/// Versions, kernel and CPU.
pub(crate) fn describe() -> Value {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = cpuinfo.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned())
    };
    json!({
        "patchpanel": env!("CARGO_PKG_VERSION"),
        "kernel": std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim(),
        "cpu": field("model name"),
        "flags": field("flags"),
        "cores": std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
    })
}
