//! Shares of something of which there is a fixed amount.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// How many of one key may wait at once for a share. Whoever comes later is refused.
const MAX_WAITING_PER_KEY: usize = 256;

/// What has to be left over, in parts of what a key holds.
const LEFT_FOR_OTHERS: usize = 4;

/// A fixed amount of units that keys hold shares of. Clones are the same amount.
///
/// A key holds at most its share, and at most a quarter of what is left over for all others: `n` greedy keys get one part
/// in `n + 4` each, and four parts stay free for whoever comes next (Choudhury and Hahne, "Dynamic queue length thresholds
/// for shared-memory packet switches", 1998, with alpha 1/4). Greedy keys that come one after another, and hold on to what
/// they have, get less and less: of 256 units some thirty of them leave none. A key that holds nothing may always have what
/// there is. Those that wait are served in turns between keys, and within one key in the order in which they came.
pub struct Shares<K: Key>(Arc<Inner<K>>);

/// What shares are counted by.
pub trait Key: Clone + Eq + Hash {}

impl<K: Clone + Eq + Hash> Key for K {}

struct Inner<K: Key> {
    /// Units that one key may hold.
    most: usize,
    state: Mutex<State<K>>,
}

struct State<K: Key> {
    free: usize,
    /// Keys that hold something or wait.
    lanes: HashMap<K, Lane<K>>,
    /// Keys that wait, in the order of their turns.
    turns: VecDeque<K>,
}

struct Lane<K: Key> {
    held: usize,
    waiting: VecDeque<Waiter<K>>,
}

struct Waiter<K: Key> {
    units: usize,
    granted: oneshot::Sender<Share<K>>,
}

/// Units that a key holds, until this is dropped.
#[must_use = "the units are given back when it is dropped"]
pub struct Share<K: Key> {
    inner: Arc<Inner<K>>,
    key: K,
    units: usize,
}

/// Why there is no share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The key holds as much as it may, while others could have some.
    #[error("the share is used up")]
    Key,
    /// There is nothing left for anybody.
    #[error("all of it is in use")]
    All,
}

impl<K: Key> Shares<K> {
    /// `total` units, of which one key may hold `most`.
    pub fn new(total: usize, most: usize) -> Self {
        let state = State { free: total, lanes: HashMap::new(), turns: VecDeque::new() };
        Self(Arc::new(Inner { most, state: Mutex::new(state) }))
    }

    /// Takes units now or not at all.
    pub fn try_take(&self, key: &K, units: usize) -> Result<Share<K>, Refused> {
        self.0.lock().take(key, units, self.0.most)?;
        Ok(self.share(key, units))
    }

    /// Takes units, waiting for at most so long; then it says what was in the way at the last.
    pub async fn take(&self, key: &K, units: usize, limit: Duration) -> Result<Share<K>, Refused> {
        let granted = {
            let mut state = self.0.lock();
            match state.take(key, units, self.0.most) {
                Ok(()) => {
                    drop(state);
                    return Ok(self.share(key, units));
                }
                // Its own queue is full then.
                Err(_) => state.wait(key, units).ok_or(Refused::Key)?,
            }
        };
        match tokio::time::timeout(limit, granted).await {
            Ok(Ok(share)) => Ok(share),
            // What is granted at this very moment goes back when the receiver is dropped.
            Ok(Err(_)) | Err(_) => Err(self.0.lock().obstacle(key, units, self.0.most).unwrap_or(Refused::All)),
        }
    }

    /// Units that the key holds.
    pub fn held(&self, key: &K) -> usize {
        self.0.lock().lanes.get(key).map_or(0, |lane| lane.held)
    }

    /// How many units of the resource nobody holds.
    pub fn free(&self) -> usize {
        self.0.lock().free
    }

    fn share(&self, key: &K, units: usize) -> Share<K> {
        Share { inner: Arc::clone(&self.0), key: key.clone(), units }
    }
}

impl<K: Key> Share<K> {
    /// Takes so many units more, now or not at all.
    pub fn grow(&mut self, units: usize) -> Result<(), Refused> {
        self.inner.lock().take(&self.key, units, self.inner.most)?;
        self.units += units;
        Ok(())
    }
}

impl<K: Key> Drop for Share<K> {
    fn drop(&mut self) {
        give_back(&self.inner, &self.key, self.units);
    }
}

/// Gives units back, and grants them to those whose turn it is.
fn give_back<K: Key>(inner: &Arc<Inner<K>>, key: &K, units: usize) {
    let granted = {
        let mut state = inner.lock();
        state.give_back(key, units);
        state.grant(inner)
    };
    // A waiter that has gone gives its share back at once, so not under the lock.
    for (waiter, share) in granted {
        drop(waiter.send(share));
    }
}

impl<K: Key> Inner<K> {
    fn lock(&self) -> MutexGuard<'_, State<K>> {
        // No code that can panic runs under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Key> State<K> {
    /// What keeps the key from taking so many units.
    fn obstacle(&self, key: &K, units: usize, most: usize) -> Option<Refused> {
        let held = self.lanes.get(key).map_or(0, |lane| lane.held);
        if held + units > most {
            Some(Refused::Key)
        } else if units > self.free {
            Some(Refused::All)
        } else if held > 0 && (held + units).saturating_mul(LEFT_FOR_OTHERS) > self.free {
            Some(Refused::Key)
        } else {
            None
        }
    }

    /// Takes units for a key, unless something of it waits already.
    fn take(&mut self, key: &K, units: usize, most: usize) -> Result<(), Refused> {
        if let Some(refused) = self.obstacle(key, units, most) {
            return Err(refused);
        }
        let lane = self.lanes.entry(key.clone()).or_insert_with(|| Lane { held: 0, waiting: VecDeque::new() });
        lane.waiting.retain(|waiter| !waiter.granted.is_closed());
        if !lane.waiting.is_empty() {
            return Err(Refused::All);
        }
        lane.held += units;
        self.free -= units;
        Ok(())
    }

    /// Puts one more to the end of its key's queue; none when that is full.
    fn wait(&mut self, key: &K, units: usize) -> Option<oneshot::Receiver<Share<K>>> {
        let lane = self.lanes.entry(key.clone()).or_insert_with(|| Lane { held: 0, waiting: VecDeque::new() });
        lane.waiting.retain(|waiter| !waiter.granted.is_closed());
        if lane.waiting.len() >= MAX_WAITING_PER_KEY {
            return None;
        }
        let (granted, receiver) = oneshot::channel();
        lane.waiting.push_back(Waiter { units, granted });
        if !self.turns.contains(key) {
            self.turns.push_back(key.clone());
        }
        Some(receiver)
    }

    fn give_back(&mut self, key: &K, units: usize) {
        self.free += units;
        if let Some(lane) = self.lanes.get_mut(key) {
            lane.held -= units;
        }
        self.forget(key);
    }

    /// A key that holds nothing and waits for nothing leaves no trace.
    fn forget(&mut self, key: &K) {
        if self.lanes.get(key).is_some_and(|lane| lane.held == 0 && lane.waiting.is_empty()) {
            self.lanes.remove(key);
        }
    }

    /// Whom what is free goes to, one for each key in turns, as far as it goes.
    fn grant(&mut self, inner: &Arc<Inner<K>>) -> Vec<(oneshot::Sender<Share<K>>, Share<K>)> {
        let mut granted = Vec::new();
        let mut passed = 0;
        while passed < self.turns.len() {
            let Some(key) = self.turns.pop_front() else { break };
            match self.grant_to(&key, inner) {
                Granted::One(waiter, share) => {
                    granted.push((waiter, share));
                    passed = 0;
                    self.turns.push_back(key);
                }
                Granted::NotNow => {
                    passed += 1;
                    self.turns.push_back(key);
                }
                Granted::NoneWaits => self.forget(&key),
            }
        }
        granted
    }

    fn grant_to(&mut self, key: &K, inner: &Arc<Inner<K>>) -> Granted<K> {
        let Some(lane) = self.lanes.get_mut(key) else { return Granted::NoneWaits };
        lane.waiting.retain(|waiter| !waiter.granted.is_closed());
        let Some(units) = lane.waiting.front().map(|waiter| waiter.units) else { return Granted::NoneWaits };
        if self.obstacle(key, units, inner.most).is_some() {
            return Granted::NotNow;
        }
        let Some(lane) = self.lanes.get_mut(key) else { return Granted::NoneWaits };
        let Some(waiter) = lane.waiting.pop_front() else { return Granted::NoneWaits };
        lane.held += units;
        self.free -= units;
        Granted::One(waiter.granted, Share { inner: Arc::clone(inner), key: key.clone(), units })
    }
}

/// What a key's turn came to.
enum Granted<K: Key> {
    One(oneshot::Sender<Share<K>>, Share<K>),
    NotNow,
    NoneWaits,
}

impl<K: Key> Clone for Shares<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Key> fmt::Debug for Shares<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shares").field("free", &self.free()).finish_non_exhaustive()
    }
}

impl<K: Key> fmt::Debug for Share<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Share").field("units", &self.units).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(shares: &Shares<&'static str>, key: &'static str) -> Vec<Share<&'static str>> {
        std::iter::from_fn(|| shares.try_take(&key, 1).ok()).collect()
    }

    fn trace(shares: &Shares<&'static str>) -> (usize, usize) {
        let state = shares.0.lock();
        (state.lanes.len(), state.turns.len())
    }

    #[test]
    fn leaves_something_for_whoever_comes_next() {
        for (total, greedy, each, left) in
            [(1, 1, 1, 0), (8, 1, 1, 4), (20, 1, 4, 16), (256, 4, 31, 120), (256, 64, 3, 12)]
        {
            let shares = Shares::new(total, total);
            let keys: Vec<&'static str> = (0..greedy).map(|number| &*format!("{number}").leak()).collect();
            let mut held: HashMap<&str, Vec<_>> = HashMap::new();
            // All at once, one unit after the other.
            loop {
                let taken = keys.iter().filter_map(|key| Some((*key, shares.try_take(key, 1).ok()?)));
                let taken: Vec<_> = taken.collect();
                if taken.is_empty() {
                    break;
                }
                for (key, share) in taken {
                    held.entry(key).or_default().push(share);
                }
            }
            let least = held.values().map(Vec::len).min().unwrap_or_default();
            assert!(least >= each, "{total} units, {greedy} keys: {least}");
            assert!(shares.free() >= left, "{total} units, {greedy} keys: {} left", shares.free());
            drop(held);
            assert_eq!((shares.free(), trace(&shares)), (total, (0, 0)), "nothing stays behind");
        }
    }

    #[test]
    fn a_key_has_its_share_at_most_and_says_whose_limit_it_is() {
        let shares = Shares::new(20, 3);
        let held = fill(&shares, "a");
        assert_eq!(held.len(), 3);
        assert_eq!(shares.try_take(&"a", 1).err(), Some(Refused::Key));
        assert_eq!(shares.try_take(&"b", 4).err(), Some(Refused::Key));
        let others: Vec<_> = (0..17).map(|key| shares.try_take(&&*format!("{key}").leak(), 1).unwrap()).collect();
        assert_eq!(shares.try_take(&"i", 1).err(), Some(Refused::All));
        drop((held, others));
        assert_eq!(shares.free(), 20);
    }

    #[test]
    fn greedy_keys_one_after_another_get_less_and_less() {
        let shares = Shares::new(256, 32);
        let mut held = Vec::new();
        for number in 0..20 {
            held.push(fill(&shares, &*format!("{number}").leak()));
        }
        let sizes: Vec<usize> = held.iter().map(Vec::len).collect();
        assert!(sizes.is_sorted_by(|one, other| one >= other), "{sizes:?}");
        assert!(shares.free() >= 4, "twenty of them leave {}: {sizes:?}", shares.free());
    }

    #[test]
    fn grows() {
        let shares = Shares::new(300, 60);
        let mut share = shares.try_take(&"a", 0).unwrap();
        share.grow(50).unwrap();
        assert_eq!(share.grow(11), Err(Refused::Key));
        drop(share);
        assert_eq!((shares.free(), trace(&shares)), (300, (0, 0)));
    }

    #[tokio::test]
    async fn serves_those_that_wait_in_turns_between_keys() {
        let shares = Shares::new(1, 1);
        let first = shares.try_take(&"z", 1).unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut waiting = Vec::new();
        for key in ["a", "a", "a", "b", "c", "b"] {
            let (shares, order) = (shares.clone(), Arc::clone(&order));
            waiting.push(tokio::spawn(async move {
                let _share = shares.take(&key, 1, Duration::from_mins(1)).await.unwrap();
                order.lock().unwrap().push(key);
            }));
            // Each has its place in the queue before the next one comes.
            tokio::task::yield_now().await;
        }
        drop(first);
        for task in waiting {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), ["a", "b", "c", "a", "b", "a"]);
        assert_eq!((shares.free(), trace(&shares)), (1, (0, 0)));
    }

    #[tokio::test]
    async fn who_gives_up_waiting_holds_up_nobody() {
        let shares = Shares::new(1, 1);
        let held = shares.try_take(&"a", 1).unwrap();
        assert_eq!(shares.take(&"b", 1, Duration::ZERO).await.err(), Some(Refused::All));
        assert_eq!(shares.take(&"a", 1, Duration::ZERO).await.err(), Some(Refused::Key));
        drop(held);
        drop(shares.take(&"c", 1, Duration::from_mins(1)).await.unwrap());
        assert_eq!((shares.free(), trace(&shares)), (1, (0, 0)));
    }

    #[tokio::test]
    async fn bounds_how_many_wait() {
        let shares = Shares::new(1, 1);
        let held = shares.try_take(&"z", 1).unwrap();
        let mut waiting: Vec<_> =
            (0..MAX_WAITING_PER_KEY).map(|_| Box::pin(shares.take(&"a", 1, Duration::from_mins(1)))).collect();
        for waiter in &mut waiting {
            assert!(tokio::time::timeout(Duration::ZERO, waiter).await.is_err(), "it waits");
        }
        assert_eq!(shares.take(&"a", 1, Duration::from_mins(1)).await.err(), Some(Refused::Key));
        let other = Box::pin(shares.take(&"b", 1, Duration::from_mins(1)));
        drop((waiting, held));
        assert!(other.await.is_ok());
    }
}
