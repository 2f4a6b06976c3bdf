//! No tenant takes from the others what all of them use: under each attack, another organization's requests are answered.
//! Counts, no times.

mod full_disk;
mod quotas;
mod store;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use test_support::client::{Client, Reply};

/// A connection to a server that nobody dials.
fn registration(name: &str) -> Value {
    json!({
        "name": name,
        "connection_type": "postgres",
        "database_config": { "host": "db.example.com", "database": "shop" },
        "credentials": { "username": "reader", "password": "a password" },
    })
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
