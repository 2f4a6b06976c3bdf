//! Whatever can be wrong with a data source is told apart: each fault has its stage, code, blame and remedy, and beside
//! each there is the same connection put right, so that the fault is there for its own reason.

mod cancel;
mod certificates;
mod client_certificate;
mod discover;
mod hostile_server;
mod languages;
mod login;
mod network;
mod policy;
mod pooler;
mod privileges;
mod sayings;
mod session;
mod sqlstates;
mod statements;
mod stored;
mod tls;

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::OnceLock;

use serde_json::{Value, json};
use test_support::client::Client;
use test_support::directory::TemporaryDirectory;
use test_support::patchpanel::Patchpanel;
use test_support::{guests, sales};

/// Trying again, with nothing changed, cannot help.
const FINAL: bool = false;
/// Trying again later can help.
const RETRYABLE: bool = true;

const STAGES: [&str; 9] =
    ["config", "policy", "resolve", "connect", "tls", "authenticate", "session", "privileges", "discover"];

/// What is wrong with a connection's own certificates.
const KNOWN_BEFORE: [&str; 2] = ["roots_invalid", "client_certificate_invalid"];

/// Texts of the statements that the host and the connector send.
const STATEMENTS: [&str; 4] = ["pg_catalog", "has_schema_privilege", "current_setting", "$1"];

/// One host for all tests here, each with connections of its own.
fn host() -> &'static Patchpanel {
    static HOST: OnceLock<Patchpanel> = OnceLock::new();
    HOST.get_or_init(|| Patchpanel::start().unwrap())
}

fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| host().client_of("acme", "faults", "admin").unwrap())
}

/// A host of its own with these connectors of `tests/guests` alone.
fn host_of_guests(names: &[&str]) -> Patchpanel {
    let directory = TemporaryDirectory::new("connectors").unwrap();
    for name in names {
        std::fs::write(directory.path().join(format!("{name}.wasm")), guests::named(name).unwrap()).unwrap();
    }
    // They are loaded when it has started.
    Patchpanel::builder().setting("CONNECTORS_DIR", directory.path().to_str().unwrap()).start().unwrap()
}

/// Asks to verify in a project of this organization, and does not wait for the answer.
fn begin(host: &Patchpanel, organization: &str, attempt: &Attempt) -> TcpStream {
    let token = host.token(&["--org", organization, "--project", "faults", "--role", "admin"]).unwrap();
    let body = attempt.body().to_string();
    let mut stream = TcpStream::connect(host.address()).unwrap();
    write!(
        stream,
        "POST /assets/data/verify HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nX-Project-ID: faults\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    stream
}

/// A connection to try: as the reader of the sample database on 127.0.0.1, without TLS, unless it is changed.
#[derive(Clone)]
struct Attempt {
    client: Client,
    connection_type: String,
    config: Value,
    credentials: Value,
}

fn attempt(port: u16) -> Attempt {
    Attempt {
        client: client().clone(),
        connection_type: "postgres".to_owned(),
        config: json!({
            "host": "127.0.0.1",
            "port": port,
            "database": sales::DATABASE,
            "db_schema": sales::SCHEMA,
            "ssl_mode": "disable",
        }),
        credentials: json!({ "username": sales::READER, "password": sales::READER_PASSWORD }),
    }
}

/// The same by a connector of `tests/guests`, which misbehaves.
fn attempt_by(guest: &str, client: &Client, port: u16) -> Attempt {
    let config = json!({ "host": "127.0.0.1", "port": port, "database": sales::DATABASE, "ssl_mode": "disable", "trigger": "on" });
    Attempt { client: client.clone(), connection_type: format!("zoo-{guest}"), config, ..attempt(port) }
}

impl Attempt {
    fn config(&self, name: &str, value: impl Into<Value>) -> Self {
        let mut changed = self.clone();
        changed.config[name] = value.into();
        changed
    }

    /// With TLS of this mode and, where given, this root.
    fn tls(&self, mode: &str, root: Option<&str>) -> Self {
        let changed = self.config("ssl_mode", mode);
        root.into_iter().fold(changed, |changed, root| changed.config("ssl_root_cert", root))
    }

    fn credential(&self, name: &str, value: &str) -> Self {
        let mut changed = self.clone();
        changed.credentials[name] = value.into();
        changed
    }

    fn user(&self, name: &str) -> Self {
        self.credential("username", name)
    }

    fn through(&self, client: &Client) -> Self {
        Self { client: client.clone(), ..self.clone() }
    }

    fn body(&self) -> Value {
        json!({ "connection_type": self.connection_type, "database_config": self.config, "credentials": self.credentials })
    }

    fn verify(&self) -> Report {
        let reply = self.client.post("/assets/data/verify", &self.body()).unwrap();
        Report::read(&reply, self)
    }

    /// Verifies with a password that may be in the answer, as a word of others.
    fn verify_unseen(&self) -> Report {
        let reply = self.client.post("/assets/data/verify", &self.body()).unwrap();
        Report { body: reply.json().unwrap(), encrypted: self.config["ssl_mode"] != "disable" }
    }

    /// Verifies, and expects every stage to pass with these warnings.
    fn works(&self, warnings: &[&str]) -> Report {
        self.verify().expect_success(warnings)
    }

    /// Verifies, and expects this fault.
    fn fails(&self, stage: &str, code: &str, blame: &str, retryable: bool, sqlstate: Option<&str>) -> Report {
        self.verify().expect_fault(stage, code, blame, retryable, sqlstate)
    }
}

/// What a test of a connection answered.
struct Report {
    body: Value,
    encrypted: bool,
}

impl Report {
    /// Whatever the outcome is, no answer repeats the password or a statement.
    fn read(reply: &test_support::client::Reply, attempt: &Attempt) -> Self {
        assert_eq!(reply.status.as_u16(), 200, "{}", reply.body);
        for (name, value) in attempt.credentials.as_object().unwrap() {
            let value = value.as_str().unwrap();
            assert!(name == "username" || !reply.body.contains(value), "{name} is in {}", reply.body);
        }
        for part in STATEMENTS {
            assert!(!reply.body.contains(part), "{part} is in {}", reply.body);
        }
        Self { body: reply.json().unwrap(), encrypted: attempt.config["ssl_mode"] != "disable" }
    }

    fn expect_success(self, warnings: &[&str]) -> Self {
        assert_eq!(self.body["success"], true, "{:#}", self.body);
        for stage in self.stages() {
            let skipped = stage["stage"] == "tls" && !self.encrypted;
            let outcome = match &stage["warnings"] {
                _ if skipped => "skipped",
                Value::Array(warnings) if warnings.is_empty() => "passed",
                _ => "warned",
            };
            assert_eq!((&stage["outcome"], &stage["code"]), (&json!(outcome), &Value::Null), "{:#}", self.body);
            assert_eq!(stage["latency_ms"].is_number(), !skipped, "{:#}", self.body);
        }
        assert_eq!(self.warnings(), warnings, "{:#}", self.body);
        self
    }

    fn expect_fault(self, stage: &str, code: &str, blame: &str, retryable: bool, sqlstate: Option<&str>) -> Self {
        let body = &self.body;
        assert_eq!(body["success"], false, "{body:#}");
        let failed = self.failed();
        let facts = [&failed["stage"], &failed["code"], &failed["blame"], &failed["retryable"], &failed["sqlstate"]];
        assert_eq!(json!(facts), json!([stage, code, blame, retryable, sqlstate]), "{body:#}");
        assert_eq!(body["message"], failed["message"], "{body:#}");
        assert!(!self.remedy().is_empty(), "{body:#}");
        for (other, name) in self.stages().iter().zip(STAGES) {
            let outcome = other["outcome"].as_str().unwrap();
            let position = STAGES.iter().position(|&known| known == stage).unwrap();
            let expected: &[&str] = match STAGES.iter().position(|&known| known == name).unwrap() {
                at if at == position => &["failed"],
                // The addresses are judged after the name has been looked up, all else before.
                _ if code == "address_refused" && name == "resolve" => &["passed"],
                at if at > position => &["skipped"],
                // Looked at before anything is dialled.
                _ if KNOWN_BEFORE.contains(&code) && name == "connect" => &["skipped"],
                _ if name == "tls" && !self.encrypted => &["skipped"],
                _ => &["passed", "warned"],
            };
            assert!(expected.contains(&outcome), "{name} {outcome}: {body:#}");
        }
        self
    }

    fn stages(&self) -> &[Value] {
        let stages = self.body["details"]["stages"].as_array().unwrap();
        assert_eq!(stages.iter().map(|stage| stage["stage"].as_str().unwrap()).collect::<Vec<_>>(), STAGES);
        stages
    }

    fn failed(&self) -> &Value {
        self.stages().iter().find(|stage| stage["outcome"] == "failed").unwrap()
    }

    fn message(&self) -> &str {
        self.failed()["message"].as_str().unwrap()
    }

    fn remedy(&self) -> &str {
        self.failed()["remedy"].as_str().unwrap()
    }

    /// The codes of all warnings.
    fn warnings(&self) -> Vec<&str> {
        let warnings = self.stages().iter().flat_map(|stage| stage["warnings"].as_array().unwrap());
        warnings.map(|warning| warning["code"].as_str().unwrap()).collect()
    }

    fn details(&self, name: &str) -> &Value {
        &self.body["details"][name]
    }
}
