//! The process: how soon it is ready when its connectors are compiled already, and what it takes when idle.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use test_support::patchpanel::Patchpanel;

use crate::measure::{Result as Measured, median};
use crate::target_directory;

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
    let resident = resident_mebibytes(server.id())?;
    let line = |name, figure, unit, bar| Measured {
        name,
        ours: String::new(),
        baseline: String::new(),
        figure,
        interval: None,
        unit,
        bar: Some(bar),
        guard: None,
    };
    Ok(vec![
        line("start until ready, connectors cached", median(&mut times), " ms", 300.0),
        line("resident memory, idle", resident, " MiB", 80.0),
    ])
}

/// From `/proc/PID/status` (proc(5)): `VmRSS` in kB.
fn resident_mebibytes(id: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS in the status")?;
    let kibibytes: u32 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(f64::from(kibibytes) / 1024.0)
}
