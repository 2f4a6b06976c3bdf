//! `connector dev`: what is saved is in force a moment later, unless it is wrong.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use test_support::client::Client;
use test_support::eventually::eventually;
use test_support::patchpanel::Patchpanel;
use test_support::process::Process;

use super::Author;

/// What it says when it has shown everything.
const END: &str = "waiting for the next\n";

/// A project with `connector dev` in it.
struct Session {
    author: Author,
    process: Process,
    /// What has been read of its output.
    read: usize,
}

impl Session {
    fn start(arguments: &[&str]) -> Self {
        let author = Author::new();
        // It is built in no time.
        author.succeed("", &["new", "mine", "--lang", "c"]);
        let log = author.path("log");
        let mut command = author.command("mine", &[&["dev"], arguments].concat());
        let process = Process::start(&mut command, log, Signal::INT, &author.directory).unwrap();
        Self { author, process, read: 0 }
    }

    /// What it shows at the save that shows this. A file that is seen half written is a save too.
    fn shows(&mut self, part: &str) -> String {
        let start = Instant::now();
        loop {
            let log = self.process.log().unwrap();
            if let Some(end) = log[self.read..].find(END) {
                let shown = &log[self.read..self.read + end];
                self.read += end + END.len();
                if shown.contains(part) {
                    return shown.to_owned();
                }
            }
            assert!(start.elapsed() < Duration::from_mins(2), "{part:?} is not shown: {}", self.process.log_tail());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn a_save_is_in_force_a_moment_later_and_a_mistake_is_not() {
    let mut session = Session::start(&[]);
    let shown = session.shows("✓ mine 0.1.0 is in force");
    for part in [
        "✓ cases: 4 cases",
        r#"stored: {"host":"127.0.0.1","port":5432,"database":"postgres","ssl_mode":"disable"}"#,
        "data endpoint 127.0.0.1 port 5432, TLS disable",
        "password = the credential password",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }

    session.author.edit("mine/src/manifest.c", "0.1.0", "0.2.0");
    session.shows("mine 0.2.0 is in force");

    session.author.edit("mine/src/connector.c", "enum {", "enum {{");
    let shown = session.shows("The one before stays in force (sha256:");
    assert!(shown.contains("connector.c:") && !shown.contains("validate"), "{shown}");

    session.author.edit("mine/src/connector.c", "enum {{", "enum {");
    session.author.edit("mine/src/manifest.c", "TEXT(\"{/host}\")", "TEXT(\"db.example.com\")");
    let shown = session.shows("✗ refused: approval_needed");
    assert!(shown.contains("stays in force"), "{shown}");

    // The connector is as good as before; what it is tried with is wrong now.
    session.author.edit("mine/sample.json", "127.0.0.1", "postgres://db");
    let shown = session.shows("error: /host malformed");
    assert!(shown.contains("it is refused") && !shown.contains("Compiling"), "{shown}");
    session.author.edit("mine/cases/nothing.json", "/host required", "/host empty");
    session.shows("✗ cases: case");

    let start = Instant::now();
    let status = session.process.stop().unwrap();
    assert_eq!(status.code(), Some(0), "{}", session.process.log_tail());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_host_serves_what_was_saved_last() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut session = Session::start(&["--serve", &format!("--listen={address}")]);
    session.shows("mine 0.1.0 is in force");
    let token = session.author.path("mine/build/host");
    let client = Client::new(&format!("http://{address}"));
    let until = |what: &str, seen: &dyn Fn() -> bool| {
        assert!(eventually(Duration::from_secs(30), || seen().then_some(())).is_some(), "{what} is not seen");
    };
    until("a host", &|| client.get("/health/ready").is_ok_and(|reply| reply.status.is_success()));
    let arguments = ["--org", "acme", "--project", "sales", "--role", "viewer"];
    let mut command = Patchpanel::builder().directory(&session.author.directory).command("token").unwrap();
    let output = command.args(arguments).env("PATCHPANEL_DATA_DIR", token).output().unwrap();
    let client = client.with_token(String::from_utf8(output.stdout).unwrap().trim()).with_project("sales");
    let serves = |version: &str| {
        let body = client.get("/assets/data/types").unwrap().json().unwrap();
        body["data"][0]["version"] == version
    };
    until("version 0.1.0", &|| serves("0.1.0"));
    session.author.edit("mine/src/manifest.c", "0.1.0", "0.2.0");
    session.shows("mine 0.2.0 is in force");
    until("version 0.2.0", &|| serves("0.2.0"));
    assert_eq!(session.process.stop().unwrap().code(), Some(0), "{}", session.process.log_tail());
    assert!(client.get("/health/live").is_err(), "the host outlived its author");
}

#[test]
fn a_host_that_cannot_serve_ends_the_command() {
    let author = Author::new();
    author.succeed("", &["new", "mine", "--lang", "c"]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("--listen={}", taken.local_addr().unwrap());
    let done = author.run("mine", &["dev", "--serve", &listen]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.errors.contains("the host that --serve started has ended"), "{done:?}");
}
