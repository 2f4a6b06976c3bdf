//! The API as the tools of others meet it: what validates its document, the clients that are generated from it, and what
//! searches for requests that it does not answer as documented.

mod examples;
mod generated;
mod patterns;
mod search;

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};
use test_support::patchpanel::Patchpanel;

/// The tag of what no generator of clients knows: uploads of bytes, and streams of events.
const STREAMS: &str = "Streams";

/// Left running when the tests end; its directory's watchdog ends it.
fn host() -> &'static Patchpanel {
    static HOST: OnceLock<Patchpanel> = OnceLock::new();
    HOST.get_or_init(|| Patchpanel::start().unwrap())
}

/// The published document.
fn document() -> Value {
    host().client().get("/openapi.json").unwrap().json().unwrap()
}

/// The published document as generators of clients want it.
fn document_without_streams() -> Value {
    let mut document = document();
    for item in document["paths"].as_object_mut().unwrap().values_mut() {
        item.as_object_mut().unwrap().retain(|_, operation| operation["tags"] != json!([STREAMS]));
    }
    document
}

fn write(path: &Path, document: &Value) {
    std::fs::write(path, serde_json::to_string_pretty(document).unwrap()).unwrap();
}

/// Runs a program that must succeed, and returns what it printed.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let [printed, errors] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    // The environment may have a token.
    let program = (command.get_program(), command.get_args().collect::<Vec<_>>());
    assert!(output.status.success(), "{program:?} ended with {}:\n{errors}\n{printed}", output.status);
    printed
}
