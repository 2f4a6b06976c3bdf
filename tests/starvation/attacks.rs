//! What greedy, slow or hostile organizations do. They come from other addresses than the good ones.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use test_support::name_server::SILENT;
use test_support::sales;
use test_support::swarm::{Answers, Sender, Swarm};

use super::arena::{Arena, Ground};
use super::crowd;
use super::full_disk::FullDisk;

/// What is done to a host.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    pub(crate) ground: Ground,
    means: Means,
}

/// By what it is done.
enum Means {
    /// Many clients, of which each does this.
    Swarm(fn(&Arena) -> Result<Vec<Sender>>),
    /// A disk that is full.
    FullDisk,
}

/// An attack that goes on, until this is dropped.
pub(crate) enum Running {
    Swarm(Swarm),
    FullDisk(FullDisk),
}

impl Attack {
    /// Begins it.
    pub(crate) fn start(&self, arena: &Arena) -> Result<Running> {
        match self.means {
            Means::Swarm(senders) => Ok(Running::Swarm(Swarm::start(arena.host.address(), senders(arena)?)?)),
            Means::FullDisk => Ok(Running::FullDisk(FullDisk::fill(arena)?)),
        }
    }
}

impl Running {
    /// Ends it: what the attackers were answered. An error when the host does not come to itself.
    pub(crate) fn stop(self) -> Result<Answers> {
        match self {
            Self::Swarm(swarm) => swarm.stop(),
            Self::FullDisk(disk) => disk.empty(),
        }
    }
}

/// Addresses of the attackers: 127.0.0.2 and those after it.
const ADDRESSES: u8 = 8;

/// Members of one organization, since tests have a rate for each.
const MEMBERS: usize = 8;

/// What is sent at once.
const MEBIBYTE: usize = 1 << 20;

/// A body that is begun and never ended, with a valid token.
const SLOW_BODIES: Attack = Attack {
    name: "slow bodies",
    ground: Ground::Plain,
    means: Means::Swarm(|arena| {
        let token = arena.token("slow", "developer")?;
        let head = arena.head("POST", "/assets/data/verify", &token, 500);
        Ok(swarm(260, &[format!("{head}{{")], Duration::from_secs(1)))
    }),
};

/// A head that is begun and never ended.
const HALF_HEADS: Attack = Attack {
    name: "half heads",
    ground: Ground::Plain,
    means: Means::Swarm(|_| {
        Ok(swarm(1_100, &["GET /assets/data HTTP/1.1\r\nHost: a\r\nX-Wait: ".to_owned()], Duration::from_secs(1)))
    }),
};

/// Connections on which nothing is ever said.
const IDLE_SOCKETS: Attack = Attack {
    name: "idle sockets",
    ground: Ground::Plain,
    means: Means::Swarm(|_| Ok(swarm(1_200, &[String::new()], Duration::from_secs(1)))),
};

/// Connections to a host that swallows everything.
const BLACK_HOLES: Attack = Attack {
    name: "black holes",
    ground: Ground::Plain,
    means: Means::Swarm(|arena| {
        let port = arena.black_hole.address()?.port();
        let config = json!({ "host": "127.0.0.1", "port": port, "database": "x", "connect_timeout_ms": 60_000 });
        let mut senders = Vec::new();
        for organization in ["hole-1", "hole-2", "hole-3", "hole-4"] {
            senders.extend(swarm(64, &verifies(arena, organization, &config)?, Duration::from_secs(1)));
        }
        Ok(senders)
    }),
};

/// Connections to names whose name servers are silent, each given up long before the system gives it up.
const SILENT_NAME_SERVERS: Attack = Attack {
    name: "silent name servers",
    ground: Ground::Names,
    means: Means::Swarm(|arena| {
        let config = json!({ "host": format!("db{SILENT}"), "database": "x", "connect_timeout_ms": 100 });
        Ok(swarm(80, &verifies(arena, "silent", &config)?, Duration::from_secs(1)))
    }),
};

/// Bodies within their limit of bytes whose values take far more memory than their text.
const MANY_VALUES: Attack = Attack {
    name: "bodies of many values",
    ground: Ground::Plain,
    means: Means::Swarm(|arena| {
        let token = arena.token("values", "developer")?;
        let bodies = ["[],", "[[[[]]]],", "{\"\":0},"].map(|value| {
            let (start, end) = ("{\"connection_type\":\"postgres\",\"database_config\":[", "0]}");
            let values = value.repeat((MEBIBYTE - start.len() - end.len()) / value.len());
            let body = format!("{start}{values}{end}");
            arena.head("POST", "/assets/data/verify", &token, body.len()) + &body
        });
        Ok(swarm(120, &bodies, Duration::from_secs(2)))
    }),
};

/// Bodies of the size that is allowed, with few values in them.
const LARGE_BODIES: Attack = Attack {
    name: "large honest bodies",
    ground: Ground::Plain,
    means: Means::Swarm(|arena| {
        let roots = "A".repeat(MEBIBYTE - 1_000);
        let config = json!({ "host": "db.example.com", "database": "x", "ssl_root_cert": roots });
        Ok(swarm(40, &verifies(arena, "large", &config)?, Duration::from_secs(2)))
    }),
};

/// Searches that look at every place of every name.
const LONG_SEARCHES: Attack = Attack {
    name: "long searches",
    ground: Ground::Crowd,
    means: Means::Swarm(|arena| {
        let token = arena.token(crowd::ORGANIZATION, "searcher")?;
        let search = |letters: usize| {
            let path = format!("/assets/data?search={}b", crowd::LETTER.repeat(letters - 1));
            arena.head("GET", &path, &token, 0)
        };
        Ok(swarm(16, &[search(64), search(255)], Duration::from_millis(100)))
    }),
};

/// Servers that let the host in, and then have it look up types without end.
const HYDRA: Attack = Attack {
    name: "type hydra",
    ground: Ground::Plain,
    means: Means::Swarm(|arena| {
        let config = hostile(arena.hydra.port());
        Ok(swarm(32, &verifies(arena, "hydra", &config)?, Duration::from_millis(200)))
    }),
};

/// Servers that let the host in, and then never stop sending.
const FLOODS: Attack = Attack {
    name: "floods",
    ground: Ground::Plain,
    means: Means::Swarm(|arena| {
        let mut senders = Vec::new();
        for (server, organization) in arena.floods.iter().zip(["rows", "notices"]) {
            let verifies = verifies(arena, organization, &hostile(server.port()))?;
            senders.extend(swarm(16, &verifies, Duration::from_millis(200)));
        }
        Ok(senders)
    }),
};

/// A file system without room.
const FULL_DISK: Attack = Attack { name: "full disk", ground: Ground::SmallDisk, means: Means::FullDisk };

/// All of them.
pub(crate) const ALL: [&Attack; 11] = [
    &SLOW_BODIES,
    &HALF_HEADS,
    &IDLE_SOCKETS,
    &BLACK_HOLES,
    &SILENT_NAME_SERVERS,
    &MANY_VALUES,
    &LARGE_BODIES,
    &LONG_SEARCHES,
    &HYDRA,
    &FLOODS,
    &FULL_DISK,
];

/// So many clients, which say these things in turn.
fn swarm(count: usize, texts: &[String], pause: Duration) -> Vec<Sender> {
    let texts: Vec<Arc<[u8]>> = texts.iter().map(|text| text.as_bytes().into()).collect();
    let sources = (0..ADDRESSES).cycle().map(|number| Ipv4Addr::new(127, 0, 0, 2 + number));
    let senders = sources.zip(texts.iter().cycle());
    senders.take(count).map(|(source, bytes)| Sender { source, bytes: Arc::clone(bytes), pause }).collect()
}

/// The way to a server of this machine.
fn hostile(port: u16) -> Value {
    json!({ "host": "127.0.0.1", "port": port, "database": "x", "ssl_mode": "disable" })
}

/// Verifies of this configuration by the members of an organization.
fn verifies(arena: &Arena, organization: &str, config: &Value) -> Result<Vec<String>> {
    let body = json!({
        "connection_type": "postgres",
        "database_config": config,
        "credentials": { "username": sales::READER, "password": sales::READER_PASSWORD },
    })
    .to_string();
    let verify = |member: usize| {
        let token = arena.token(organization, &format!("member-{member}"))?;
        Ok(arena.head("POST", "/assets/data/verify", &token, body.len()) + &body)
    };
    (0..MEMBERS).map(verify).collect()
}
