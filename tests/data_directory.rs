//! What becomes of a data directory in other hands: of an earlier version, of a thief, and of a disk or a restore that has
//! lost something.

mod altered;
mod damage;
mod damaged_rows;
mod memory;
mod of_an_earlier_version;
mod restored;

use std::path::Path;

use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use test_support::client::{Client, Reply};
use test_support::directory::TemporaryDirectory;
use test_support::patchpanel::Patchpanel;
use test_support::sales;

/// Runs statements on a file of the data directory, as whoever can write there; how many rows they changed.
pub(crate) fn sql(directory: &TemporaryDirectory, file: &str, statements: &str) -> u64 {
    with_database(directory, file, async |connection| {
        connection.execute(AssertSqlSafe(statements.to_owned())).await.unwrap().rows_affected()
    })
}

/// The one number that a query says.
fn number(directory: &TemporaryDirectory, file: &str, query: &str) -> i64 {
    with_database(directory, file, async |connection| {
        sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(connection).await.unwrap()
    })
}

pub(crate) fn with_database<T>(
    directory: &TemporaryDirectory,
    file: &str,
    work: impl AsyncFnOnce(&mut SqliteConnection) -> T,
) -> T {
    let options = SqliteConnectOptions::new().filename(directory.path().join("data").join(file)).foreign_keys(false);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let done = work(&mut connection).await;
        connection.close().await.unwrap();
        done
    })
}

fn credentials() -> Value {
    json!({ "username": sales::READER, "password": sales::READER_PASSWORD })
}

fn register(client: &Client, name: &str, port: u16) {
    let reply = client.post("/assets/data", &sales::registration(name, port)).unwrap();
    assert_eq!(reply.status.as_u16(), 201, "{}", reply.body);
}

fn path(name: &str) -> String {
    format!("/assets/data/data:acme:sales:{name}")
}

fn change(client: &Client, name: &str, body: &Value) -> Reply {
    client.put(&path(name), body).unwrap()
}

/// Tests a stored connection: nothing if it works, else stage, code, blame and remedy.
fn test(client: &Client, name: &str) -> Option<[String; 4]> {
    let reply = client.send("POST", &format!("{}/test", path(name)), "").unwrap();
    assert_eq!(reply.status.as_u16(), 200, "{name}: {}", reply.body);
    let report = reply.json().unwrap();
    let stages = report["details"]["stages"].as_array().unwrap();
    let failed = stages.iter().find(|stage| stage["outcome"] == "failed");
    assert_eq!(report["success"], failed.is_none(), "{name}: {report:#}");
    failed.map(|stage| ["stage", "code", "blame", "remedy"].map(|member| stage[member].as_str().unwrap().to_owned()))
}

fn works(client: &Client, name: &str) {
    assert_eq!(test(client, name), None, "{name}");
}

/// The credentials of a connection are not used, for this reason, which is the host's to mend; it is still listed.
fn is_withheld(client: &Client, name: &str, stage: &str, code: &str) {
    let [actual_stage, actual_code, blame, remedy] = test(client, name).unwrap_or_else(|| panic!("{name} works"));
    assert_eq!((&*actual_stage, &*actual_code, &*blame), (stage, code, "host"), "{name}");
    assert!(remedy.contains("Send all its credentials again"), "{name}: {remedy}");
    assert_eq!(client.get(&path(name)).unwrap().status.as_u16(), 200, "{name}");
    assert_eq!(client.get("/assets/data").unwrap().status.as_u16(), 200, "{name}");
}

/// The lines of the host's log that say this.
fn said(host: &Patchpanel, what: &str) -> Vec<Value> {
    let log = host.log().unwrap();
    let lines = log.lines().filter(|line| line.contains(what));
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A host on what another one has left.
fn start_again(host: &mut Patchpanel) -> Patchpanel {
    assert!(host.stop().unwrap().success());
    Patchpanel::builder().directory(host.directory()).start().unwrap()
}

/// Copies a file or a directory, for its owner alone.
fn copy(from: &Path, to: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    if from.is_dir() {
        std::fs::create_dir_all(to).unwrap();
        std::fs::set_permissions(to, std::fs::Permissions::from_mode(0o700)).unwrap();
        for entry in from.read_dir().unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        std::fs::copy(from, to).unwrap();
        std::fs::set_permissions(to, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}
