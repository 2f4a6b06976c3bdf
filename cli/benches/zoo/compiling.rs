//! A component that compiles for ever into everything there is, when nothing counts it before.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use patchpanel::connectors::{CompileLimits, check};
use test_support::bombs;
use test_support::directory::TemporaryDirectory;
use test_support::process::resident_bytes;

use crate::measure::Result as Measured;
use crate::program::connector_settings;

const LIMIT: Duration = Duration::from_secs(2);

pub(crate) fn run() -> Result<Vec<Measured>> {
    let directory = TemporaryDirectory::new("zoo")?;
    let file = directory.path().join("bomb.wasm");
    std::fs::write(&file, bombs::doubling(30)?)?;
    let mut settings = connector_settings()?.admission;
    settings.precheck = false;
    let refused_for = |settings: &_| -> Result<String> {
        let reasons = check(settings, &file)?.err().context("a bomb is admitted")?;
        Ok(reasons.first().context("there is no reason")?.code.to_string())
    };
    // What the engine takes once is not of the bomb.
    settings.compile_limits = CompileLimits { memory_bytes: 256 << 20, ..CompileLimits::default() };
    ensure!(refused_for(&settings)? == "compile_memory", "the limit of memory does not hold");

    // More memory than it can fill in this time.
    settings.compile_limits = CompileLimits { wall_time: LIMIT, memory_bytes: 8 << 30, ..CompileLimits::default() };
    let (id, over) = (std::process::id(), AtomicBool::new(false));
    let before = resident_bytes(id)?;
    let most = AtomicU64::new(before);
    let start = Instant::now();
    let code = thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                most.fetch_max(resident_bytes(id).unwrap_or_default(), Ordering::SeqCst);
                thread::sleep(Duration::from_millis(10));
            }
        });
        let code = refused_for(&settings);
        over.store(true, Ordering::SeqCst);
        code
    })?;
    let late = start.elapsed().saturating_sub(LIMIT).as_secs_f64();
    ensure!(code == "compile_wall_time", "the bomb ended of {code}");
    #[expect(clippy::cast_precision_loss, reason = "mebibytes")]
    let more = most.into_inner().saturating_sub(before) as f64 / f64::from(1 << 20);
    Ok(vec![
        Measured::figure("compiling a bomb: ended after its limit", late, " s", 1.0),
        Measured::figure("compiling a bomb: memory of the server beyond before", more, " MiB", 10.0),
    ])
}
