//! A host that meets hostile servers, what it may cost, and what must come out nowhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use test_support::canary::leaks;
use test_support::client::{Client, Reply};
use test_support::codes::Codes;
use test_support::eventually::eventually;
use test_support::hostile_postgres::{Conversation, HostilePostgres};
use test_support::patchpanel::Patchpanel;
use test_support::postgres::Postgres;
use test_support::process::{descriptors, forget_peak, peak_bytes, resident_bytes};
use test_support::sales;

use super::row::{Outcome, PASSWORD, Row, Server};
use super::{encryption, errors, listings, logins, messages};

/// Memory beyond the idle host's, in bytes.
pub(crate) const MAX_MORE_MEMORY: u64 = 200 << 20;

/// Descriptors beyond the idle host's, once all is over: the metadata store opens its eight readers, of two files each,
/// when they are needed, and keeps them.
pub(crate) const MAX_MORE_DESCRIPTORS: usize = 20;

/// Longer than anything goes on that a test has begun.
const CALM_LIMIT: Duration = Duration::from_secs(30);

/// Organizations, so that none is stopped by its share.
const ORGANIZATIONS: usize = 5;

const PROJECT: &str = "servers";

pub(crate) struct Arena {
    pub(crate) host: Patchpanel,
    another: Patchpanel,
    good: Postgres,
    clients: Vec<Client>,
    codes: Codes,
    /// Whose turn it is.
    next: AtomicUsize,
    idle: Idle,
}

/// What the host holds when nobody asks for anything.
#[derive(Debug, Clone, Copy)]
struct Idle {
    memory: u64,
    descriptors: usize,
}

/// A row whose server runs, and the connection to it that one organization has registered.
pub(crate) struct Trial<'a> {
    arena: &'a Arena,
    pub(crate) row: &'a Row,
    port: u16,
    owner: usize,
    path: String,
    _server: Option<HostilePostgres>,
}

/// How a test ended: the code, or none where it worked; and how long it took.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) code: Option<String>,
    pub(crate) took: Duration,
}

impl Arena {
    pub(crate) fn open() -> Result<Self> {
        // All that run at once may be those of one organization.
        let builder = Patchpanel::builder().setting("LOG_LEVEL", "trace").setting("MAX_TESTS_PER_ORGANIZATION", "64");
        let host = builder.start()?;
        let another = Patchpanel::start()?;
        let good = Postgres::builder().sql(sales::SQL).start()?;
        let client = |number| host.client_of(&format!("zoo-{number}"), PROJECT, "admin");
        let clients = (0..ORGANIZATIONS).map(client).collect::<Result<Vec<_>>>()?;
        let codes = Codes::ask(&host)?;
        let idle = Idle { memory: 0, descriptors: 0 };
        let mut arena = Self { host, another, good, clients, codes, next: AtomicUsize::new(0), idle };
        arena.warm_up()?;
        Ok(arena)
    }

    /// What the first tests allocate once belongs to the idle host.
    fn warm_up(&mut self) -> Result<()> {
        for _ in 0..4 * ORGANIZATIONS {
            self.ask_good()?;
        }
        self.hang_up();
        thread::sleep(Duration::from_secs(1));
        self.idle = Idle { memory: resident_bytes(self.host.id())?, descriptors: descriptors(self.host.id())? };
        self.forget_peak()
    }

    /// Every row there is.
    pub(crate) fn rows(&self) -> Result<Vec<Row>> {
        let rows = [
            messages::rows(self.happy_bytes()?),
            logins::rows(),
            errors::rows(),
            encryption::rows()?,
            listings::rows(),
        ];
        Ok(rows.into_iter().flatten().collect())
    }

    /// How many bytes an honest server sends to one client. It works, too.
    fn happy_bytes(&self) -> Result<usize> {
        let conversation = Conversation::new(PASSWORD);
        let server = HostilePostgres::start_raw(move |session| conversation.hold(session))?;
        let reply = self.clients[0].post("/assets/data/verify", &json!({
            "connection_type": "postgres",
            "database_config": { "host": "127.0.0.1", "port": server.port(), "database": "shop", "ssl_mode": "disable" },
            "credentials": { "username": sales::READER, "password": PASSWORD },
        }))?;
        ensure!(reply.json()?["success"] == true, "an honest server does not work: {}", reply.body);
        Ok(server.sent())
    }

    /// Starts a row's server, and registers a connection to it.
    pub(crate) fn start<'a>(&'a self, row: &'a Row) -> Result<Trial<'a>> {
        let (port, server) = match &row.server {
            Server::Ourselves => (self.another.address().port(), None),
            Server::Script(script) => {
                let (script, turns) = (Arc::clone(script), AtomicUsize::new(0));
                let server =
                    HostilePostgres::start_raw(move |session| script(session, turns.fetch_add(1, Ordering::Relaxed)))?;
                (server.port(), Some(server))
            }
        };
        let (owner, path) = (self.next(), String::new());
        let mut trial = Trial { arena: self, row, port, owner, path, _server: server };
        let mut body = trial.body();
        body["name"] = json!(format!("{port} {}", row.ssl_mode));
        let created = self.clients[owner].post("/assets/data", &body)?;
        ensure!(created.status.as_u16() == 201, "{}: it could not be registered: {}", row.name, created.body);
        let uri = created.json()?["resource_uri"].as_str().context("there is no resource URI")?.to_owned();
        trial.path = format!("/assets/data/{uri}");
        Ok(trial)
    }

    fn next(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed) % ORGANIZATIONS
    }

    /// Verifies a good server; how long that took.
    pub(crate) fn ask_good(&self) -> Result<Duration> {
        let start = Instant::now();
        let reply = self.clients[self.next()].post(
            "/assets/data/verify",
            &json!({
                "connection_type": "postgres",
                "database_config": {
                    "host": "127.0.0.1",
                    "port": self.good.port(),
                    "database": sales::DATABASE,
                    "db_schema": sales::SCHEMA,
                    "ssl_mode": "disable",
                },
                "credentials": { "username": sales::READER, "password": sales::READER_PASSWORD },
            }),
        )?;
        ensure!(reply.json()?["success"] == true, "a good server does not work: {}", reply.body);
        Ok(start.elapsed())
    }

    /// Waits until everything is over that has been begun; memory and descriptors beyond the idle host's.
    pub(crate) fn look_afterwards(&mut self) -> Result<(u64, usize)> {
        self.hang_up();
        if let Some(status) = self.host.ended()? {
            bail!("the host ended with {status}: {}", self.host.log_tail());
        }
        let id = self.host.id();
        let more = || Some(descriptors(id).ok()?.saturating_sub(self.idle.descriptors));
        let calm = eventually(CALM_LIMIT, || more().filter(|more| *more <= MAX_MORE_DESCRIPTORS)).or_else(more);
        Ok((self.more_memory()?, calm.context("the host's descriptors cannot be counted")?))
    }

    pub(crate) fn more_memory(&self) -> Result<u64> {
        Ok(peak_bytes(self.host.id())?.saturating_sub(self.idle.memory))
    }

    pub(crate) fn forget_peak(&self) -> Result<()> {
        forget_peak(self.host.id())
    }

    /// What is in the host's log and must not be there.
    pub(crate) fn look_at_log(&self) -> Result<()> {
        let log = self.host.log()?;
        ensure!(!log.contains("panicked"), "it panicked: {}", self.host.log_tail());
        look_at(&log)
            .or_else(|_| log.lines().try_for_each(|line| look_at(line).with_context(|| format!("in the log: {line}"))))
    }

    /// Our own idle connections are no descriptors of the host's.
    fn hang_up(&mut self) {
        self.clients = self.clients.iter().map(|client| client.with_timeout(Duration::from_mins(1))).collect();
    }
}

impl Trial<'_> {
    fn body(&self) -> Value {
        let mut config = json!({
            "host": "127.0.0.1",
            "port": self.port,
            "database": sales::DATABASE,
            "db_schema": sales::SCHEMA,
            "ssl_mode": self.row.ssl_mode,
            "connect_timeout_ms": u64::try_from(self.row.connect_timeout.as_millis()).unwrap_or(u64::MAX),
        });
        if let Some(root) = &self.row.root {
            config["ssl_root_cert"] = json!(root);
        }
        json!({
            "connection_type": "postgres",
            "database_config": config,
            "credentials": { "username": sales::READER, "password": PASSWORD },
        })
    }

    /// Verifies, or tests what is registered; says what was wrong about the answer.
    pub(crate) fn run(&self, turn: usize) -> Result<Ended> {
        let start = Instant::now();
        let reply = if turn.is_multiple_of(2) {
            self.arena.clients[self.arena.next()].post("/assets/data/verify", &self.body())
        } else {
            self.arena.clients[self.owner].send("POST", &format!("{}/test", self.path), "")
        };
        let ended = reply.and_then(|reply| {
            let code = self.check(&reply)?;
            Ok(Ended { code, took: start.elapsed() })
        });
        ended.with_context(|| format!("{}, turn {turn}", self.row.name))
    }

    fn check(&self, reply: &Reply) -> Result<Option<String>> {
        look_at(&reply.body)?;
        let body = reply.json()?;
        texts(&body).try_for_each(look_at)?;
        let shown = || &reply.body[..reply.body.floor_char_boundary(2_000)];
        ensure!(reply.status.as_u16() == 200, "{} {}", reply.status, shown());
        let stages = body["details"]["stages"].as_array().context("there are no stages")?;
        let failed = stages.iter().find(|stage| stage["outcome"] == "failed");
        let code = failed.and_then(|stage| stage["code"].as_str());
        let is_right = match (&self.row.outcome, failed, code) {
            (Outcome::Fails(at, codes), Some(failed), Some(code)) => {
                at.contains(&failed["stage"].as_str().unwrap_or_default())
                    && codes.contains(&code)
                    && self.arena.codes.explain(failed)
                    && body["success"] == false
            }
            (Outcome::Works(warnings), None, None) => {
                let all = stages.iter().flat_map(|stage| stage["warnings"].as_array().into_iter().flatten());
                let codes: Vec<_> = all.filter_map(|warning| warning["code"].as_str()).collect();
                codes == *warnings && body["success"] == true
            }
            _ => false,
        };
        ensure!(is_right, "{:?} is not what came: {}", self.row.outcome, shown());
        Ok(code.map(str::to_owned))
    }

    /// Takes away what was registered, and looks at what was kept of the tests.
    pub(crate) fn finish(self) -> Result<()> {
        let client = &self.arena.clients[self.owner];
        look_at(&client.get(&self.path)?.body)?;
        let deleted = client.delete(&self.path)?;
        ensure!(deleted.status.as_u16() == 204, "{}: it could not be deleted: {}", self.row.name, deleted.body);
        Ok(())
    }
}

/// Every text in a JSON value.
fn texts(value: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match value {
        Value::String(text) => Box::new(std::iter::once(text.as_str())),
        Value::Array(values) => Box::new(values.iter().flat_map(texts)),
        Value::Object(members) => {
            Box::new(members.iter().flat_map(|(name, value)| std::iter::once(name.as_str()).chain(texts(value))))
        }
        _ => Box::new(std::iter::empty()),
    }
}

/// Whether there is a password, or something that writes to terminals or turns the direction of what follows.
fn look_at(text: &str) -> Result<()> {
    let canaries = [PASSWORD.to_owned(), sales::READER_PASSWORD.to_owned()];
    ensure!(leaks(&canaries, text.as_bytes()).is_empty(), "a password is in it");
    ensure!(!text.contains(['\u{1b}', '\u{202e}', '\u{7}']), "it would write to terminals: {text:?}");
    Ok(())
}
