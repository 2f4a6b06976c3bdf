//! Hostile servers of every class: each test of a connection to one ends in time, with the right code, at no cost that
//! stays. `cargo xtask zoo hostile-servers` has the whole of it.

mod arena;
mod encryption;
mod errors;
mod listings;
mod logins;
mod messages;
mod row;

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use arena::{Arena, MAX_MORE_DESCRIPTORS, MAX_MORE_MEMORY};
use row::Row;

/// Rows at once.
const AT_ONCE: usize = 50;

/// How often a row is tried here: half of them by verifying, half by testing what is registered.
const TIMES: usize = 2;

/// How many of a row's variants have their turn here.
const MAX_VARIANTS: usize = 12;

/// How much later than said a test may end on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn every_hostile_server_is_met_with_its_code_and_in_time() {
    let mut arena = Arena::open().unwrap();
    let rows = arena.rows().unwrap();
    // Those that take long begin first.
    let mut queue: Vec<&Row> = rows.iter().collect();
    queue.sort_by_key(|row| std::cmp::Reverse(row.limit));
    let queue = Mutex::new(VecDeque::from(queue));
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let wrong = thread::scope(|scope| {
        let attempt = || {
            let mut wrong = Vec::new();
            while let Some(row) = next() {
                wrong.extend(try_row(&arena, row));
            }
            wrong
        };
        let attempts: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(attempt)).collect();
        attempts.into_iter().flat_map(|attempt| attempt.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(wrong.is_empty(), "{} of {} rows: {}", wrong.len(), rows.len(), wrong.join("\n"));
    arena.ask_good().unwrap();
    let (memory, descriptors) = arena.look_afterwards().unwrap();
    println!("{} rows; {} MiB and {descriptors} descriptors more than idle", rows.len(), memory >> 20);
    assert!(memory <= MAX_MORE_MEMORY, "{} MiB beyond the idle host's", memory >> 20);
    assert!(descriptors <= MAX_MORE_DESCRIPTORS, "{descriptors} descriptors did not come back");
    arena.look_at_log().unwrap();
    assert!(arena.host.stop().unwrap().success());
}

/// What went wrong with a row.
fn try_row(arena: &Arena, row: &Row) -> Vec<String> {
    let trial = match arena.start(row) {
        Ok(trial) => trial,
        Err(error) => return vec![format!("{error:#}")],
    };
    let turns = TIMES.max(row.variants.min(MAX_VARIANTS));
    let attempt = |turn: usize| {
        let ended = trial.run(turn).map_err(|error| format!("{error:#}"))?;
        let late = ended.took > row.limit + PATIENCE;
        if late { Err(format!("{} took {:?}, {:?}", row.name, ended.took, ended.code)) } else { Ok(()) }
    };
    let wrong: Vec<String> = (0..turns).filter_map(|turn| attempt(turn).err()).collect();
    wrong.into_iter().take(2).chain(trial.finish().err().map(|error| format!("{error:#}"))).collect()
}
