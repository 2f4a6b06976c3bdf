//! Calls in this process: those that run away, those that must not be stopped, and what they find in their memory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use patchpanel::connectors::contract::Purpose;
use patchpanel::connectors::{Allocator, CallError, Connectors, Limits, VersionInUse};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use test_support::directory::TemporaryDirectory;
use test_support::guests;

use crate::measure::Result as Measured;
use crate::program::{connector_settings, target_directory};

const RUNAWAYS: usize = 1_000;
const NORMAL_CALLS: usize = 1_000_000;
const SEARCHES: usize = 10_000;

/// How much later than its limit a runaway may end.
const GRACE: Duration = Duration::from_millis(20);

/// Some guests, loaded.
fn load(names: &[&str], allocator: Allocator) -> Result<Vec<VersionInUse>> {
    let directory = TemporaryDirectory::new("zoo")?;
    for name in names {
        std::fs::write(directory.path().join(format!("{name}.wasm")), guests::named(name)?)?;
    }
    let mut settings = connector_settings()?;
    settings.admission.allocator = allocator;
    let connectors = Connectors::load(&settings, directory.path())?;
    let find = |name: &&str| connectors.find(&format!("zoo-{name}")).with_context(|| format!("{name} is refused"));
    names.iter().map(find).collect()
}

fn config(trigger: &str) -> Value {
    json!({"host": "db.example.com", "database": "sales", "trigger": trigger})
}

/// Of this thread.
fn cpu_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[expect(clippy::cast_precision_loss, reason = "counts")]
pub(crate) fn runaways() -> Result<Vec<Measured>> {
    let spinner = load(&["spin-in-validate"], Allocator::Pooling)?.remove(0);
    let (config, limit) = (config("on"), Limits::default().cpu_time);
    let (left, late) = (AtomicUsize::new(RUNAWAYS), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..cores() {
            scope.spawn(|| {
                while left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
                    // The limit is one of CPU time, so that whatever else this machine does takes nothing from it.
                    let start = cpu_time();
                    let answer = spinner.version().validate(Purpose::Check, &config, &[]);
                    let is_stopped = matches!(answer, Err(CallError::Limit { .. }));
                    if !is_stopped || cpu_time().saturating_sub(start) > limit + GRACE {
                        late.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    Ok(vec![Measured::figure(
        "runaways of 1,000 not stopped within 20 ms of the limit",
        late.into_inner() as f64,
        "",
        0.0,
    )])
}

#[expect(clippy::cast_precision_loss, reason = "counts")]
pub(crate) fn false_kills() -> Result<Vec<Measured>> {
    let connectors = Connectors::load(&connector_settings()?, &target_directory()?.join("connectors"))?;
    let connector = connectors.find("postgres").context("the PostgreSQL connector is not there")?;
    let config = json!({"host": "db.example.com", "database": "sales"});
    let (left, failed) = (AtomicUsize::new(NORMAL_CALLS), AtomicUsize::new(0));
    thread::scope(|scope| {
        // More than cores, so that every call is interrupted by others.
        for _ in 0..2 * cores() {
            scope.spawn(|| {
                while left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
                    let answer = connector.version().validate(Purpose::Check, &config, &[]);
                    if !answer.is_ok_and(|(_, accepted)| accepted.is_some()) {
                        failed.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    Ok(vec![Measured::figure(
        "normal calls of 1,000,000 that failed at full load",
        failed.into_inner() as f64,
        "",
        0.0,
    )])
}

#[expect(clippy::cast_precision_loss, reason = "counts")]
pub(crate) fn canaries() -> Result<Vec<Measured>> {
    let mut results = Vec::new();
    for (allocator, name) in [
        (Allocator::Pooling, "searches of 10,000 that found a canary, pooled"),
        (Allocator::OnDemand, "searches of 10,000 that found a canary, on demand"),
    ] {
        let guests = load(&["plant-canaries", "search-memory"], allocator)?;
        let config = config("on");
        let mut found = 0_usize;
        for _ in 0..SEARCHES {
            let (findings, _) = guests[0].version().validate(Purpose::Check, &config, &[])?;
            ensure!(findings.is_empty(), "no canary was planted: {findings:?}");
            let (findings, _) = guests[1].version().validate(Purpose::Check, &config, &[])?;
            ensure!(findings.len() == 1, "nothing was searched: {findings:?}");
            found += usize::from(!findings[0].message.starts_with("Found 0 canaries, and 0 words in "));
        }
        results.push(Measured::figure(name, found as f64, "", 0.0));
    }
    Ok(results)
}
