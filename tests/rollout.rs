//! Connector versions while the host serves: uploaded or put into the watched directory, tried, activated, rolled back,
//! and what becomes of the connections.

mod connections;
mod directory;
mod events;
mod failing;
mod hostile;
mod kills;
mod load;
mod versions;

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use test_support::client::{Client, Reply};
use test_support::directory::TemporaryDirectory;
use test_support::eventually::eventually;
use test_support::guests;
use test_support::patchpanel::{Builder, Patchpanel};

/// The type of the connectors here.
const TYPE: &str = "zoo-generation";

/// Far longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn generation(number: u16, mode: &str) -> Vec<u8> {
    guests::generation(number, mode).unwrap()
}

/// The version of such a number.
pub(crate) fn version(number: u16) -> String {
    format!("1.{number}.0")
}

/// A host whose directory of connectors holds the first generation alone, and is not followed.
pub(crate) fn host() -> (Patchpanel, TemporaryDirectory) {
    let directory = TemporaryDirectory::new("connectors").unwrap();
    put(directory.path(), &generation(1000, "good"));
    let host = host_of(&directory).setting("CONNECTORS_WATCH", "false").start().unwrap();
    (host, directory)
}

/// A host to be started with these connectors.
pub(crate) fn host_of(directory: &TemporaryDirectory) -> Builder {
    Patchpanel::builder().setting("CONNECTORS_DIR", directory.path().to_str().unwrap())
}

/// Puts the file of the connector into the directory as one should: whole, by renaming.
pub(crate) fn put(directory: &Path, bytes: &[u8]) {
    let aside = directory.join("generation.new");
    std::fs::write(&aside, bytes).unwrap();
    std::fs::rename(aside, directory.join("generation.wasm")).unwrap();
}

/// A client of the platform role.
pub(crate) fn platform(host: &Patchpanel) -> Client {
    host.client().with_token(&host.token(&["--org", "platform", "--role", "platform-admin"]).unwrap())
}

/// A client of a tenant.
pub(crate) fn tenant(host: &Patchpanel) -> Client {
    host.client_of("acme", "sales", "admin").unwrap()
}

pub(crate) fn upload(platform: &Client, bytes: &[u8]) -> Reply {
    platform.with_header("Content-Type", "application/wasm").send("POST", "/assets/connectors/versions", bytes).unwrap()
}

/// Uploads a version that is admitted; its digest.
pub(crate) fn uploaded(platform: &Client, bytes: &[u8]) -> String {
    let record = body(upload(platform, bytes), 201);
    assert_eq!(record["state"], "SHADOW", "{record}");
    record["digest"].as_str().unwrap().to_owned()
}

pub(crate) fn activate(platform: &Client, digest: &str, how: &Value) -> Reply {
    platform.post(&format!("/assets/connectors/versions/{digest}/activate"), how).unwrap()
}

pub(crate) fn roll_back(platform: &Client, digest: &str) -> Reply {
    platform.send("POST", &format!("/assets/connectors/versions/{digest}/rollback"), "").unwrap()
}

fn record(platform: &Client, digest: &str) -> Value {
    body(platform.get(&format!("/assets/connectors/versions/{digest}")).unwrap(), 200)
}

/// The body of an answer that must have this status.
#[expect(clippy::needless_pass_by_value, reason = "an answer is looked at once")]
pub(crate) fn body(reply: Reply, status: u16) -> Value {
    assert_eq!(reply.status.as_u16(), status, "{}", reply.body);
    if reply.body.is_empty() { Value::Null } else { reply.json().unwrap() }
}

/// The code of an answer that must be a refusal of this status.
pub(crate) fn code(reply: Reply, status: u16) -> String {
    body(reply, status)["error"]["code"].as_str().unwrap().to_owned()
}

/// Registers a connection that nobody dials; its path.
pub(crate) fn register(client: &Client, name: &str, database: &str) -> String {
    let registration = json!({
        "name": name,
        "connection_type": TYPE,
        "database_config": {"host": "127.0.0.1", "port": 1025, "database": database, "ssl_mode": "disable"},
        "credentials": {"username": "reader", "password": "canary-of-rollout"},
    });
    let record = body(client.post("/assets/data", &registration).unwrap(), 201);
    format!("/assets/data/{}", record["resource_uri"].as_str().unwrap())
}

/// A connection's record.
fn connection(client: &Client, path: &str) -> Value {
    body(client.get(path).unwrap(), 200)
}

/// The stage at which its test ends, and the code there. Nothing listens at its port, so that a connector that does its part
/// ends at `connect`.
pub(crate) fn test(client: &Client, path: &str) -> (String, String) {
    let report = body(client.send("POST", &format!("{path}/test"), "").unwrap(), 200);
    let stages = report["details"]["stages"].as_array().unwrap();
    let failed = stages.iter().find(|stage| stage["outcome"] == "failed").unwrap();
    (failed["stage"].as_str().unwrap().to_owned(), failed["code"].as_str().unwrap().to_owned())
}

/// Where a good test of such a connection ends.
fn refused() -> (String, String) {
    ("connect".to_owned(), "connection_refused".to_owned())
}

/// The version for what is new, as `/assets/data/types` has it; none when the type is not there.
pub(crate) fn offered(client: &Client) -> Option<String> {
    let types = body(client.get("/assets/data/types").unwrap(), 200);
    let entry = types["data"].as_array().unwrap().iter().find(|entry| entry["connection_type"] == TYPE).cloned();
    entry.map(|entry| entry["version"].as_str().unwrap().to_owned())
}

/// Waits until something holds.
pub(crate) fn within_limit(what: &str, mut holds: impl FnMut() -> bool) {
    assert!(eventually(LIMIT, || holds().then_some(())).is_some(), "not in time: {what}");
}
