//! Bad input: the documented status and code, everything that is wrong in one answer, and nothing stored.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::{answer, client, findings, host, names, refusal, register, registration};

/// The largest body, in bytes.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The registration with one member set.
fn with(pointer: &str, value: Value) -> Value {
    let mut body = registration("Bad");
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[name] = value;
    body
}

/// The registration with one member missing.
fn without(pointer: &str) -> Value {
    let mut body = registration("Bad");
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
    body
}

#[test]
fn every_single_mistake_is_named() {
    let client = client("mistakes", "developer");
    let mut cases = vec![];
    for (pointer, values, code) in [
        ("/name", vec![json!(7), json!(null), json!([]), json!({})], "wrong_type"),
        ("/name", vec![json!("")], "empty"),
        ("/name", vec![json!("n".repeat(256))], "too_long"),
        ("/name", vec![json!("a\nb"), json!("a\u{0}b"), json!("\u{7f}"), json!("…")], "malformed"),
        ("/description", vec![json!([]), json!(1)], "wrong_type"),
        ("/description", vec![json!("d".repeat(1001))], "too_long"),
        ("/description", vec![json!("a\u{0}b"), json!("\u{1b}[2J")], "malformed"),
        ("/tags", vec![json!("eu"), json!({})], "wrong_type"),
        ("/tags", vec![Value::Array((0..51).map(|n| json!(n.to_string())).collect())], "too_many"),
        ("/connection_type", vec![json!(1), json!(null)], "wrong_type"),
        ("/connection_type", vec![json!("")], "empty"),
        ("/connection_type", vec![json!("mysql"), json!("Postgres"), json!("../postgres")], "unknown_value"),
        ("/database_config", vec![json!("host=db"), json!([])], "wrong_type"),
        ("/credentials", vec![json!("secret"), json!([])], "wrong_type"),
        ("/nmae", vec![json!("x")], "unknown_member"),
        ("/id", vec![json!("x")], "unknown_member"),
        ("/status", vec![json!("ACTIVE")], "unknown_member"),
        ("/project_id", vec![json!("hr")], "unknown_member"),
        ("/resource_uri", vec![json!(5), json!([])], "wrong_type"),
        ("/resource_uri", vec![json!("data:mistakes:hr:x"), json!("data:other:sales:x"), json!("x")], "malformed"),
        ("/database_config/port", vec![json!(0), json!(-1), json!(65_536), json!(1e300)], "out_of_range"),
        ("/database_config/port", vec![json!("5432"), json!(1.5), json!([5432])], "wrong_type"),
        ("/database_config/host", vec![json!(1), json!(["db"])], "wrong_type"),
        ("/database_config/host", vec![json!("")], "empty"),
        ("/database_config/host", vec![json!("postgres://db.example.com/shop"), json!("https://db")], "url"),
        ("/database_config/host", vec![json!("host=db dbname=shop"), json!("reader:x@db")], "dsn"),
        ("/database_config/host", vec![json!("/var/run/postgresql"), json!("a\\b")], "path"),
        ("/database_config/host", vec![json!("db1,db2")], "list"),
        ("/database_config/host", vec![json!("db:5432")], "port_in_host"),
        ("/database_config/host", vec![json!("a b"), json!("127.1"), json!("0x7f.1"), json!("-db")], "not_a_name"),
        ("/database_config/database", vec![json!("")], "empty"),
        ("/database_config/database", vec![json!("a\u{0}b"), json!("a\nb")], "control_character"),
        ("/database_config/database", vec![json!("d".repeat(64))], "too_long"),
        (
            "/database_config/database",
            vec![json!("postgres://reader:x@db/shop"), json!("jdbc:postgresql://db/shop")],
            "url",
        ),
        ("/database_config/database", vec![json!("host=db password=x"), json!("shop user = reader")], "dsn"),
        ("/database_config/ssl_mode", vec![json!("prefer"), json!("VERIFY-FULL"), json!("")], "unknown_value"),
        ("/database_config/ssl_root_cert", vec![json!("not pem")], "not_pem"),
        ("/database_config/password", vec![json!("in the wrong place")], "unknown_member"),
        ("/database_config/connect_timeout_ms", vec![json!(99), json!(60_001)], "out_of_range"),
        ("/credentials/password", vec![json!(7), json!({"value": "x"})], "wrong_type"),
        ("/credentials/password", vec![json!("")], "empty"),
        ("/credentials/password", vec![json!("p".repeat(1025))], "too_long"),
        ("/credentials/password", vec![json!({"from": {"secret": "s"}})], "reference_unsupported"),
        ("/credentials/password", vec![json!("a\u{0}b")], "malformed"),
        ("/credentials/username", vec![json!("a\u{0}b"), json!("a\nb")], "malformed"),
        ("/credentials/username", vec![json!("u".repeat(64))], "too_long"),
        ("/credentials/token", vec![json!("x")], "unknown_member"),
    ] {
        cases.extend(values.into_iter().map(|value| (with(pointer, value), format!("{pointer} {code}"))));
    }
    for pointer in
        ["/name", "/connection_type", "/database_config/host", "/database_config/database", "/credentials/username"]
    {
        cases.push((without(pointer), format!("{pointer} required")));
    }
    cases.push((without("/database_config"), " required".to_owned()));
    cases.push((with("/database_config", json!(null)), " required".to_owned()));
    for pointer in
        ["/database_config/host", "/database_config/database", "/credentials/username", "/credentials/password"]
    {
        cases.push((with(pointer, json!(null)), format!("{pointer} required")));
    }
    let mut both = with("/storage_config", json!({}));
    cases.push((both.clone(), "/storage_config conflict".to_owned()));
    both.as_object_mut().unwrap().remove("database_config");
    cases.push((both, "/storage_config wrong_member".to_owned()));
    for (body, expected) in cases {
        let found = findings(client.post("/assets/data", &body));
        assert!(found.contains(&expected), "{expected} is not in {found:?} of {body}");
        let mut once = found.clone();
        once.dedup();
        assert_eq!(once, found, "said twice: {body}");
    }
    assert_eq!(names(&client, ""), [""; 0]);
}

#[test]
fn all_mistakes_are_named_at_once() {
    let client = client("all-mistakes", "developer");
    let body = json!({
        "name": "a\nb", "description": 1, "tags": ["", "a,b"], "nmae": "x", "connection_type": "postgres",
        "resource_uri": "data:other:sales:x",
        "database_config": {"host": "postgres://db", "port": 70_000, "ssl_mode": "prefer", "dbname": "shop"},
        "credentials": {"password": "", "user": "reader"},
    });
    let expected = [
        "/credentials/password empty",
        "/credentials/user unknown_member",
        "/credentials/username required",
        "/database_config/database required",
        "/database_config/dbname unknown_member",
        "/database_config/port out_of_range",
        "/database_config/ssl_mode unknown_value",
        "/description wrong_type",
        "/name malformed",
        "/nmae unknown_member",
        "/resource_uri malformed",
        "/tags/0 empty",
        "/tags/1 malformed",
    ];
    assert_eq!(findings(client.post("/assets/data", &body)), expected);
    let mut verify = body;
    for name in ["name", "description", "tags", "resource_uri"] {
        verify.as_object_mut().unwrap().remove(name);
    }
    let expected: Vec<&str> = expected
        .into_iter()
        .filter(|found| ["/credentials", "/database_config", "/nmae"].iter().any(|part| found.starts_with(part)))
        .collect();
    assert_eq!(findings(client.post("/assets/data/verify", &verify)), expected);
    assert_eq!(
        findings(client.post("/assets/data", &json!({}))),
        [" required", "/connection_type required", "/name required"]
    );
    let two = json!({"database_config": {}, "filesystem_config": {}});
    assert_eq!(
        findings(client.post("/assets/data/verify", &two)),
        ["/connection_type required", "/database_config conflict", "/filesystem_config conflict"]
    );
    assert_eq!(names(&client, ""), [""; 0]);
}

#[test]
fn every_finding_says_where_what_and_how_bad() {
    let body = with("/database_config/host", json!("postgres://db"));
    let error = refusal(client("findings", "developer").post("/assets/data", &body), 422, "VALIDATION_ERROR");
    let finding = &error["details"]["findings"][0];
    assert_eq!(super::members(finding), ["code", "hint", "message", "pointer", "severity"]);
    assert_eq!(finding["severity"], "error");
    assert!(finding["hint"].as_str().unwrap().contains("separate members"), "{finding}");
}

#[test]
fn a_body_that_is_no_single_json_value_is_refused() {
    let client = client("no-json", "developer");
    // Whose change is refused without its body being read would be 404.
    let path = register(&client, &registration("There"));
    let client = client.with_header("Content-Type", "application/json");
    let good = registration("Bad").to_string();
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    for body in [
        String::new(),
        "{".to_owned(),
        good[..good.len() - 1].to_owned(),
        format!("{good}{good}"),
        format!("\u{feff}{good}"),
        good.replace('"', "'"),
        good.replacen('{', r#"{"name":"Twice","#, 1),
        good.replacen(r#""host""#, r#""host":"evil.example.com","h\u006fst""#, 1),
        deep(65),
        "[".repeat(1_000_000),
        "1e999".to_owned(),
        "NaN".to_owned(),
    ] {
        for (method, path) in [("POST", "/assets/data"), ("POST", "/assets/data/verify"), ("PUT", path.as_str())] {
            refusal(client.send(method, path, &body), 400, "INVALID_REQUEST");
        }
    }
    refusal(client.send("POST", "/assets/data", b"{\"name\":\"\xff\"}"), 400, "INVALID_REQUEST");
    assert_eq!(findings(client.send("POST", "/assets/data", deep(64))), [" wrong_type"]);
    for body in ["null", "true", "7", "\"x\"", "[]"] {
        assert_eq!(findings(client.send("POST", "/assets/data", body)), [" wrong_type"], "{body}");
    }
    assert_eq!(names(&client, ""), ["There"]);
}

#[test]
fn a_member_of_a_long_name_makes_no_long_answer() {
    let client = client("long-names", "developer");
    let name = "K".repeat(900_000);
    for value in [json!(vec!["x "; 20]), json!(vec![0; 9000]), json!(7)] {
        let mut config = registration("Bad")["database_config"].clone();
        config[&name] = value;
        let reply = client.post("/assets/data", &with("/database_config", config)).unwrap();
        assert_eq!(reply.status.as_u16(), 422);
        assert!(reply.body.len() < 64 * 1024, "{}", reply.body.len());
    }
}

#[test]
fn a_body_has_at_most_1_mib() {
    let client = client("large", "developer").with_header("Content-Type", "application/json");
    let of_size = |size: usize| {
        let mut body = registration("Large").to_string();
        body.push_str(&" ".repeat(size - body.len()));
        body
    };
    for _ in 0..5 {
        let reply = client.send("POST", "/assets/data", of_size(MAX_BODY_BYTES + 1));
        refusal(reply, 413, "PAYLOAD_TOO_LARGE");
    }
    refusal(client.send("POST", "/assets/data", of_size(8 * MAX_BODY_BYTES)), 413, "PAYLOAD_TOO_LARGE");
    assert_eq!(names(&client, ""), [""; 0]);
    answer(client.send("POST", "/assets/data", of_size(MAX_BODY_BYTES)), 201);
}

#[test]
fn a_body_without_a_length_has_at_most_1_mib() {
    let token = host().token(&["--org", "chunked", "--project", "sales", "--role", "developer"]).unwrap();
    let mut stream = TcpStream::connect(host().address()).unwrap();
    write!(
        stream,
        "POST /assets/data HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nX-Project-ID: sales\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    for _ in 0..17 {
        if stream.write_all(chunk.as_bytes()).is_err() {
            break;
        }
    }
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(std::str::from_utf8(&answer), Ok("HTTP/1.1 413"));
}

#[test]
fn a_path_that_names_nothing_is_404() {
    let client = client("paths", "owner");
    for segment in [
        "x",
        "data:paths:sales:x",
        "data%3Apaths%3Asales%3Ax",
        "..%2f..%2fetc%2fpasswd",
        "%00",
        "data:paths:sales:%27%20or%201=1",
        "%25",
        &"x".repeat(5000),
    ] {
        refusal(client.get(&format!("/assets/data/{segment}")), 404, "RESOURCE_NOT_FOUND");
    }
    refusal(client.get("/assets/data/%ff"), 400, "INVALID_REQUEST");
}

#[test]
fn an_early_refusal_reaches_a_client_that_still_sends() {
    let large = "x".repeat(4 * MAX_BODY_BYTES);
    for _ in 0..5 {
        refusal(host().client().send("POST", "/assets/data", &large), 401, "INVALID_TOKEN");
        refusal(client("early", "owner").send("POST", "/assets/data", &large), 415, "UNSUPPORTED_MEDIA_TYPE");
        refusal(client("early", "owner").send("POST", "/nowhere", &large), 404, "RESOURCE_NOT_FOUND");
    }
}

#[test]
fn a_body_that_would_be_refused_is_not_asked_for() {
    let mut stream = TcpStream::connect(host().address()).unwrap();
    let size = 2 * MAX_BODY_BYTES;
    write!(stream, "POST /assets/data HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\nExpect: 100-continue\r\n\r\n")
        .unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(std::str::from_utf8(&answer), Ok("HTTP/1.1 401"));
}
