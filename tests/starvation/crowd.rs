//! An organization with as many connections as a project may have, whose names take long to search.

use std::thread;

use anyhow::{Result, anyhow, ensure};
use serde_json::json;
use test_support::patchpanel::{Builder, Patchpanel};

use super::arena::PROJECT;

/// Whose they are.
pub(crate) const ORGANIZATION: &str = "crowd";

/// A text that a search compares with at every place of every name.
pub(crate) const LETTER: &str = "a";

const THREADS: usize = 8;

/// A host with so many of them, which has been started anew with the usual rates.
pub(crate) fn host(builder: Builder, connections: usize) -> Result<Patchpanel> {
    let host = builder.clone().start()?;
    let directory = host.directory().clone();
    fill(&host, connections)?;
    drop(host);
    builder.rates().directory(&directory).start()
}

fn fill(host: &Patchpanel, connections: usize) -> Result<()> {
    let client = host.client_of(ORGANIZATION, PROJECT, "developer")?;
    let register = |number: usize| -> Result<()> {
        let body = json!({
            "name": format!("{number:05}{}", LETTER.repeat(200)),
            "description": LETTER.repeat(900),
            "connection_type": "postgres",
            "database_config": { "host": "db.example.com", "database": "shop" },
            "credentials": { "username": "reader", "password": "not-this-one" },
        });
        let reply = client.post("/assets/data", &body)?;
        ensure!(reply.status.as_u16() == 201, "{}", reply.body);
        Ok(())
    };
    thread::scope(|scope| {
        let register = &register;
        let threads: Vec<_> = (0..THREADS)
            .map(|first| scope.spawn(move || (first..connections).step_by(THREADS).try_for_each(register)))
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| anyhow!("a thread panicked"))?)
    })
}
