//! The program's commands, as people and scripts use them.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};
use test_support::certificates::Authority;
use test_support::directory::TemporaryDirectory;
use test_support::patchpanel::Patchpanel;
use test_support::postgres::Postgres;
use test_support::sales;

use crate::database;

/// Not one that anything else here contains.
const WRONG_PASSWORD: &str = "wrong-1c7be0a4";

/// What a command has done.
struct Done {
    code: i32,
    output: String,
    errors: String,
}

/// One data directory for all commands: connectors are compiled once.
fn directory() -> &'static TemporaryDirectory {
    static DIRECTORY: OnceLock<TemporaryDirectory> = OnceLock::new();
    DIRECTORY.get_or_init(|| TemporaryDirectory::new("command-line").unwrap())
}

fn command(name: &str) -> Command {
    Patchpanel::builder().directory(directory()).command(name).unwrap()
}

fn run(command: &mut Command, input: &str) -> Done {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // One that reads no input may have ended before it is written.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Done { code: status.code().unwrap(), output: text(stdout), errors: text(stderr) }
}

fn body(password: &str) -> Value {
    json!({
        "database_config": {
            "host": "127.0.0.1",
            "port": database().port(),
            "database": sales::DATABASE,
            "db_schema": sales::SCHEMA,
            "ssl_mode": "disable",
        },
        "credentials": { "username": sales::READER, "password": password },
    })
}

fn verify(arguments: &[&str], input: &str) -> Done {
    run(command("verify").args(arguments), input)
}

#[test]
fn verify_prints_the_stage_table_and_exits_with_0_when_the_connection_works() {
    let file = directory().write("works.json", &body(sales::READER_PASSWORD).to_string()).unwrap();
    let done = verify(&["--type", "postgres", "--config", file.to_str().unwrap()], "");
    assert_eq!((done.code, done.errors.as_str()), (0, ""), "{}", done.output);
    let rows: Vec<&str> = done.output.lines().filter(|line| line.contains(" passed ")).collect();
    let stages: Vec<&str> = rows.iter().filter_map(|row| row.split_whitespace().next()).collect();
    let all = ["config", "policy", "resolve", "connect", "authenticate", "session", "privileges", "discover"];
    assert_eq!(stages, all, "{}", done.output);
    for part in ["STAGE", "tls", "skipped", "scram-sha-256", "tables: 5", " ms"] {
        assert!(done.output.contains(part), "no {part:?} in {}", done.output);
    }
    assert!(!done.output.contains('\u{1b}'), "colours are for terminals");
    assert!(!done.output.contains(sales::READER_PASSWORD));
}

#[test]
fn a_servers_root_is_trusted_by_a_bundle_of_the_operator_and_by_the_systems_variable() {
    let authority = Authority::new("operator").unwrap();
    let identity = authority.server(&["127.0.0.1"]).unwrap();
    let server = Postgres::builder().tls(&identity).sql(sales::SQL).start().unwrap();
    let root = directory().write("root.pem", authority.certificate()).unwrap();
    let mut body = body(sales::READER_PASSWORD);
    body["database_config"]["port"] = json!(server.port());
    body["database_config"]["ssl_mode"] = json!("verify-full");
    let verify = |variable: &str| {
        run(command("verify").env(variable, &root).args(["--type", "postgres", "--config", "-"]), &body.to_string())
    };
    let without = verify("NOTHING_READS_THIS");
    assert!(without.code == 1 && without.output.contains("certificate_unknown_ca"), "{}", without.output);
    for variable in ["SSL_CERT_FILE", "PATCHPANEL_EGRESS_ROOT_BUNDLE"] {
        let done = verify(variable);
        assert_eq!(done.code, 0, "{variable}: {}{}", done.output, done.errors);
    }
}

#[test]
fn verify_exits_with_1_and_says_what_to_do_when_the_connection_does_not_work() {
    let done = verify(&["--type", "postgres", "--config", "-"], &body(WRONG_PASSWORD).to_string());
    assert_eq!(done.code, 1, "{}{}", done.output, done.errors);
    for part in ["authenticate", "failed", "[28P01]", "password_rejected: ", "skipped"] {
        assert!(done.output.contains(part), "no {part:?} in {}", done.output);
    }
    assert!(!done.output.contains(WRONG_PASSWORD) && !done.errors.contains(WRONG_PASSWORD));
}

#[test]
fn verify_prints_with_json_what_the_api_answers() {
    let host = Patchpanel::start().unwrap();
    let client = host.client_of("acme", "sales", "developer").unwrap();
    for (password, code) in [(sales::READER_PASSWORD, 0), (WRONG_PASSWORD, 1)] {
        let mut body = body(password);
        body["connection_type"] = json!("postgres");
        let done = verify(&["--json", "--config", "-"], &body.to_string());
        assert_eq!((done.code, done.errors.as_str()), (code, ""), "{}", done.output);
        let printed: Value = serde_json::from_str(&done.output).unwrap();
        let answered = client.post("/assets/data/verify", &body).unwrap().json().unwrap();
        assert_eq!(without_times(printed), without_times(answered));
    }
}

/// A test's result without what differs from one test to the next.
fn without_times(mut result: Value) -> Value {
    result["latency_ms"].take();
    for stage in result["details"]["stages"].as_array_mut().unwrap() {
        stage["latency_ms"].take();
    }
    result
}

#[test]
fn verify_exits_with_2_and_every_finding_when_the_input_is_wrong() {
    let mut body = body(sales::READER_PASSWORD);
    body["database_config"]["port"] = json!(0);
    body["database_config"].as_object_mut().unwrap().remove("host");
    body["credentials"]["pasword"] = json!("x");
    let findings = ["/database_config/port", "/database_config/host", "/credentials/pasword"];
    let done = verify(&["--type", "postgres", "--config", "-"], &body.to_string());
    assert_eq!(done.code, 2, "{}{}", done.output, done.errors);
    for pointer in findings {
        assert!(done.output.contains(&format!("error: {pointer}: ")), "no {pointer} in {}", done.output);
    }
    let done = verify(&["--type", "postgres", "--json", "--config", "-"], &body.to_string());
    assert_eq!(done.code, 2, "{}{}", done.output, done.errors);
    let answer: Value = serde_json::from_str(&done.output).unwrap();
    assert_eq!(answer["error"]["code"], json!("VALIDATION_ERROR"));
    for pointer in findings {
        assert!(done.output.contains(&format!("\"{pointer}\"")), "no {pointer} in {}", done.output);
    }
}

#[test]
fn verify_refuses_on_one_line_what_it_cannot_read() {
    let good = body(sales::READER_PASSWORD);
    let mut typed = good.clone();
    typed["connection_type"] = json!("oracle");
    let (good, typed) = (good.to_string(), typed.to_string());
    let too_large = format!("{{\"a\": \"{}\"}}", "x".repeat(1 << 20));
    let deep = format!("{{\"a\": {}1{}}}", "[".repeat(100), "]".repeat(100));
    let missing = directory().path().join("missing.json");
    for (config, input, part) in [
        (missing.to_str().unwrap(), good.as_str(), "missing.json"),
        ("-", "", "standard input cannot be used: it is empty"),
        ("-", "{\"password\": \"hunter2\",}", "line 1, column 24: there is a comma too many"),
        ("-", "[]", "no JSON object"),
        ("-", "{\"a\": 1, \"a\": 2}", "\"a\""),
        ("-", deep.as_str(), "levels"),
        ("-", too_large.as_str(), "larger than 1048576 bytes"),
        ("-", typed.as_str(), "names another connection_type"),
    ] {
        let done = verify(&["--type", "postgres", "--config", config], input);
        assert_eq!((done.code, done.output.as_str()), (2, ""), "{part}: {}", done.errors);
        assert_eq!(done.errors.lines().count(), 1, "{}", done.errors);
        assert!(done.errors.starts_with("patchpanel: ") && done.errors.contains(part), "{}", done.errors);
        assert!(!done.errors.contains("hunter2"), "{}", done.errors);
    }
    let done = verify(&["--config", "-"], &good);
    assert!(done.code == 2 && done.output.contains("/connection_type"), "{}{}", done.output, done.errors);
    let done = verify(&["--type", "nosuch", "--config", "-"], &good);
    assert!(done.code == 2 && done.output.contains("/connection_type"), "{}{}", done.output, done.errors);
}

#[test]
fn verify_leaves_no_store_behind() {
    let directory = TemporaryDirectory::new("command-line").unwrap();
    let mut command = Patchpanel::builder().directory(&directory).command("verify").unwrap();
    let done = run(command.args(["--type", "postgres", "--config", "-"]), &body(sales::READER_PASSWORD).to_string());
    assert_eq!(done.code, 0, "{}{}", done.output, done.errors);
    let entries = directory.path().join("data").read_dir().unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["compiled", "master-key"], "only what makes the next start fast");
}

#[test]
fn commands_that_start_at_once_in_a_new_directory_agree_on_its_key() {
    let directory = TemporaryDirectory::new("command-line").unwrap();
    let verify = || {
        let mut command = Patchpanel::builder().directory(&directory).command("verify").unwrap();
        run(command.args(["--type", "postgres", "--config", "-"]), &body(sales::READER_PASSWORD).to_string())
    };
    let done: Vec<Done> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(verify)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for Done { code, output, errors } in done {
        assert_eq!((code, errors.as_str()), (0, ""), "{output}");
    }
    // What has another mark is made anew without a word.
    let compiled = directory.path().join("data/compiled").read_dir().unwrap().next().unwrap().unwrap().path();
    let right = std::fs::read(&compiled).unwrap();
    std::fs::write(&compiled, "something else").unwrap();
    let again = verify();
    assert_eq!((again.code, again.errors.as_str()), (0, ""));
    assert!(std::fs::read(&compiled).unwrap() != b"something else" && right.len() > 1000);
    assert!(!directory.path().join("data/compiled/key").exists());
}

#[test]
fn token_prints_a_token_alone_that_a_host_of_the_same_directory_accepts() {
    let host = Patchpanel::start().unwrap();
    let token = |role: &str| {
        let arguments = ["--org", "acme", "--project", "sales", "--role", role, "--subject", "alice", "--ttl", "5m"];
        let done = run(host.command("token").args(arguments), "");
        assert_eq!((done.code, done.errors.as_str()), (0, ""));
        let token = done.output.strip_suffix('\n').unwrap().to_owned();
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)), "{token}");
        token
    };
    let status = |token: &str| {
        let client = host.client().with_token(token).with_project("sales");
        client.get("/assets/data").unwrap().status.as_u16()
    };
    for role in ["owner", "admin", "member", "developer", "operator", "viewer"] {
        assert_eq!(status(&token(role)), 200, "{role}");
    }
    let elsewhere = command("token").args(["--org", "acme", "--project", "sales", "--role", "owner"]).output().unwrap();
    assert_eq!(status(String::from_utf8(elsewhere.stdout).unwrap().trim()), 401, "another directory, another key");
}

#[test]
fn token_says_what_is_wrong_with_its_arguments() {
    let good = ["--org", "acme", "--role", "viewer"];
    let token = |arguments: &[&str]| run(command("token").args(arguments), "");
    assert_eq!(token(&good).code, 0);
    for (arguments, part) in [
        (vec!["--role", "viewer"], "--org"),
        (vec!["--org", "acme"], "--role"),
        (vec!["--org", "acme", "--role", "king"], "king"),
        (vec!["--org", "acme", "--role", "viewer", "--ttl", "0s"], "366 days"),
        (vec!["--org", "acme", "--role", "viewer", "--ttl", "367d"], "366 days"),
        (vec!["--org", "acme", "--role", "viewer", "--ttl", "soon"], "15m"),
        (vec!["--org", "ac:me", "--role", "viewer"], "organization"),
        (vec!["--org", "acme", "--project", "a/b", "--role", "viewer"], "project"),
        (vec!["--org", "acme", "--role", "viewer", "--production=true"], "identity provider"),
    ] {
        let done = token(&arguments);
        assert_eq!((done.code, done.output.as_str()), (2, ""), "{arguments:?}: {}", done.errors);
        assert!(done.errors.contains(part), "{arguments:?}: {}", done.errors);
    }
}

#[test]
fn explain_has_a_page_for_each_code() {
    let list = run(&mut command("explain"), "");
    assert_eq!(list.code, 0, "{}", list.errors);
    let codes: Vec<_> = list.output.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(codes.contains(&"password_rejected") && codes.len() > 50, "{codes:?}");
    for code in ["password_rejected", codes[0], codes[codes.len() - 1]] {
        let page = run(command("explain").arg(code), "");
        assert_eq!(page.code, 0, "{}", page.errors);
        for part in [code, "What to do:", "Whose fault:", "A retry:", "Where:"] {
            assert!(page.output.contains(part), "{part} is missing: {}", page.output);
        }
    }
    let unknown = run(command("explain").arg("nonsense"), "");
    assert_eq!((unknown.code, unknown.output.as_str()), (2, ""));
    assert!(unknown.errors.contains("lists those there are"), "{}", unknown.errors);
}

#[test]
fn help_is_the_manual() {
    let help = |arguments: &[&str]| {
        let done = run(Command::new(command("serve").get_program()).env_clear().args(arguments), "");
        assert_eq!((done.code, done.errors.as_str()), (0, ""), "{arguments:?}");
        done.output
    };
    let manual = help(&["--help"]);
    for part in [
        "serve",
        "token",
        "verify",
        "--data-dir",
        "PATCHPANEL_DATA_DIR",
        "--listen",
        "127.0.0.1:8002",
        "--production",
        "--master-key-file",
        "--egress-allow-loopback",
        "--egress-refused-ports",
        "Examples:",
        "/openapi.json",
    ] {
        assert!(manual.contains(part), "no {part} in the manual");
    }
    assert!(help(&["verify", "--help"]).contains("The exit code is 0"));
    assert!(help(&["token", "--help"]).contains("--ttl"));
    assert!(help(&["serve", "--help"]).contains("SIGTERM"));
    assert!(help(&["--version"]).starts_with("patchpanel "));
}

#[test]
fn an_unknown_flag_or_command_is_refused_with_the_nearest_that_there_is() {
    for (arguments, part) in [(["--listne", "127.0.0.1:1"], "--listen"), (["verfy", "--json"], "verify")] {
        let done = run(Command::new(command("serve").get_program()).env_clear().args(arguments), "");
        assert_eq!((done.code, done.output.as_str()), (2, ""));
        assert!(done.errors.contains(part), "{}", done.errors);
    }
}
