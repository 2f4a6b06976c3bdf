//! What others notice of a guest that spins all the time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use test_support::directory::TemporaryDirectory;
use test_support::load::{Load, Report};

use crate::arena::{Arena, ask};
use crate::measure::{Result as Measured, median};
use crate::onslaught::callable;

const RATE: u32 = 200;
const BLOCK: Duration = Duration::from_secs(5);
const PAIRS: usize = 6;

pub(crate) fn run() -> Result<Vec<Measured>> {
    let data = TemporaryDirectory::new("zoo")?;
    let arena = Arena::open("pooling", &data)?;
    let spinner = callable().find(|row| row.guest == "spin-in-validate").context("there is no guest that spins")?;
    let load = || -> Result<Report> {
        let good = arena.client("good")?;
        let load = Load::start(RATE, move || ask(&good))?;
        thread::sleep(BLOCK);
        load.stop()
    };
    let beside = |spinning: bool| -> Result<Report> {
        let over = AtomicBool::new(!spinning);
        let client = arena.client("zoo")?;
        thread::scope(|scope| {
            let spin = scope.spawn(|| -> Result<()> {
                while !over.load(Ordering::SeqCst) {
                    arena.provoke(&client, spinner)?;
                }
                Ok(())
            });
            let report = load();
            over.store(true, Ordering::SeqCst);
            spin.join().map_err(|_| anyhow::anyhow!("the spinner panicked"))??;
            report
        })
    };
    let (mut ratios, mut errors) = (Vec::new(), 0);
    for _ in 0..PAIRS {
        let (alone, together) = (beside(false)?, beside(true)?);
        println!("  p99 alone {:?}, beside a spinning guest {:?}", alone.percentile(99), together.percentile(99));
        ratios.push(together.percentile(99).as_secs_f64() / alone.percentile(99).as_secs_f64());
        errors += alone.errors + together.errors;
    }
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let errors = errors as f64;
    Ok(vec![
        Measured::figure("p99 beside a spinning guest, of alone", median(&mut ratios), "×", 2.0),
        Measured::figure("good requests beside it that failed", errors, "", 0.0),
    ])
}
