//! Size, memory and time, with room to spare: a limit that is nearly met here is exceeded on a busier day.

use std::time::Instant;

use super::{Finding, Kit, Tried};

/// The part of a limit that may be used, in percent.
const ROOM: u64 = 75;

/// Times that each example is tried.
const ROUNDS: usize = 20;

pub(super) fn check(kit: &Kit<'_>) -> Tried {
    let limits = kit.version.limits();
    let mut times = Vec::new();
    for example in kit.version.manifest().examples.iter().cycle().take(ROUNDS) {
        let start = Instant::now();
        // How it answers is told by the other checks.
        let _ = kit.version.validate(patchpanel::connectors::contract::Purpose::Check, example, &[]);
        times.push(start.elapsed());
    }
    times.sort();
    // The middle one: what else the machine does is not the connector's.
    let time = times[times.len() / 2];
    let memory = kit.version.peak_memory_bytes();
    let mut tried = Tried::new(format!(
        "{} KiB, {:.1} MiB of memory, {:.2} ms a call",
        kit.component_bytes.div_ceil(1024),
        mebibytes(memory as u64),
        time.as_secs_f64() * 1e3
    ));
    let most = |limit: u64| limit / 100 * ROOM;
    let over = [
        (
            "size",
            kit.component_bytes > most(limits.component_bytes),
            "Leave out debug information and what is not used.",
        ),
        (
            "memory",
            memory as u64 > most(limits.memory_bytes as u64),
            "Keep no copies of long texts, and declare less memory.",
        ),
        (
            "time",
            time > limits.cpu_time / 100 * u32::try_from(ROOM).unwrap_or(100),
            "Prepare at build time what can be, and parse once.",
        ),
    ];
    for (what, _, remedy) in over.into_iter().filter(|(_, over, _)| *over) {
        let message = format!("it takes more than {ROOM} % of its limit of {what}");
        tried.add(Finding::warning("near_limit", message, remedy));
    }
    tried
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
