//! How long a turn has worked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// A turn that waits more than it works, for a slow disk or for a core, ends when it has lasted this many times its
/// bound.
const PATIENCE: u32 = 20;

/// How often what computes for long gives way to threads that wake: else each of them waits for the kernel's tick of 4 ms.
const GIVE_WAY: Duration = Duration::from_micros(500);

/// Bounds the turns of one connection. The bound is on the CPU time of the thread that runs SQLite, so that a busy machine
/// cuts off nobody who does little.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// Grows with each turn.
    turn: AtomicU64,
    /// What the turn may work, in microseconds.
    work: AtomicU64,
    /// Whether what runs shall end now.
    stopped: AtomicBool,
}

impl Meter {
    /// Begins a turn. Nothing may run on the connection.
    pub(super) fn begin(&self, work: Duration) {
        self.work.store(u64::try_from(work.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.turn.fetch_add(1, Ordering::Release);
    }

    /// Ends what runs, and whatever would run after it.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Says each time that it is called, by the thread that runs SQLite, whether to go on.
    pub(super) fn handler(self: Arc<Self>) -> impl FnMut() -> bool + Send + 'static {
        let (mut turn, mut began) = (0, (Duration::ZERO, Instant::now()));
        let mut gave_way = Instant::now();
        move || {
            if gave_way.elapsed() >= GIVE_WAY {
                std::thread::yield_now();
                gave_way = Instant::now();
            }
            if self.stopped.load(Ordering::Relaxed) {
                return false;
            }
            let current = self.turn.load(Ordering::Acquire);
            if turn != current {
                (turn, began) = (current, (thread_time(), Instant::now()));
                return true;
            }
            let work = Duration::from_micros(self.work.load(Ordering::Relaxed));
            thread_time().saturating_sub(began.0) < work && began.1.elapsed() < work.saturating_mul(PATIENCE)
        }
    }
}

/// The CPU time that the thread which calls this has used.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spend(time: Duration) {
        let start = thread_time();
        while thread_time() < start + time {}
    }

    #[test]
    fn counts_what_a_turn_works_and_not_what_it_waits() {
        let meter = Arc::new(Meter::default());
        let mut go_on = Arc::clone(&meter).handler();
        meter.begin(Duration::from_millis(200));
        assert!(go_on());
        std::thread::sleep(Duration::from_millis(250));
        assert!(go_on(), "waiting is not working");
        spend(Duration::from_millis(210));
        assert!(!go_on());
        meter.begin(Duration::from_millis(200));
        assert!(go_on() && go_on(), "the next turn begins at nothing");
    }

    #[test]
    fn ends_at_once_when_told_to() {
        let meter = Arc::new(Meter::default());
        let mut go_on = Arc::clone(&meter).handler();
        meter.begin(Duration::MAX);
        assert!(go_on() && go_on());
        meter.stop();
        assert!(!go_on());
        meter.begin(Duration::MAX);
        assert!(!go_on(), "a connection that was stopped is not used again");
    }
}
