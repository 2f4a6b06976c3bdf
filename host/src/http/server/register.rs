//! The register of HTTP connections: how many there are, from where, and which of them are idle, so that one of those can
//! make room for a new one.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::fairness::{Refused, Share, Shares};
use crate::http::address::Stranger;

/// Whom connections are counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Party {
    /// An address, which has a share.
    Stranger(Stranger),
    /// A trusted proxy, which speaks for many and has no limit but that of all.
    Proxy,
}

/// What a connection's share is counted by: each of a proxy's by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Stranger(Stranger),
    OfProxy(u64),
}

/// The connections that are served.
#[derive(Debug)]
pub(super) struct Register {
    shares: Shares<Key>,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    last_id: u64,
    /// Moments in order, without a clock.
    moment: u64,
    by_id: HashMap<u64, Entry>,
    /// Idle connections, the one that has been idle for the longest time first.
    idle: BTreeMap<u64, u64>,
}

#[derive(Debug)]
struct Entry {
    key: Key,
    share: Share<Key>,
    /// Since when it has been idle; none while a request is being answered.
    idle_since: Option<u64>,
    evicted: Arc<Notify>,
}

/// A connection's place in the register, until it is dropped.
#[derive(Debug)]
pub(super) struct Registered {
    register: Arc<Register>,
    id: u64,
    evicted: Arc<Notify>,
}

/// A request that is being answered: its connection is not idle until this is dropped.
#[derive(Debug)]
pub(super) struct Answering {
    register: Arc<Register>,
    id: u64,
}

impl Register {
    pub(super) fn new(total: usize, most_per_address: usize) -> Self {
        Self { shares: Shares::new(total, most_per_address), entries: Mutex::default() }
    }

    /// Takes a connection in. Where there is no room, the connection that has been idle for the longest time makes room:
    /// one of the same address when that has had its share.
    pub(super) fn enter(self: &Arc<Self>, party: Party) -> Result<Registered, Refused> {
        let mut entries = self.lock();
        entries.last_id += 1;
        let id = entries.last_id;
        let key = match party {
            Party::Stranger(stranger) => Key::Stranger(stranger),
            Party::Proxy => Key::OfProxy(id),
        };
        let share = match self.shares.try_take(&key, 1) {
            Ok(share) => share,
            Err(refused) => {
                // One that holds some could not have the last one of all.
                let of = (refused == Refused::Key || self.shares.held(&key) > 0).then_some(key);
                drop(entries.evict(of).ok_or(refused)?);
                self.shares.try_take(&key, 1)?
            }
        };
        let evicted = Arc::new(Notify::new());
        let entry = Entry { key, share, idle_since: None, evicted: Arc::clone(&evicted) };
        entries.by_id.insert(id, entry);
        entries.rest(id);
        Ok(Registered { register: Arc::clone(self), id, evicted })
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    /// Removes the connection that has been idle for the longest time, of this key or of any, and tells it.
    fn evict(&mut self, of: Option<Key>) -> Option<Share<Key>> {
        let is_of = |id: &u64| of.is_none_or(|key| self.by_id.get(id).is_some_and(|entry| entry.key == key));
        let id = self.idle.values().copied().find(|id| is_of(id))?;
        let entry = self.remove(id)?;
        // It is told even if it does not listen yet.
        entry.evicted.notify_one();
        Some(entry.share)
    }

    fn remove(&mut self, id: u64) -> Option<Entry> {
        let entry = self.by_id.remove(&id)?;
        if let Some(moment) = entry.idle_since {
            self.idle.remove(&moment);
        }
        Some(entry)
    }

    fn rest(&mut self, id: u64) {
        self.moment += 1;
        if let Some(entry) = self.by_id.get_mut(&id) {
            entry.idle_since = Some(self.moment);
            self.idle.insert(self.moment, id);
        }
    }

    fn work(&mut self, id: u64) {
        if let Some(moment) = self.by_id.get_mut(&id).and_then(|entry| entry.idle_since.take()) {
            self.idle.remove(&moment);
        }
    }
}

impl Registered {
    /// Begins to answer a request.
    pub(super) fn begin(&self) -> Answering {
        self.register.lock().work(self.id);
        Answering { register: Arc::clone(&self.register), id: self.id }
    }

    /// Is ready when the connection has made room for another one.
    pub(super) async fn evicted(&self) {
        self.evicted.notified().await;
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        // Its share is given back without the lock, since that may serve others.
        let entry = self.register.lock().remove(self.id);
        drop(entry);
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.register.lock().rest(self.id);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn address(last: u8) -> Party {
        Party::Stranger(Stranger::from(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))))
    }

    fn is_told(registered: &Registered) -> bool {
        let told = std::pin::pin!(registered.evicted.notified());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        told.poll(&mut context).is_ready()
    }

    #[test]
    fn an_idle_connection_makes_room_and_a_busy_one_does_not() {
        let register = Arc::new(Register::new(16, 2));
        let (first, second) = (register.enter(address(1)).unwrap(), register.enter(address(1)).unwrap());
        let answering = first.begin();
        let third = register.enter(address(1)).unwrap();
        assert!(is_told(&second) && !is_told(&first), "the share of the address is two");
        let also = third.begin();
        assert_eq!(register.enter(address(1)).err(), Some(Refused::Key));
        drop(answering);
        let fourth = register.enter(address(1)).unwrap();
        assert!(is_told(&first));
        drop((also, first, second, third, fourth));
        assert_eq!(register.shares.free(), 16);
        assert!(register.lock().by_id.is_empty() && register.lock().idle.is_empty());
    }

    #[test]
    fn a_new_connection_displaces_the_longest_idle_one_of_all() {
        let register = Arc::new(Register::new(3, 3));
        let held: Vec<_> = (1..=3).map(|last| register.enter(address(last)).unwrap()).collect();
        // The first one has been idle for a shorter time now.
        drop(held[0].begin());
        let new = register.enter(address(4)).unwrap();
        assert_eq!(held.iter().map(is_told).collect::<Vec<_>>(), [false, true, false]);
        let busy: Vec<_> = [&held[0], &held[2], &new].map(Registered::begin).into();
        assert_eq!(register.enter(address(5)).err(), Some(Refused::All));
        drop(busy);
    }

    #[test]
    fn a_proxy_has_all_that_nobody_else_has() {
        let register = Arc::new(Register::new(4, 1));
        let held: Vec<_> = (0..4).map(|_| register.enter(Party::Proxy).unwrap()).collect();
        let busy: Vec<_> = held.iter().map(Registered::begin).collect();
        assert_eq!(register.enter(Party::Proxy).err(), Some(Refused::All));
        drop((busy, held));
        assert_eq!(register.shares.free(), 4);
    }
}
