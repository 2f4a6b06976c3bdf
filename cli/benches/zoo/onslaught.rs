//! Every hostile connector a hundred times under good load, with both ways to get memory.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use test_support::directory::TemporaryDirectory;
use test_support::load::Load;
use test_support::process::resident_bytes;

use crate::arena::{Arena, ask};
use crate::catalog::{Call, ROWS, Row};
use crate::measure::Result as Measured;

/// How often each misbehaves.
const TIMES: usize = 100;

/// Organizations that attack at once.
const ATTACKERS: usize = 10;

/// Good requests in a second.
const RATE: u32 = 200;

const SAMPLE: Duration = Duration::from_millis(20);

/// Memory beyond the idle server's.
const MAX_MORE_MIB: f64 = 400.0;

pub(crate) fn run() -> Result<Vec<Measured>> {
    let (data, mut results) = (TemporaryDirectory::new("zoo")?, Vec::new());
    for (allocator, names) in [
        (
            "pooling",
            [
                "pooled: good requests that failed",
                "pooled: guests that got away",
                "pooled: panics",
                "pooled: memory beyond idle",
            ],
        ),
        (
            "on-demand",
            [
                "on demand: good requests that failed",
                "on demand: guests that got away",
                "on demand: panics",
                "on demand: memory beyond idle",
            ],
        ),
    ] {
        let figures = attack(allocator, &data)?;
        let bars = [0.0, 0.0, 0.0, MAX_MORE_MIB];
        let units = ["", "", "", " MiB"];
        for (index, name) in names.into_iter().enumerate() {
            results.push(Measured::figure(name, figures[index], units[index], bars[index]));
        }
    }
    Ok(results)
}

/// Those that misbehave when they are called; the others have been refused.
pub(crate) fn callable() -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(|row| row.call != Call::Load)
}

#[expect(clippy::cast_precision_loss, reason = "counts and mebibytes")]
fn attack(allocator: &str, data: &TemporaryDirectory) -> Result<[f64; 4]> {
    let arena = Arena::open(allocator, data)?;
    // What the first calls allocate once belongs to the idle server.
    let good = arena.client("good")?;
    for _ in 0..100 {
        ask(&good)?;
    }
    let idle = resident_bytes(arena.host.id())?;
    let (most, over) = (AtomicU64::new(idle), AtomicBool::new(false));
    let wrong = Mutex::new(Vec::new());
    let load = Load::start(RATE, move || ask(&good))?;
    thread::scope(|scope| -> Result<()> {
        let watch = scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                most.fetch_max(resident_bytes(arena.host.id()).unwrap_or_default(), Ordering::SeqCst);
                thread::sleep(SAMPLE);
            }
        });
        let attackers: Vec<_> = (0..ATTACKERS)
            .map(|attacker| {
                let client = arena.client(&format!("zoo-{attacker}"))?;
                let (arena, wrong) = (&arena, &wrong);
                Ok(scope.spawn(move || {
                    for row in callable() {
                        for _ in 0..TIMES / ATTACKERS {
                            if let Err(error) = arena.provoke(&client, row) {
                                wrong.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{error:#}"));
                            }
                        }
                    }
                }))
            })
            .collect::<Result<_>>()?;
        for attacker in attackers {
            attacker.join().map_err(|_| anyhow::anyhow!("an attacker panicked"))?;
        }
        over.store(true, Ordering::SeqCst);
        drop(watch.join());
        Ok(())
    })?;
    let report = load.stop()?;
    let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    for line in report.shown.iter().chain(wrong.iter().take(5)) {
        println!("  {line}");
    }
    println!("  {allocator}: {} good requests, p99 {:?}", report.requests, report.percentile(99));
    let panics = arena.host.log()?.matches("panicked").count();
    let more = most.load(Ordering::SeqCst).saturating_sub(idle) as f64 / f64::from(1 << 20);
    Ok([report.errors as f64, wrong.len() as f64, panics as f64, more])
}
