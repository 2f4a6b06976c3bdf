//! What may lie in the directory of connectors: whatever it is, the others serve.

mod breaker;
mod cache;
mod check;
mod compile;
mod hostile;
mod in_use;
mod metrics;
mod own_tls;

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;
use test_support::client::Client;
use test_support::directory::TemporaryDirectory;
use test_support::eventually::eventually;
use test_support::guests;
use test_support::patchpanel::{self, Builder, Patchpanel};
use test_support::process::Process;

/// The connector that serves whatever lies beside it.
fn postgres() -> Vec<u8> {
    std::fs::read(patchpanel::built_connectors().unwrap().join("postgres.wasm")).unwrap()
}

/// A host to be started with these connectors.
fn host_with(connectors: &Path) -> Builder {
    Patchpanel::builder().setting("CONNECTORS_DIR", connectors.to_str().unwrap())
}

/// The types that it offers.
fn types(host: &Patchpanel) -> Vec<String> {
    let client = host.client_of("acme", "sales", "viewer").unwrap();
    let body = client.get("/assets/data/types").unwrap().json().unwrap();
    let names =
        body["data"].as_array().unwrap().iter().map(|entry| entry["connection_type"].as_str().unwrap().to_owned());
    names.collect()
}

/// Every line of its log, each of them a JSON object.
fn log(host: &Patchpanel) -> Vec<Value> {
    let log = host.log().unwrap();
    log.lines().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Why it has refused a file: codes, and reasons with what trapped.
fn refusals(log: &[Value], file: &Path) -> Vec<(String, String)> {
    let is = |line: &Value, name: &str, value: Option<&str>| value.is_some() && line[name].as_str() == value;
    let name = file.file_name().and_then(|name| name.to_str());
    let traps =
        log.iter().filter(|line| is(line, "message", Some("a connector trapped")) && is(line, "connector", name));
    let trapped: String = traps.filter_map(|line| line["error"].as_str()).collect();
    let refused =
        log.iter().filter(|line| is(line, "message", Some("connector refused")) && is(line, "file", file.to_str()));
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    refused
        .map(|line| (text(line, "code"), text(line, "reason") + " " + &text(line, "remedy") + ": " + &trapped))
        .collect()
}

/// A file in the directory of connectors, the code for which it is refused and a part of the reason.
type Refusal<'a> = (&'a str, Vec<u8>, &'a str, &'a str);

/// Puts every file beside the good connector and starts a host, which must refuse each. The good one serves.
fn refuses_each(files: &[Refusal<'_>]) -> Patchpanel {
    let directory = TemporaryDirectory::new("connectors").unwrap();
    refuses_each_in(&directory, host_with(directory.path()), files)
}

fn refuses_each_in(directory: &TemporaryDirectory, builder: Builder, files: &[Refusal<'_>]) -> Patchpanel {
    std::fs::write(directory.path().join("postgres.wasm"), postgres()).unwrap();
    for (name, bytes, ..) in files {
        std::fs::write(directory.path().join(name), bytes).unwrap();
    }
    let host = builder.start().unwrap();
    for (name, _, code, part) in files {
        let file = directory.path().join(name);
        let is_refused = || {
            let refusals = refusals(&log(&host), &file);
            refusals.iter().any(|(actual, reason)| actual == code && reason.contains(part)).then_some(())
        };
        // A host that has something to serve looks at the rest while it serves.
        assert!(
            eventually(Duration::from_mins(1), is_refused).is_some(),
            "{name} was not refused for {code}: {part:?} but for {:?}",
            refusals(&log(&host), &file)
        );
    }
    assert_eq!(types(&host), ["postgres"]);
    host
}

#[test]
fn what_is_no_component_is_refused_and_the_good_connector_serves() {
    let good = postgres();
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle..middle + 64].fill(0xff);
    let noise: Vec<u8> = (0..100_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let header_and_noise = [&good[..8], &noise[..]].concat();
    refuses_each(&[
        ("noise.wasm", noise, "not_a_component", "does not begin as"),
        ("header-and-noise.wasm", header_and_noise, "not_a_component", ""),
        ("empty.wasm", Vec::new(), "not_a_component", ""),
        ("text.wasm", b"(component)".to_vec(), "not_a_component", "WebAssembly text"),
        ("module.wasm", guests::assemble("(module)").unwrap(), "not_a_component", "core module"),
        ("half.wasm", good[..good.len() / 2].to_vec(), "not_a_component", ""),
        ("flipped.wasm", flipped, "not_a_component", ""),
        ("too-large.wasm", vec![0; (32 << 20) + 1], "too_large", "32 MiB"),
        ("two\nlines \u{1b}[31m\".wasm", Vec::new(), "not_a_component", ""),
        ("same.wasm", good, "duplicate_type", "postgres"),
    ]);
}

#[test]
fn a_component_that_asks_for_more_or_offers_less_is_refused_by_what_it_asks_for() {
    let component = |text: &str| guests::assemble(text).unwrap();
    let import = |name: &str| component(&format!("(component (import {name:?} (instance)))"));
    refuses_each(&[
        ("sockets.wasm", import("wasi:sockets/tcp@0.3.0"), "unexpected_import", "wasi:sockets/tcp@0.3.0"),
        ("files.wasm", import("wasi:filesystem/types@0.3.0"), "unexpected_import", "without WASI"),
        ("http.wasm", import("wasi:http/outgoing-handler@0.2.0"), "unexpected_import", "outgoing-handler"),
        ("unknown.wasm", import("acme:tools/thing"), "unexpected_import", "acme:tools/thing"),
        ("later.wasm", import("patchpanel:connector/log@2.0.0"), "unexpected_import", "log@2.0.0"),
        ("function.wasm", component(r#"(component (import "f" (func)))"#), "unexpected_import", "imports f,"),
        ("nothing.wasm", component("(component)"), "no_contract", guests::CONNECTOR),
        (
            "another-contract.wasm",
            component(
                r#"(component (instance $none) (export "patchpanel:connector/connector@2.0.0" (instance $none)))"#,
            ),
            "contract_version",
            "built for contract 2.0.0, which this host does not speak; it speaks 1.0.0",
        ),
        (
            "before-its-release.wasm",
            component(
                r#"(component (instance $none) (export "patchpanel:connector/connector@1.0.0-rc.1" (instance $none)))"#,
            ),
            "contract_version",
            "built for contract 1.0.0-rc.1",
        ),
        (
            "no-functions.wasm",
            component(
                r#"(component (instance $none) (export "patchpanel:connector/connector@1.0.0" (instance $none)))"#,
            ),
            "contract",
            "get-manifest",
        ),
    ]);
}

#[test]
fn what_is_no_file_is_refused_and_other_names_are_left_alone() {
    let directory = TemporaryDirectory::new("connectors").unwrap();
    let path = |name: &str| directory.path().join(name);
    std::fs::write(path("postgres.wasm"), postgres()).unwrap();
    std::fs::create_dir(path("directory.wasm")).unwrap();
    std::os::unix::fs::symlink("nowhere", path("dangling.wasm")).unwrap();
    // Whoever reads it waits for a writer that never comes.
    assert!(Command::new("mkfifo").arg(path("pipe.wasm")).status().unwrap().success());
    std::fs::write(path("README.md"), "Connectors").unwrap();
    std::fs::write(path("postgres.wasm.123"), "unfinished").unwrap();
    let host = host_with(directory.path()).start().unwrap();
    assert_eq!(types(&host), ["postgres"]);
    let log = log(&host);
    for name in ["directory.wasm", "dangling.wasm", "pipe.wasm"] {
        let refusals = refusals(&log, &path(name));
        assert!(matches!(&refusals[..], [(code, _)] if code == "unreadable"), "{name}: {refusals:?}");
    }
    for name in ["README.md", "postgres.wasm.123"] {
        assert_eq!(refusals(&log, &path(name)), [], "{name}");
    }
}

#[test]
fn a_host_without_any_connector_lives_and_is_not_ready() {
    let directory = TemporaryDirectory::new("connectors").unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let connectors = directory.path().to_str().unwrap();
    let builder = Patchpanel::builder().directory(&directory).listen(address).setting("CONNECTORS_DIR", connectors);
    let log = directory.path().join("log");
    let host = Process::start(&mut builder.command("serve").unwrap(), log, Signal::TERM, &directory).unwrap();
    let client = Client::new(&format!("http://{address}"));
    let start = Instant::now();
    while client.get("/health/live").is_err() {
        assert!(start.elapsed() < Duration::from_secs(20), "{}", host.log_tail());
        std::thread::sleep(Duration::from_millis(10));
    }
    let reply = client.get("/health/ready").unwrap();
    assert_eq!(reply.status.as_u16(), 503);
    assert!(reply.body.contains("no connector is loaded"), "{}", reply.body);
}
