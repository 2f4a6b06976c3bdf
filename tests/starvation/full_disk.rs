//! A file system that is full for a moment.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, bail, ensure};
use serde_json::json;
use test_support::ballast::Ballast;
use test_support::client::Client;
use test_support::swarm::Answers;

use super::arena::{Arena, PROJECT};

/// Writes that are tried until one is refused. All of them together need more room than a log of SQLite keeps.
const MAX_WRITES: usize = 300;

/// The number of the next connection.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// Members of the organization that writes, since each has a rate.
const MEMBERS: usize = 4;

/// A full disk, until this is dropped.
pub(crate) struct FullDisk {
    ballast: Ballast,
    writers: Vec<Client>,
    answers: Answers,
}

impl FullDisk {
    /// Takes all the room that is left, and has a tenant write until that is refused.
    pub(crate) fn fill(arena: &Arena) -> Result<Self> {
        let writer = |member: usize| -> Result<Client> {
            let token = arena.token("writer", &format!("member-{member}"))?;
            Ok(arena.host.client().with_token(&token).with_project(PROJECT))
        };
        let writers = (0..MEMBERS).map(writer).collect::<Result<_>>()?;
        let ballast = Ballast::fill(&arena.host.data())?;
        let mut full = Self { ballast, writers, answers: Answers::default() };
        for _ in 0..MAX_WRITES {
            match write(&full.writers, &mut full.answers)? {
                201 => {}
                503 => return Ok(full),
                status => bail!("a write without room is answered {status}"),
            }
        }
        bail!("the disk is not full: {MAX_WRITES} connections were registered")
    }

    /// Makes room again. The next write must succeed.
    pub(crate) fn empty(mut self) -> Result<Answers> {
        drop(self.ballast);
        let status = write(&self.writers, &mut self.answers)?;
        ensure!(status == 201, "there is room again, and the next write is answered {status}");
        Ok(self.answers)
    }
}

/// Registers one more connection; the status of the answer.
fn write(writers: &[Client], answers: &mut Answers) -> Result<u16> {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let body = json!({
        "name": format!("Shop {number}"),
        "description": "x".repeat(900),
        "connection_type": "postgres",
        "database_config": { "host": "db.example.com", "database": "shop" },
        "credentials": { "username": "reader", "password": "not-this-one" },
    });
    let status = writers[number % writers.len()].post("/assets/data", &body)?.status.as_u16();
    answers.count(&status.to_string());
    Ok(status)
}
