//! The threads that guests run on. No others run them but those that admit, so a guest that spins to its deadline holds up
//! no request but its own; and the queue before them is fair, so one tenant's guests hold up no other tenant's.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::priority;

/// Jobs that may wait, in all and for one key.
const MAX_WAITING: usize = 512;
const MAX_WAITING_PER_KEY: usize = 128;

/// More, beside the one that stands back, would exhaust the slots of pooled instances.
const MAX_THREADS: usize = 15;

/// Whose job it is: fairness holds between keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::connectors) struct Key {
    pub(in crate::connectors) organization: String,
    pub(in crate::connectors) connector: String,
}

/// Why a job did not run to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::connectors) enum Unfinished {
    /// Too many wait already.
    Busy,
    /// The job panicked; it has been logged.
    Panicked,
}

type Job = Box<dyn FnOnce() + Send>;

/// A handle to the threads; they end when it is dropped.
pub(in crate::connectors) struct Threads(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

/// Fair by the time that keys have had, not by turns: who spins to the deadline waits the longer after it, and who needs
/// a fraction of a millisecond is served next. This is start-time fair queueing (Goyal, Vin and Cheng, 1996): the key
/// with the least time served goes first, and one that comes back after a while has saved nothing up.
#[derive(Default)]
struct Queue {
    /// Those with jobs, and those whose time lies ahead of the clock.
    lanes: HashMap<Key, Lane>,
    /// The time that the key served last had had when it was.
    clock: Duration,
    arrivals: u64,
    waiting: usize,
    closed: bool,
}

#[derive(Default)]
struct Lane {
    jobs: VecDeque<Job>,
    running: bool,
    /// The time that it has had, on the clock.
    served: Duration,
    /// Decides between keys that have had the same.
    arrival: u64,
}

impl Threads {
    /// Starts as many threads as there are cores, and two at least, so that one key never holds the last one.
    pub(super) fn start() -> io::Result<Self> {
        let threads = Self::with_no_threads();
        for index in 0..thread::available_parallelism().map_or(2, NonZero::get).clamp(2, MAX_THREADS) {
            let shared = Arc::clone(&threads.0);
            thread::Builder::new().name(format!("guest-{index}")).spawn(move || work(&shared))?;
        }
        Ok(threads)
    }

    /// Starts one thread that stands back, for what nobody waits for.
    pub(super) fn start_behind() -> io::Result<Self> {
        let threads = Self::with_no_threads();
        let shared = Arc::clone(&threads.0);
        thread::Builder::new().name("guest-behind".to_owned()).spawn(move || {
            priority::stand_back();
            work(&shared);
        })?;
        Ok(threads)
    }

    fn with_no_threads() -> Self {
        Self(Arc::new(Shared { queue: Mutex::default(), changed: Condvar::new() }))
    }

    /// Runs a job on one of the threads, after the jobs of its key that came before. A job whose future is dropped
    /// before it has begun is passed over when its turn comes.
    pub(in crate::connectors) async fn run<T: Send + 'static>(
        &self,
        key: Key,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unfinished> {
        let (sender, receiver) = oneshot::channel();
        self.0.add(
            key,
            Box::new(move || {
                if !sender.is_closed() {
                    // The receiver may be gone by now; then nobody wants the answer.
                    drop(sender.send(job()));
                }
            }),
        )?;
        receiver.await.map_err(|_| Unfinished::Panicked)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        // No code that can panic runs under this lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, key: Key, job: Job) -> Result<(), Unfinished> {
        let mut queue = self.lock();
        if queue.waiting >= MAX_WAITING {
            return Err(Unfinished::Busy);
        }
        let (clock, arrival) = (queue.clock, queue.arrivals);
        let lane = queue.lanes.entry(key).or_default();
        if lane.jobs.len() >= MAX_WAITING_PER_KEY {
            return Err(Unfinished::Busy);
        }
        lane.jobs.push_back(job);
        if lane.jobs.len() == 1 && !lane.running {
            lane.served = lane.served.max(clock);
            lane.arrival = arrival;
        }
        queue.arrivals += 1;
        queue.waiting += 1;
        // Whoever wakes would find the lock taken.
        drop(queue);
        self.changed.notify_one();
        Ok(())
    }

    /// The next job, in turn, of a key that has a thread to spare; none when closed.
    fn take(&self) -> Option<(Key, Job)> {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return None;
            }
            if let Some(taken) = queue.take() {
                return Some(taken);
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn done(&self, key: &Key, time: Duration) {
        let mut queue = self.lock();
        let (clock, arrival) = (queue.clock, queue.arrivals);
        if let Some(lane) = queue.lanes.get_mut(key) {
            lane.running = false;
            lane.served += time;
            lane.arrival = arrival;
        }
        queue.arrivals += 1;
        let is_busy = |lane: &Lane| lane.running || !lane.jobs.is_empty();
        if queue.lanes.values().any(is_busy) {
            queue.lanes.retain(|_, lane| is_busy(lane) || lane.served > clock);
        } else {
            // Nobody waits for anybody: what was is settled.
            queue.lanes.clear();
            queue.clock = Duration::ZERO;
        }
        drop(queue);
        // A job of this key may have waited for the thread.
        self.changed.notify_one();
    }
}

impl Queue {
    /// A key holds one thread at a time: what it may hold more, others would wait for, since a guest that runs is not
    /// interrupted before its deadline.
    fn take(&mut self) -> Option<(Key, Job)> {
        let ready = self.lanes.iter_mut().filter(|(_, lane)| !lane.running && !lane.jobs.is_empty());
        let (key, lane) = ready.min_by_key(|(_, lane)| (lane.served, lane.arrival))?;
        let job = lane.jobs.pop_front()?;
        lane.running = true;
        self.clock = self.clock.max(lane.served);
        self.waiting -= 1;
        Some((key.clone(), job))
    }
}

fn work(shared: &Shared) {
    while let Some((key, job)) = shared.take() {
        let start = Instant::now();
        // A panic is a defect of the host; it must not cost a thread.
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!(connector = key.connector, "a connector call panicked in the host");
        }
        shared.done(&key, start.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(organization: &str) -> Key {
        Key { organization: organization.to_owned(), connector: "c".to_owned() }
    }

    #[test]
    fn takes_turns_between_keys_and_gives_each_one_thread() {
        let shared = Shared { queue: Mutex::default(), changed: Condvar::new() };
        for organization in ["a", "a", "a", "b", "c"] {
            shared.add(key(organization), Box::new(|| ())).unwrap();
        }
        let served = || {
            let next = || shared.lock().take().map(|(key, _)| key.organization);
            std::iter::from_fn(next).collect::<Vec<_>>()
        };
        assert_eq!(served(), ["a", "b", "c"]);
        shared.done(&key("a"), Duration::from_millis(1));
        assert_eq!(served(), ["a"]);
        assert_eq!(shared.lock().waiting, 1);
    }

    #[test]
    fn serves_who_needs_little_before_who_has_had_much() {
        let shared = Shared { queue: Mutex::default(), changed: Condvar::new() };
        let add = |organization: &str| shared.add(key(organization), Box::new(|| ())).unwrap();
        let serve = |milliseconds: u64| {
            let served = shared.lock().take().map(|(key, _)| key).unwrap();
            shared.done(&served, Duration::from_millis(milliseconds));
            served.organization
        };
        for organization in ["spins", "quick", "spins", "quick", "quick"] {
            add(organization);
        }
        assert_eq!(serve(100), "spins");
        for _ in 0..3 {
            assert_eq!(serve(1), "quick");
        }
        // Whoever comes later has saved nothing up, and still needs less.
        add("new");
        assert_eq!(serve(1), "new");
        assert_eq!(serve(1), "spins");
        assert_eq!(shared.lock().waiting, 0);
    }

    #[test]
    fn remembers_no_key_for_ever() {
        let shared = Shared { queue: Mutex::default(), changed: Condvar::new() };
        for number in 0..1000 {
            shared.add(key(&format!("o{number}")), Box::new(|| ())).unwrap();
            let served = shared.lock().take().map(|(key, _)| key).unwrap();
            shared.done(&served, Duration::from_millis(1));
        }
        assert!(shared.lock().lanes.is_empty());
    }

    #[test]
    fn bounds_what_one_key_and_all_may_queue() {
        let shared = Shared { queue: Mutex::default(), changed: Condvar::new() };
        let add = |organization: &str| shared.add(key(organization), Box::new(|| ()));
        for _ in 0..MAX_WAITING_PER_KEY {
            assert_eq!(add("a"), Ok(()));
        }
        assert_eq!(add("a"), Err(Unfinished::Busy));
        let added = (0..MAX_WAITING).filter(|index| add(&format!("o{index}")).is_ok()).count();
        assert_eq!(added, MAX_WAITING - MAX_WAITING_PER_KEY);
    }

    #[tokio::test]
    async fn survives_a_job_that_panics() {
        let threads = Threads::start().unwrap();
        for _ in 0..8 {
            // Like a panic, without its noise.
            let job = || -> u8 { std::panic::resume_unwind(Box::new("as a defect would")) };
            assert_eq!(threads.run(key("a"), job).await, Err(Unfinished::Panicked));
        }
        assert_eq!(threads.run(key("a"), || 7).await, Ok(7));
    }
}
