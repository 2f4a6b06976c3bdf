//! Requests at a constant rate, whatever the server does: one that is late counts from when it was due.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

/// Requests at once, so that a server that is late for one is asked the next in time.
const THREADS: u32 = 64;

/// How long a load that has been stopped may sleep.
const MAX_SLEEP: Duration = Duration::from_millis(100);

/// Wrong answers that are kept, to be shown.
const MAX_SHOWN: usize = 5;

/// A running load. Dropping it stops it too, without a report.
#[derive(Debug)]
pub struct Load {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    start: Instant,
    interval: Duration,
    next: AtomicU32,
    stopped: AtomicBool,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    latencies: Vec<Duration>,
    errors: usize,
    shown: Vec<String>,
}

/// What a load has seen.
#[derive(Debug, Clone)]
pub struct Report {
    /// Answers, right or wrong.
    pub requests: usize,
    /// Wrong ones.
    pub errors: usize,
    /// The first of them.
    pub shown: Vec<String>,
    /// Sorted.
    latencies: Vec<Duration>,
}

impl Load {
    /// So many requests in a second; `request` makes one and fails when the answer is wrong.
    pub fn start(rate: u32, request: impl Fn() -> Result<()> + Clone + Send + 'static) -> Result<Self> {
        let shared = Arc::new(Shared {
            start: Instant::now(),
            interval: Duration::from_secs(1) / rate,
            next: AtomicU32::new(0),
            stopped: AtomicBool::new(false),
            seen: Mutex::default(),
        });
        let mut load = Self { shared: Arc::clone(&shared), threads: Vec::new() };
        for _ in 0..THREADS {
            let (shared, request) = (Arc::clone(&shared), request.clone());
            load.threads.push(thread::Builder::new().name("load".to_owned()).spawn(move || work(&shared, &request))?);
        }
        Ok(load)
    }

    /// Stops it and says what it has seen.
    pub fn stop(mut self) -> Result<Report> {
        self.shared.stopped.store(true, Ordering::SeqCst);
        for thread in self.threads.drain(..) {
            thread.join().map_err(|_| anyhow!("a request panicked"))?;
        }
        let mut seen = self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let Seen { mut latencies, errors, shown } = std::mem::take(&mut *seen);
        latencies.sort();
        Ok(Report { requests: latencies.len(), errors, shown, latencies })
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
    }
}

impl Report {
    /// The latency that so many of a hundred requests did not exceed; zero without a request.
    pub fn percentile(&self, percent: usize) -> Duration {
        let index = (self.latencies.len() * percent).div_ceil(100).saturating_sub(1);
        self.latencies.get(index).copied().unwrap_or_default()
    }
}

fn work(shared: &Shared, request: &impl Fn() -> Result<()>) {
    loop {
        let due = shared.start + shared.interval * shared.next.fetch_add(1, Ordering::SeqCst);
        loop {
            if shared.stopped.load(Ordering::SeqCst) {
                return;
            }
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            thread::sleep(left.min(MAX_SLEEP));
        }
        let outcome = request();
        let latency = due.elapsed();
        let mut seen = shared.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.latencies.push(latency);
        if let Err(error) = outcome {
            seen.errors += 1;
            if seen.shown.len() < MAX_SHOWN {
                seen.shown.push(format!("{error:#}"));
            }
        }
    }
}
