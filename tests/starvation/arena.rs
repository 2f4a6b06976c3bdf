//! A host with a good organization that uses a good database, and what an attack may cost.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use test_support::client::Client;
use test_support::eventually::eventually;
use test_support::hostile_postgres::{HostilePostgres, scripts};
use test_support::listener::Silent;
use test_support::mounts::Mounts;
use test_support::names::Names;
use test_support::patchpanel::Patchpanel;
use test_support::postgres::Postgres;
use test_support::process::{descriptors, forget_peak, peak_bytes, resident_bytes};
use test_support::{sales, swarm};

use super::crowd;

/// Memory beyond the idle host's, in bytes.
pub(crate) const MAX_MORE_MEMORY: u64 = 200 * 1024 * 1024;

/// Descriptors beyond the idle host's, once an attack is over: the metadata store opens its eight readers, of two files
/// each, when they are needed, and keeps them.
pub(crate) const MAX_MORE_DESCRIPTORS: usize = 20;

/// Longer than anything goes on that an attack has begun.
const CALM_LIMIT: Duration = Duration::from_secs(90);

/// What was seen of the readiness stands for a second.
const READINESS_LIMIT: Duration = Duration::from_secs(10);

/// How long the good ones wait for an answer: far longer than it takes, and as long as people do.
const PATIENCE: Duration = Duration::from_secs(10);

/// The project of everybody.
pub(crate) const PROJECT: &str = "starvation";

/// The name by which the good database is known where names are looked up.
const GOOD_NAME: &str = "db.good.t";

/// Where an attack takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ground {
    /// The good database is at an address.
    Plain,
    /// The good database has a name; no name under `.silent.t` is ever answered for.
    Names,
    /// The attackers have many connections.
    Crowd,
    /// The host's data are on a small disk of their own.
    SmallDisk,
}

/// Room enough for an empty host and its connectors.
const SMALL_DISK_MIB: u32 = 48;

pub(crate) struct Arena {
    pub(crate) host: Patchpanel,
    pub(crate) good: Good,
    /// A port of 127.0.0.1 that answers no attempt to connect.
    pub(crate) black_hole: Silent,
    /// A server whose types have no end.
    pub(crate) hydra: HostilePostgres,
    /// Servers that never stop sending.
    pub(crate) floods: [HostilePostgres; 2],
    idle: Idle,
    /// As long as the host lives.
    _names: Option<Names>,
    _database: Postgres,
}

/// What the host holds when nobody asks for anything.
struct Idle {
    memory: u64,
    descriptors: usize,
}

/// What an attack has cost, once it is over.
#[derive(Debug, Clone)]
pub(crate) struct Afterwards {
    /// Why the host has ended, or is not ready.
    pub(crate) ended: Option<String>,
    /// The most memory beyond the idle host's, in bytes.
    pub(crate) more_memory: u64,
    /// Descriptors that did not come back.
    pub(crate) more_descriptors: usize,
}

/// The good organization: it lists, verifies and tests, each time another member of it.
#[derive(Clone)]
pub(crate) struct Good {
    members: Arc<Vec<Client>>,
    next: Arc<AtomicUsize>,
    body: Arc<Value>,
    uri: String,
}

/// How large an arena is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Members of the good organization: so many that none is stopped by a rate of its own.
    pub(crate) members: usize,
    /// Connections of the attackers, where they have many.
    pub(crate) connections: usize,
}

/// What the good organization asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    List,
    Verify,
    Test,
}

impl Ground {
    /// Why it cannot be had here.
    pub(crate) fn unavailable(self) -> Option<String> {
        match self {
            Self::Plain | Self::Crowd => None,
            Self::Names => Names::unavailable(),
            Self::SmallDisk => Mounts::unavailable(),
        }
    }

    /// What must work there all the time. A test writes down how it ended, for which a full disk has no room.
    pub(crate) fn kinds(self) -> &'static [Kind] {
        if self == Self::SmallDisk { &Kind::ALL[..2] } else { &Kind::ALL }
    }
}

impl Arena {
    /// Starts everything, and has it work until it is warm.
    pub(crate) fn open(ground: Ground, size: Size) -> Result<Self> {
        swarm::lift_limit_of_descriptors()?;
        let database = Postgres::builder().sql(sales::SQL).setting("max_connections", "150").start()?;
        let names = (ground == Ground::Names).then(names).transpose()?;
        let mut builder = Patchpanel::builder();
        if let Some(names) = &names {
            builder = builder.names(names);
        }
        if ground == Ground::SmallDisk {
            builder = builder.disk(SMALL_DISK_MIB);
        }
        let host =
            if ground == Ground::Crowd { crowd::host(builder, size.connections)? } else { builder.rates().start()? };
        let name = if names.is_some() { GOOD_NAME } else { "127.0.0.1" };
        let good = Good::join(&host, size.members, name, database.port())?;
        let hostile = sales::READER_PASSWORD;
        let mut arena = Self {
            host,
            good,
            black_hole: Silent::start()?,
            hydra: HostilePostgres::start(hostile, |session| session.serve(scripts::hydra))?,
            floods: [
                HostilePostgres::start(hostile, scripts::flood_of_rows)?,
                HostilePostgres::start(hostile, scripts::flood_of_notices)?,
            ],
            idle: Idle { memory: 0, descriptors: 0 },
            _names: names,
            _database: database,
        };
        arena.warm_up()?;
        Ok(arena)
    }

    /// What the first requests allocate once belongs to the idle host.
    fn warm_up(&mut self) -> Result<()> {
        for _ in 0..10 {
            Kind::ALL.into_iter().try_for_each(|kind| self.good.ask(kind))?;
        }
        // What the database's sessions and our own connections held is given back.
        self.good = self.good.hang_up();
        thread::sleep(Duration::from_secs(1));
        let id = self.host.id();
        forget_peak(id)?;
        self.idle = Idle { memory: resident_bytes(id)?, descriptors: descriptors(id)? };
        Ok(())
    }

    /// The head of a request, up to its body of so many bytes.
    pub(crate) fn head(&self, method: &str, path: &str, token: &str, body: usize) -> String {
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nX-Project-ID: {PROJECT}\r\n\
             Content-Type: application/json\r\nContent-Length: {body}\r\nConnection: close\r\n\r\n",
            self.host.address()
        )
    }

    /// A token of a member of an organization.
    pub(crate) fn token(&self, organization: &str, member: &str) -> Result<String> {
        token(&self.host, organization, member)
    }

    /// Waits until everything is over that has been begun, and says what it has cost.
    pub(crate) fn look_afterwards(&mut self) -> Result<Afterwards> {
        // Our own idle connections are no descriptors of the host's.
        self.good = self.good.hang_up();
        if let Some(status) = self.host.ended()? {
            let ended = Some(format!("it ended with {status}: {}", self.host.log_tail()));
            return Ok(Afterwards { ended, more_memory: 0, more_descriptors: 0 });
        }
        let id = self.host.id();
        let more = || Some(descriptors(id).ok()?.saturating_sub(self.idle.descriptors));
        let calm = eventually(CALM_LIMIT, || more().filter(|more| *more <= MAX_MORE_DESCRIPTORS));
        let client = self.host.client();
        let is_ready = || client.get("/health/ready").is_ok_and(|reply| reply.status.is_success()).then_some(());
        let ready = eventually(READINESS_LIMIT, is_ready).is_some();
        let panics = self.host.log()?.matches("panicked").count();
        let ended = match () {
            () if !ready => Some("it is not ready".to_owned()),
            () if panics > 0 => Some(format!("it panicked {panics} times")),
            () => None,
        };
        Ok(Afterwards {
            ended,
            more_memory: peak_bytes(id)?.saturating_sub(self.idle.memory),
            more_descriptors: calm.or_else(more).unwrap_or_default(),
        })
    }
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::List, Self::Verify, Self::Test];
}

impl Good {
    /// Registers the connection that all of them use.
    fn join(host: &Patchpanel, members: usize, name: &str, port: u16) -> Result<Self> {
        let member = |number: usize| -> Result<Client> {
            let token = token(host, "good", &format!("member-{number}"))?;
            Ok(host.client().with_token(&token).with_project(PROJECT))
        };
        let members: Vec<Client> = (0..members).map(member).collect::<Result<_>>()?;
        let mut body = json!({
            "connection_type": "postgres",
            "database_config": {
                "host": name,
                "port": port,
                "database": sales::DATABASE,
                "db_schema": sales::SCHEMA,
                "ssl_mode": "disable",
            },
            "credentials": { "username": sales::READER, "password": sales::READER_PASSWORD },
        });
        let verify = body.clone();
        body["name"] = json!("Shop");
        let created = members[0].post("/assets/data", &body)?;
        ensure!(created.status.as_u16() == 201, "the good connection: {}", created.body);
        let uri = created.json()?["resource_uri"].as_str().context("there is no resource URI")?.to_owned();
        Ok(Self { members: Arc::new(members), next: Arc::default(), body: Arc::new(verify), uri })
    }

    /// Asks for it once; an error when the answer is wrong.
    pub(crate) fn ask(&self, kind: Kind) -> Result<()> {
        let member = &self.members[self.next.fetch_add(1, Ordering::Relaxed) % self.members.len()];
        let reply = match kind {
            Kind::List => member.get("/assets/data"),
            Kind::Verify => member.post("/assets/data/verify", &self.body),
            Kind::Test => member.send("POST", &format!("/assets/data/{}/test", self.uri), ""),
        };
        let reply = reply.with_context(|| format!("{kind:?}"))?;
        let good = reply.status.as_u16() == 200
            && match kind {
                Kind::List => reply.json()?["data"][0]["resource_uri"] == self.uri.as_str(),
                Kind::Verify | Kind::Test => reply.json()?["success"] == true,
            };
        ensure!(good, "{kind:?}: {} {}", reply.status, &reply.body[..reply.body.floor_char_boundary(500)]);
        Ok(())
    }

    /// The same with connections of their own.
    fn hang_up(&self) -> Self {
        let members = self.members.iter().map(|member| member.with_timeout(PATIENCE)).collect();
        Self { members: Arc::new(members), ..self.clone() }
    }
}

fn token(host: &Patchpanel, organization: &str, member: &str) -> Result<String> {
    host.token(&["--org", organization, "--project", PROJECT, "--role", "developer", "--subject", member])
}

/// The system keeps a look-up that nobody answers for twenty seconds, longer than the good ones wait.
fn names() -> Result<Names> {
    Names::new("", &[(GOOD_NAME, Ipv4Addr::LOCALHOST)], "options timeout:10 attempts:2")
}
