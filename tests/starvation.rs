//! Starvation: whatever one organization does, the host lives and the others are served. Each attack here is a short form
//! of what `cargo xtask zoo starvation` measures; here only counts are looked at.

mod arena;
mod attacks;
mod crowd;
mod full_disk;
mod quotas;
mod recovery;
mod store;

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use test_support::client::{Client, Reply};
use test_support::load::Load;
use test_support::skip::skip;

use crate::api::registration;
use arena::{Afterwards, Arena, MAX_MORE_DESCRIPTORS, MAX_MORE_MEMORY, Size};

/// How long each attack goes on.
const ATTACK: Duration = Duration::from_secs(5);

/// How long an attack has begun when the others ask for something.
const ONSET: Duration = Duration::from_secs(1);

const SIZE: Size = Size { members: 3, connections: 500 };

/// Good requests in a second, of each kind.
const RATE: u32 = 3;

/// One attack at a time: each is as much as this machine can do.
static ALONE: Mutex<()> = Mutex::new(());

/// A test for each attack, and one that none is left out.
macro_rules! attacks {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            starves_nobody(stringify!($name));
        })*

        #[test]
        fn every_attack_is_tried() {
            assert_eq!(attacks::ALL.map(|attack| attack.name.replace(' ', "_")), [$(stringify!($name)),*]);
        }
    };
}

attacks! {
    slow_bodies
    half_heads
    idle_sockets
    black_holes
    silent_name_servers
    bodies_of_many_values
    large_honest_bodies
    long_searches
    type_hydra
    floods
    full_disk
}

fn starves_nobody(name: &str) {
    let attack = attacks::ALL.into_iter().find(|attack| attack.name.replace(' ', "_") == name).unwrap();
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(reason) = attack.ground.unavailable() {
        return skip(attack.name, reason);
    }
    let mut arena = Arena::open(attack.ground, SIZE).unwrap();
    let running = attack.start(&arena).unwrap();
    thread::sleep(ONSET);
    let start = |&kind| {
        let good = arena.good.clone();
        Load::start(RATE, move || good.ask(kind)).unwrap()
    };
    let loads: Vec<Load> = attack.ground.kinds().iter().map(start).collect();
    thread::sleep(ATTACK);
    let wrong: Vec<String> = loads.into_iter().flat_map(|load| load.stop().unwrap().shown).collect();
    let answers = running.stop().unwrap();
    let after = arena.look_afterwards().unwrap();
    println!("the attackers were answered {answers}; {after:?}");
    assert!(wrong.is_empty(), "the attackers were answered {answers}, the others not: {wrong:#?}");
    check(&after);
    assert!(arena.host.stop().unwrap().success());
}

/// It has cost no more than it may.
fn check(after: &Afterwards) {
    assert_eq!(after.ended, None);
    let memory = after.more_memory >> 20;
    assert!(after.more_memory <= MAX_MORE_MEMORY, "the host took {memory} MiB more than when it is idle");
    let descriptors = after.more_descriptors;
    assert!(descriptors <= MAX_MORE_DESCRIPTORS, "{descriptors} descriptors of the host did not come back");
}

/// The status and the code of an answer; a success has no code.
fn outcome(reply: &Reply) -> (u16, String) {
    let code = reply.json().ok().and_then(|body| body["error"]["code"].as_str().map(str::to_owned));
    (reply.status.as_u16(), code.unwrap_or_default())
}

/// A list that must be answered.
fn list(client: &Client) -> Result<()> {
    let reply = client.get("/assets/data")?;
    ensure!(reply.status.is_success(), "{}: {}", reply.status, reply.body);
    Ok(())
}
