//! A host with every hostile connector in it, the good one beside them, and a database that works.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use test_support::client::{Client, Reply};
use test_support::directory::TemporaryDirectory;
use test_support::eventually::eventually;
use test_support::listener::Closed;
use test_support::patchpanel::{self, Patchpanel};
use test_support::postgres::Postgres;
use test_support::{guests, sales};

use super::catalog::{Call, Outcome, Row};

/// What a password must never be found as.
const PASSWORD: &str = sales::READER_PASSWORD;

/// Far longer than it takes to refuse all of them.
const REFUSAL_LIMIT: Duration = Duration::from_mins(2);

pub(crate) struct Arena {
    pub(crate) host: Patchpanel,
    database: Postgres,
    connectors: TemporaryDirectory,
    /// A port of 127.0.0.1 where nothing listens.
    closed: Closed,
}

impl Arena {
    /// Loads all of them; `allocator` is a value of the setting, and an arena before has compiled them if it had the same
    /// data. The breaker is off, so that each can misbehave as often as it likes.
    pub(crate) fn open(allocator: &str, data: &TemporaryDirectory) -> Result<Self> {
        let connectors = TemporaryDirectory::new("zoo")?;
        let good = patchpanel::built_connectors()?.join("postgres.wasm");
        std::fs::copy(&good, connectors.path().join("postgres.wasm"))?;
        for (name, component) in guests::all()? {
            std::fs::write(connectors.path().join(format!("zoo-{name}.wasm")), component)?;
        }
        let host = Patchpanel::builder()
            .directory(data)
            .setting("CONNECTORS_DIR", &connectors.path().display().to_string())
            .setting("CONNECTOR_ALLOCATOR", allocator)
            .setting("CONNECTOR_BREAKER_FAILURES", "0")
            // The first time every one of them is compiled.
            .ready_limit(Duration::from_mins(5))
            .start()?;
        let database = Postgres::builder().sql(sales::SQL).start()?;
        let closed = Closed::start()?;
        Ok(Self { host, database, connectors, closed })
    }

    /// A client of an organization of its own.
    pub(crate) fn client(&self, organization: &str) -> Result<Client> {
        self.host.client_of(organization, "zoo", "admin")
    }

    /// Where its component is.
    fn file(&self, row: &Row) -> std::path::PathBuf {
        self.connectors.path().join(format!("zoo-{}.wasm", row.guest))
    }

    /// Lets a connector misbehave once and says what was wrong about the host's answer.
    pub(crate) fn provoke(&self, client: &Client, row: &Row) -> Result<()> {
        let provoked = match row.call {
            Call::Load => self.refusal(row),
            Call::Verify => self.verify(client, row, self.closed.port()?),
            Call::Discover => self.verify(client, row, self.database.port()),
            Call::Use => self.register_and_test(client, row),
        };
        provoked.with_context(|| row.guest)
    }

    fn refusal(&self, row: &Row) -> Result<()> {
        let Outcome::Refused(code, part) = row.outcome else { bail!("one that misbehaves when loaded is refused") };
        let is_refused = |refusals: &[(String, String)]| {
            refusals.iter().any(|(actual, reason)| actual == code && reason.contains(part))
        };
        let refusals = || -> Result<_> { Ok(refusals(&self.host.log()?, &self.file(row))) };
        // A host that has something to serve looks at the rest while it serves.
        let refused = eventually(REFUSAL_LIMIT, || match refusals() {
            Ok(refusals) => is_refused(&refusals).then_some(Ok(())),
            Err(error) => Some(Err(error)),
        });
        match refused {
            Some(refused) => refused,
            None => bail!("it was not refused for {code} ({part}) but for {:?}", refusals()?),
        }
    }

    fn verify(&self, client: &Client, row: &Row, port: u16) -> Result<()> {
        let reply = client.post("/assets/data/verify", &body(row, port))?;
        check(row, &reply, port == self.database.port())
    }

    fn register_and_test(&self, client: &Client, row: &Row) -> Result<()> {
        let mut body = body(row, self.closed.port()?);
        body["name"] = json!(row.guest);
        let created = client.post("/assets/data", &body)?;
        ensure!(created.status.as_u16() == 201, "it could not be registered: {}", created.body);
        let uri = created.json()?["resource_uri"].as_str().context("there is no resource URI")?.to_owned();
        let reply = client.send("POST", &format!("/assets/data/{uri}/test"), "")?;
        let deleted = client.delete(&format!("/assets/data/{uri}"))?;
        ensure!(deleted.status.as_u16() == 204, "it could not be deleted: {}", deleted.body);
        check(row, &reply, false)
    }
}

/// A request of somebody else, which needs a connector and no network.
pub(crate) fn ask(client: &Client) -> Result<()> {
    let body = json!({
        "connection_type": "postgres",
        "database_config": {"host": "db.example.com", "port": 0, "database": "sales"},
        "credentials": {"username": "reader", "password": "not-this-one"},
    });
    let reply = client.post("/assets/data/verify", &body)?;
    let finding = &reply.json()?["error"]["details"]["findings"][0];
    ensure!(reply.status.as_u16() == 422 && finding["pointer"] == "/database_config/port", "{}", reply.body);
    Ok(())
}

fn body(row: &Row, port: u16) -> Value {
    let mut config = json!({"host": "127.0.0.1", "port": port, "database": sales::DATABASE, "trigger": row.trigger});
    if !row.ssl_mode.is_empty() {
        config["ssl_mode"] = json!(row.ssl_mode);
    }
    json!({
        "connection_type": format!("zoo-{}", row.guest),
        "database_config": config,
        "credentials": {"username": sales::READER, "password": PASSWORD},
    })
}

fn check(row: &Row, reply: &Reply, connects: bool) -> Result<()> {
    ensure!(!reply.body.contains(PASSWORD), "the answer has the password in it");
    let (status, body) = (reply.status.as_u16(), reply.json()?);
    let is_right = match row.outcome {
        Outcome::Fails(expected, code, part) => {
            let message = body["error"]["message"].as_str().unwrap_or_default();
            status == expected && body["error"]["code"] == code && message.contains(part)
        }
        Outcome::Invalid(code) => {
            let findings = body["error"]["details"]["findings"].as_array();
            status == 422 && findings.is_some_and(|them| them.iter().any(|finding| finding["code"] == code))
        }
        Outcome::Stops(stage, code) => status == 200 && failed(&body) == Some((stage, code)),
        Outcome::Says(part) => status == 200 && is_tried(&body, connects) && warning(&body).contains(part),
        Outcome::Harmless => status == 200 && is_tried(&body, connects),
        Outcome::Refused(..) => bail!("one that is refused is not called"),
    };
    ensure!(is_right, "{:?} is not what came: {status} {}", row.outcome, &reply.body[..reply.body.len().min(1500)]);
    Ok(())
}

/// Whether the connection was tried: it works, or nothing listens there.
fn is_tried(body: &Value, connects: bool) -> bool {
    if connects { body["success"] == true } else { failed(body) == Some(("connect", "connection_refused")) }
}

fn failed(body: &Value) -> Option<(&str, &str)> {
    let stages = body["details"]["stages"].as_array()?;
    let failed = stages.iter().find(|stage| stage["outcome"] == "failed")?;
    Some((failed["stage"].as_str()?, failed["code"].as_str()?))
}

fn warning(body: &Value) -> &str {
    body["details"]["stages"][0]["warnings"][0]["message"].as_str().unwrap_or_default()
}

/// Why the host has refused a file: codes and reasons.
fn refusals(log: &str, file: &Path) -> Vec<(String, String)> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let ours = lines.filter(|line| line["message"] == "connector refused" && line["file"].as_str() == file.to_str());
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    ours.map(|line| (text(&line, "code"), text(&line, "reason"))).collect()
}
