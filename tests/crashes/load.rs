//! A client that writes until nobody answers, and knows what must be there afterwards.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use serde_json::{Value, json};
use test_support::client::{Client, Reply};
use test_support::sales;

/// The most requests of one writer between two kills.
const MAX_REQUESTS: usize = 60;

/// What a connection is as its owner sees it: not there, or there with the credentials of this user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Absent,
    Present(User),
}

/// Told apart by what they may do, so that a test shows whose credentials were used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum User {
    Reader,
    Writer,
}

/// Writes connections of its own, one request after the other.
pub(crate) struct Writer {
    number: usize,
    port: u16,
    created: usize,
    known: BTreeMap<String, State>,
    /// Connections of this round.
    touched: Vec<String>,
    /// The request that got no answer: it was done wholly or not at all.
    unanswered: Option<(String, State)>,
    /// How many requests of this round were answered.
    pub(crate) acknowledged: usize,
}

/// A number of a range, both ends included.
pub(crate) fn random_between(first: u64, last: u64) -> u64 {
    first + RandomState::new().build_hasher().finish() % (last - first + 1)
}

impl User {
    fn other(self) -> Self {
        match self {
            Self::Reader => Self::Writer,
            Self::Writer => Self::Reader,
        }
    }

    fn credentials(self) -> Value {
        match self {
            Self::Reader => json!({ "username": sales::READER, "password": sales::READER_PASSWORD }),
            Self::Writer => json!({ "username": sales::WRITER, "password": sales::WRITER_PASSWORD }),
        }
    }

    /// The description of a connection with these credentials, written by the same request.
    fn description(self) -> &'static str {
        match self {
            Self::Reader => sales::READER,
            Self::Writer => sales::WRITER,
        }
    }
}

impl Writer {
    pub(crate) fn new(number: usize, port: u16) -> Self {
        let (known, touched) = (BTreeMap::new(), Vec::new());
        Self { number, port, created: 0, known, touched, unanswered: None, acknowledged: 0 }
    }

    /// Whether the last request of this round got no answer.
    pub(crate) fn cut_off(&self) -> bool {
        self.unanswered.is_some()
    }

    /// Creates, changes and deletes at random until a request gets no answer.
    pub(crate) fn write_until_cut_off(&mut self, client: &Client) {
        self.touched.clear();
        self.acknowledged = 0;
        for _ in 0..MAX_REQUESTS {
            let (name, old, new) = self.choose();
            let answer = match (old, new) {
                (State::Absent, State::Present(user)) => self.create(client, &name, user),
                (State::Present(_), State::Present(user)) => change(client, &name, user),
                (_, State::Absent) => client.delete(&path(&name)),
            };
            self.touched.push(name.clone());
            let Ok(reply) = answer else {
                self.unanswered = Some((name, new));
                return;
            };
            let expected = match (old, new) {
                (State::Absent, _) => 201,
                (_, State::Present(_)) => 200,
                (_, State::Absent) => 204,
            };
            assert_eq!(reply.status.as_u16(), expected, "{name}: {old:?} to {new:?}: {}", reply.body);
            self.known.insert(name, new);
            self.acknowledged += 1;
        }
    }

    /// Half of the requests create; the others change or delete what was created.
    fn choose(&mut self) -> (String, State, State) {
        let present: Vec<(String, User)> =
            self.known.iter().filter_map(|(name, state)| present(name, *state)).collect();
        if present.is_empty() || random_between(0, 1) == 0 {
            self.created += 1;
            let user = if random_between(0, 1) == 0 { User::Reader } else { User::Writer };
            return (format!("shop-{}-{}", self.number, self.created), State::Absent, State::Present(user));
        }
        let last = u64::try_from(present.len() - 1).unwrap();
        let (name, user) = present[usize::try_from(random_between(0, last)).unwrap()].clone();
        let new = if random_between(0, 2) == 0 { State::Absent } else { State::Present(user.other()) };
        (name, State::Present(user), new)
    }

    fn create(&self, client: &Client, name: &str, user: User) -> anyhow::Result<Reply> {
        let body = json!({
            "name": name,
            "description": user.description(),
            "connection_type": "postgres",
            "database_config": {
                "host": "127.0.0.1",
                "port": self.port,
                "database": sales::DATABASE,
                "db_schema": sales::SCHEMA,
                "ssl_mode": "disable",
            },
            "credentials": user.credentials(),
        });
        client.with_header("Idempotency-Key", name).post("/assets/data", &body)
    }

    /// What this round has touched is what it must be, and works.
    pub(crate) fn check(&mut self, client: &Client) {
        if let Some((name, new)) = self.unanswered.take() {
            self.settle(client, name, new);
        }
        self.touched.sort();
        self.touched.dedup();
        for name in &self.touched {
            let state = self.known[name];
            assert_eq!(look(client, name), state, "{name}");
            if let State::Present(user) = state {
                works(client, name, user);
            }
        }
    }

    /// The unanswered request was done or not. As a client would, it asks for some again.
    fn settle(&mut self, client: &Client, name: String, new: State) {
        let old = self.known.get(&name).copied().unwrap_or(State::Absent);
        let state = match (old, new) {
            (State::Absent, State::Present(user)) if random_between(0, 1) == 0 => {
                let reply = self.create(client, &name, user).unwrap();
                assert_eq!(reply.status.as_u16(), 201, "{name}, asked for again: {}", reply.body);
                new
            }
            _ => look(client, &name),
        };
        assert!(state == old || state == new, "{name} was {old:?}, was to become {new:?}, and is {state:?}");
        self.known.insert(name, state);
    }
}

fn present(name: &str, state: State) -> Option<(String, User)> {
    match state {
        State::Absent => None,
        State::Present(user) => Some((name.to_owned(), user)),
    }
}

fn path(name: &str) -> String {
    format!("/assets/data/data:acme:sales:{name}")
}

fn change(client: &Client, name: &str, user: User) -> anyhow::Result<Reply> {
    client.put(&path(name), &json!({ "description": user.description(), "credentials": user.credentials() }))
}

fn look(client: &Client, name: &str) -> State {
    let reply = client.get(&path(name)).unwrap();
    match reply.status.as_u16() {
        404 => State::Absent,
        200 => match reply.json().unwrap()["description"].as_str() {
            Some(sales::READER) => State::Present(User::Reader),
            Some(sales::WRITER) => State::Present(User::Writer),
            other => panic!("{name} has the description {other:?}"),
        },
        other => panic!("{name}: {other}: {}", reply.body),
    }
}

/// The stored credentials are this user's, whole.
fn works(client: &Client, name: &str, user: User) {
    let reply = client.send("POST", &format!("{}/test", path(name)), "").unwrap();
    let result = reply.json().unwrap();
    assert_eq!((reply.status.as_u16(), &result["success"]), (200, &json!(true)), "{name}: {}", reply.body);
    let can_write = result["details"]["privileges"]["read_only"] == json!("none");
    assert_eq!(can_write, user == User::Writer, "{name} has the credentials of another user: {}", reply.body);
}
