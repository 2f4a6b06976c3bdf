//! Canaries: credentials, in their right place and in every wrong one, come out nowhere.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::{Value, json};
use test_support::canary::leaks;
use test_support::certificates::Authority;
use test_support::client::{Client, Reply};
use test_support::patchpanel::Patchpanel;
use test_support::postgres::Postgres;
use test_support::sales;

/// The password that works. Its end needs escapes in JSON, in URLs and in a connection string.
const PASSWORD: &str = "cAnArY5fQ2right\"\\ %'é";
/// What is looked for of it.
const PASSWORD_CORE: &str = "cAnArY5fQ2right";
/// A password that does not work.
const WRONG_PASSWORD: &str = "cAnArY9wX1wrong";
/// A credential where none belongs.
const MISPLACED: &str = "cAnArY3kT7misplaced";

/// Every file below a directory, with its content.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    found
}

/// A client that keeps every answer.
struct Listener {
    client: Client,
    replies: Vec<Reply>,
}

impl Listener {
    fn send(&mut self, method: &str, path: &str, body: &Value) -> Reply {
        self.send_text(method, path, &body.to_string())
    }

    fn send_text(&mut self, method: &str, path: &str, body: &str) -> Reply {
        let json = self.client.with_header("Content-Type", "application/json");
        let reply = json.send(method, path, body).unwrap();
        self.replies.push(reply.clone());
        reply
    }
}

#[test]
fn the_search_finds_every_form() {
    let canaries = [PASSWORD_CORE.to_owned(), WRONG_PASSWORD.to_owned()];
    let hex = PASSWORD.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    for text in [
        format!("x{PASSWORD}y"),
        STANDARD.encode(PASSWORD),
        STANDARD.encode(format!("reader:{PASSWORD}")),
        URL_SAFE.encode(format!("{{\"password\":\"{PASSWORD}\"}}")),
        STANDARD.encode(format!("{{\"pw\":\"{PASSWORD}\"}}")),
        hex.to_uppercase(),
        hex,
        json!(PASSWORD).to_string(),
        format!("{:?}", PASSWORD.as_bytes()),
        json!(PASSWORD.as_bytes()).to_string(),
    ] {
        assert_eq!(leaks(&canaries, text.as_bytes()), [PASSWORD_CORE], "{text}");
    }
    assert_eq!(leaks(&canaries, b"cAnArY5fQ2 right"), [""; 0]);
}

#[test]
fn no_credential_comes_out_anywhere() {
    let (authority, clients) = (Authority::new("servers").unwrap(), Authority::new("clients").unwrap());
    let identity = clients.client(sales::READER).unwrap();
    let database = Postgres::builder()
        .tls(&authority.server(&["127.0.0.1"]).unwrap())
        .client_authority(clients.certificate())
        .hba("hostssl all all all scram-sha-256 clientcert=verify-ca")
        .sql(sales::SQL)
        .sql(&format!("ALTER ROLE {} PASSWORD '{}'", sales::READER, PASSWORD.replace('\'', "''")))
        .start()
        .unwrap();
    let mut host = Patchpanel::builder().setting("LOG_LEVEL", "trace").start().unwrap();
    let token = host.token(&["--org", "acme", "--project", "sales", "--role", "owner"]).unwrap();
    let client = host.client().with_token(&token).with_project("sales");
    let mut listener = Listener { client, replies: Vec::new() };
    let registration = json!({
        "name": "Canary",
        "connection_type": "postgres",
        "database_config": {
            "host": "127.0.0.1", "port": database.port(), "database": sales::DATABASE, "db_schema": sales::SCHEMA,
            "ssl_mode": "verify-full", "ssl_root_cert": authority.certificate(),
            "ssl_client_cert": identity.certificate,
        },
        "credentials": { "username": sales::READER, "password": PASSWORD, "ssl_client_key": identity.key },
    });

    in_the_right_place(&mut listener, &registration);
    in_wrong_places(&mut listener, &registration);

    let key_lines = identity.key.lines().filter(|line| !line.starts_with("-----"));
    let mut canaries: Vec<String> = key_lines.map(str::to_owned).collect();
    assert!(!canaries.is_empty());
    canaries.extend([PASSWORD_CORE, WRONG_PASSWORD, MISPLACED].map(str::to_owned));
    canaries.push(token.rsplit_once('.').unwrap().1.to_owned());
    for reply in &listener.replies {
        let headers = format!("{:?}", reply.headers);
        let found = [leaks(&canaries, reply.body.as_bytes()), leaks(&canaries, headers.as_bytes())].concat();
        assert!(found.is_empty(), "{found:?} in the answer {}: {}", reply.status, reply.body);
    }
    // Both while the write-ahead logs are there, and after a stop.
    let look = |host: &Patchpanel| {
        let found = files(host.directory().path());
        for (file, content) in &found {
            assert_eq!(leaks(&canaries, content), [""; 0], "in {file}");
        }
        let names: Vec<String> = found.into_iter().map(|(file, _)| file).collect();
        names
    };
    let names = look(&host);
    for expected in ["/log", "metadata.db", "metadata.db-wal", "secrets.db", "/compiled/"] {
        assert!(names.iter().any(|name| name.contains(expected)), "{expected} was not looked at: {names:?}");
    }
    let log = host.log().unwrap();
    assert!(log.contains("\"TRACE\"") || log.contains("\"DEBUG\"") || log.contains("\"INFO\""), "{log}");
    for line in log.lines().filter(|line| line.starts_with('{')) {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "one event is one line: {line}");
    }
    host.stop().unwrap();
    look(&host);
}

/// Every route with credentials where they belong, some of them wrong.
fn in_the_right_place(listener: &mut Listener, registration: &Value) {
    let success = |reply: Reply| reply.json().unwrap()["success"].clone();
    let mut verify = registration.clone();
    verify.as_object_mut().unwrap().remove("name");
    assert_eq!(success(listener.send("POST", "/assets/data/verify", &verify)), true);
    verify["credentials"]["password"] = json!(WRONG_PASSWORD);
    assert_eq!(success(listener.send("POST", "/assets/data/verify", &verify)), false);
    verify["credentials"]["username"] = json!("nobody");
    assert_eq!(success(listener.send("POST", "/assets/data/verify", &verify)), false);
    verify["credentials"]["ssl_client_key"] = json!(format!("-----BEGIN PRIVATE KEY-----\n{MISPLACED}\n"));
    listener.send("POST", "/assets/data/verify", &verify);

    let path = "/assets/data/data:acme:sales:canary";
    let keyed = listener.client.with_header("Idempotency-Key", "canary");
    let mut keyed = Listener { client: keyed, replies: Vec::new() };
    for _ in 0..2 {
        assert_eq!(keyed.send("POST", "/assets/data", registration).status.as_u16(), 201);
    }
    listener.replies.append(&mut keyed.replies);
    assert_eq!(success(listener.send_text("POST", &format!("{path}/test"), "")), true);
    listener.send_text("GET", path, "");
    listener.send_text("GET", "/assets/data", "");
    let wrong = json!({"credentials": {"password": WRONG_PASSWORD}});
    assert_eq!(listener.send("PUT", path, &wrong).status.as_u16(), 200);
    assert_eq!(success(listener.send_text("POST", &format!("{path}/test"), "")), false);
    assert_eq!(listener.send_text("GET", path, "").json().unwrap()["status"], "ERROR");
    let right = json!({"credentials": {"password": PASSWORD}});
    assert_eq!(listener.send("PUT", path, &right).status.as_u16(), 200);
    // Refused changes with credentials in them.
    let mut moved = json!({"database_config": registration["database_config"], "credentials": {"password": PASSWORD}});
    moved["database_config"]["host"] = json!("db.example.com");
    assert_eq!(listener.send("PUT", path, &moved).status.as_u16(), 422);
    // One that is deleted again.
    let mut second = registration.clone();
    second["name"] = json!("Second");
    assert_eq!(listener.send("POST", "/assets/data", &second).status.as_u16(), 201);
    assert_eq!(listener.send_text("DELETE", "/assets/data/data:acme:sales:second", "").status.as_u16(), 204);
}

/// Credentials where none belong: all of it is refused, and none of it is repeated.
fn in_wrong_places(listener: &mut Listener, registration: &Value) {
    let key = format!("-----BEGIN PRIVATE KEY-----\n{MISPLACED}\n-----END PRIVATE KEY-----\n");
    for (pointer, value) in [
        ("/database_config/host", json!(format!("postgres://reader:{MISPLACED}@db/shop"))),
        ("/database_config/host", json!(format!("host=db password={MISPLACED}"))),
        ("/database_config/host", json!(format!("{MISPLACED}@db"))),
        ("/database_config/host", json!([MISPLACED])),
        ("/database_config/password", json!(MISPLACED)),
        ("/database_config/port", json!(MISPLACED)),
        ("/database_config/ssl_mode", json!(MISPLACED)),
        ("/database_config/auth_type", json!(MISPLACED)),
        ("/database_config/database", json!(format!("{MISPLACED}\u{0}"))),
        ("/database_config/database", json!(format!("postgres://r:{MISPLACED}@db/shop"))),
        ("/database_config/database", json!(format!("dbname=shop password={MISPLACED}"))),
        ("/database_config/ssl_root_cert", json!(key)),
        ("/database_config/ssl_client_cert", json!(key)),
        ("/database_config/selected_tables", json!([MISPLACED, MISPLACED])),
        ("/database_config/connect_timeout_ms", json!(MISPLACED)),
        ("/database_config", json!(MISPLACED)),
        ("/credentials", json!(MISPLACED)),
        ("/credentials", json!([MISPLACED])),
        ("/credentials/password", json!([MISPLACED])),
        ("/credentials/password", json!({"value": MISPLACED})),
        ("/credentials/password", json!({"from": {"secret": MISPLACED}})),
        ("/credentials/password", json!(MISPLACED.repeat(100))),
        ("/credentials/passwort", json!(MISPLACED)),
        ("/password", json!(MISPLACED)),
        ("/connection_type", json!(MISPLACED)),
        ("/tags", json!(MISPLACED)),
        ("/tags", json!([format!("{MISPLACED},")])),
        ("/name", json!(format!("{MISPLACED}\n"))),
        ("/resource_uri", json!(MISPLACED)),
    ] {
        let mut body = registration.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value;
        assert_eq!(listener.send("POST", "/assets/data", &body).status.as_u16(), 422, "{body}");
        if name != "name" {
            body.as_object_mut().unwrap().remove("name");
        }
        assert_eq!(listener.send("POST", "/assets/data/verify", &body).status.as_u16(), 422, "{body}");
        assert_eq!(listener.send("PUT", "/assets/data/data:acme:sales:canary", &body).status.as_u16(), 422, "{body}");
    }
    for text in [
        format!(r#"{{"credentials":{{"password":"{MISPLACED}""#),
        format!(r#"{{"credentials":{{"password":"{MISPLACED}","password":"{MISPLACED}"}}}}"#),
        format!(r#"{{"credentials":{{"password":"{MISPLACED}" "x"}}}}"#),
        MISPLACED.to_owned(),
    ] {
        assert_eq!(listener.send_text("POST", "/assets/data", &text).status.as_u16(), 400, "{text}");
    }
    let plain = listener.client.clone();
    for (header, value) in [
        ("Authorization", format!("Basic {}", STANDARD.encode(format!("reader:{MISPLACED}")))),
        ("Authorization", format!("Bearer {MISPLACED}")),
        ("Cookie", format!("password={MISPLACED}")),
        ("X-Api-Key", MISPLACED.to_owned()),
        ("Proxy-Authorization", MISPLACED.to_owned()),
        ("X-Org-Id", MISPLACED.to_owned()),
        ("If-Match", MISPLACED.to_owned()),
        ("Content-Encoding", MISPLACED.to_owned()),
    ] {
        let reply = plain.with_header(header, &value).get("/assets/data").unwrap();
        listener.replies.push(reply);
    }
    for path in [
        format!("/assets/data?password={MISPLACED}"),
        format!("/assets/data?sort={MISPLACED}&status={MISPLACED}&created_by={MISPLACED}&page={MISPLACED}"),
        format!("/assets/data/{MISPLACED}"),
        format!("/{MISPLACED}"),
    ] {
        listener.send_text("GET", &path, "");
    }
}
