//! A file system that is full for a moment.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;
use test_support::client::Client;
use test_support::swarm::Answers;

use super::arena::{Arena, PROJECT};

/// Writes that are tried until one is refused. All of them together need more room than a log of SQLite keeps.
const MAX_WRITES: usize = 300;

/// What is written at once.
const BLOCK: [u8; 4096] = [0; 4096];

/// The number of the next connection.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// A full disk, until this is dropped.
pub(crate) struct FullDisk {
    filler: PathBuf,
    writer: Client,
    answers: Answers,
}

impl FullDisk {
    /// Takes all the room that is left, and has a tenant write until that fails.
    pub(crate) fn fill(arena: &Arena) -> Result<Self> {
        let writer = arena.host.client().with_token(&arena.token("writer", "developer")?).with_project(PROJECT);
        let filler = arena.host.data().join("filler");
        let mut file = File::create(&filler).with_context(|| format!("cannot write {}", filler.display()))?;
        let mut full = Self { filler, writer, answers: Answers::default() };
        while file.write_all(&BLOCK).is_ok() {}
        for _ in 0..MAX_WRITES {
            let status = full.write()?;
            full.answers.count(&status.to_string());
            if status != 201 {
                return Ok(full);
            }
        }
        bail!("the disk is not full: {MAX_WRITES} connections were registered")
    }

    /// Makes room again. The next write must succeed.
    pub(crate) fn empty(mut self) -> Result<Answers> {
        std::fs::remove_file(&self.filler)?;
        let status = self.write()?;
        ensure!(status == 201, "there is room again, and the next write is answered {status}");
        self.answers.count("201");
        Ok(std::mem::take(&mut self.answers))
    }

    /// Registers one more connection; the status of the answer.
    fn write(&self) -> Result<u16> {
        let body = json!({
            "name": format!("Shop {}", NEXT.fetch_add(1, Ordering::Relaxed)),
            "description": "x".repeat(900),
            "connection_type": "postgres",
            "database_config": { "host": "db.example.com", "database": "shop" },
            "credentials": { "username": "reader", "password": "not-this-one" },
        });
        Ok(self.writer.post("/assets/data", &body)?.status.as_u16())
    }
}

impl Drop for FullDisk {
    fn drop(&mut self) {
        // It has been removed already, or ends with the host.
        let _ = std::fs::remove_file(&self.filler);
    }
}
