//! The process: how soon it is ready when its connectors are compiled already, and what it takes when idle.

use std::time::{Duration, Instant};

use anyhow::Result;
use test_support::patchpanel::Patchpanel;
use test_support::process::resident_bytes;

use crate::measure::{Result as Measured, median};
use crate::program::target_directory;

const STARTS: usize = 11;

pub(crate) fn run() -> Result<Vec<Measured>> {
    let connectors = target_directory()?.join("connectors");
    let start = |directory: Option<&Patchpanel>| {
        let builder = Patchpanel::builder().setting("CONNECTORS_DIR", &connectors.display().to_string());
        match directory {
            Some(server) => builder.directory(server.directory()).start(),
            None => builder.start(),
        }
    };
    // The first start compiles the connectors and makes the keys.
    let mut server = start(None)?;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        server.stop()?;
        let begin = Instant::now();
        server = start(Some(&server))?;
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    std::thread::sleep(Duration::from_secs(2));
    #[expect(clippy::cast_precision_loss, reason = "a few MiB")]
    let resident = resident_bytes(server.id())? as f64 / f64::from(1 << 20);
    Ok(vec![
        Measured::figure("start until ready, connectors cached", median(&mut times), " ms", 300.0),
        Measured::figure("resident memory, idle", resident, " MiB", 80.0),
    ])
}
