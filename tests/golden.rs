//! A component of every published version of the contract, built once and never again: it loads for ever, and answers
//! what it answered then.
//!
//! `golden/connector-1.0.0.wasm` is `golden/connector-1.0.0.rs`; in `golden/connector-1.0.0/` are requests about it, and
//! what the host answers. Where the API has grown, what is new is added there; nothing else may change.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use test_support::client::Client;
use test_support::directory::TemporaryDirectory;
use test_support::patchpanel::Patchpanel;
use test_support::postgres::Postgres;
use test_support::sales;

/// Another digest means that somebody has built it anew.
const DIGEST_1_0_0: &str = "sha256:be5ce6e4a6e3762dec24d7c58bd1c650e1437467d1995aa3fec39a5d9b6d6b11";

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("tests").join("golden")
}

#[test]
fn a_component_of_contract_1_0_0_loads_and_answers_what_was_recorded() {
    let connectors = TemporaryDirectory::new("connectors").unwrap();
    std::fs::copy(golden().join("connector-1.0.0.wasm"), connectors.path().join("golden.wasm")).unwrap();
    let host = Patchpanel::builder().setting("CONNECTORS_DIR", connectors.path().to_str().unwrap()).start().unwrap();
    let client = host.client_of("acme", "sales", "developer").unwrap();
    let types = client.get("/assets/data/types").unwrap().json().unwrap();
    assert_eq!(types["data"][0]["digest"], DIGEST_1_0_0);

    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    // Before PostgreSQL 15 everybody may create there.
    server
        .sql(sales::DATABASE, "REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO reader")
        .unwrap();
    let mut files: Vec<PathBuf> =
        golden().join("connector-1.0.0").read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let wrong: Vec<String> = files.iter().filter_map(|file| replay(&client, server.port(), file).err()).collect();
    assert!(files.len() >= 7 && wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Sends a request again. What differs is written to a file that can be compared with the record.
fn replay(client: &Client, port: u16, file: &Path) -> Result<(), String> {
    let recorded: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let request = &recorded["request"];
    let text = |name: &str| request[name].as_str().unwrap();
    let reply = if request["body"].is_null() {
        client.send(text("method"), text("path"), "").unwrap()
    } else {
        assert_eq!(text("method"), "POST");
        client.post(text("path"), &filled_in(&request["body"], port)).unwrap()
    };
    let answer = without_newer(left_out(&reply.json().unwrap(), port), &recorded["answer"]);
    let now = serde_json::json!({ "request": request, "status": reply.status.as_u16(), "answer": answer });
    if now == recorded {
        return Ok(());
    }
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("golden");
    std::fs::create_dir_all(&directory).unwrap();
    let written = directory.join(file.file_name().unwrap());
    std::fs::write(&written, serde_json::to_string_pretty(&now).unwrap() + "\n").unwrap();
    Err(format!("{} is not answered any more; compare it with {}", file.display(), written.display()))
}

/// Without the members that the host answers since the record was made: what was answered then is answered still.
fn without_newer(answer: Value, recorded: &Value) -> Value {
    match (answer, recorded) {
        (Value::Object(members), Value::Object(known)) => {
            let members = members.into_iter().filter_map(|(name, member)| {
                let known = known.get(&name)?;
                Some((name, without_newer(member, known)))
            });
            Value::Object(members.collect())
        }
        (Value::Array(elements), Value::Array(known)) if elements.len() == known.len() => {
            elements.into_iter().zip(known).map(|(element, known)| without_newer(element, known)).collect()
        }
        (answer, _) => answer,
    }
}

/// What is not the same in every run, put into a request.
fn filled_in(value: &Value, port: u16) -> Value {
    each(value, &|_, value| match value.as_str()? {
        "<port>" => Some(port.into()),
        "<password>" => Some(sales::READER_PASSWORD.into()),
        _ => None,
    })
}

/// What is not the same in every run, left out of an answer: times, ids, the port and the server's version.
fn left_out(answer: &Value, port: u16) -> Value {
    let mut answer = answer.clone();
    if let Some(version) = answer.pointer_mut("/details/server/version") {
        *version = "<version>".into();
    }
    each(&answer, &|name, value| {
        let varies = name.ends_with("_ms") || name.ends_with("_at") || ["request_id", "trace_id"].contains(&name);
        match value {
            Value::Number(_) | Value::String(_) if varies => Some(format!("<{name}>").into()),
            Value::Number(number) if number.as_u64() == Some(port.into()) => Some("<port>".into()),
            Value::String(text) => Some(text.replace(&format!(":{port}"), ":<port>").into()),
            _ => None,
        }
    })
}

/// The same with every member for which there is another value replaced; the name of a list's element is the list's.
fn each(value: &Value, replace: &dyn Fn(&str, &Value) -> Option<Value>) -> Value {
    fn walk(name: &str, value: &Value, replace: &dyn Fn(&str, &Value) -> Option<Value>) -> Value {
        if let Some(other) = replace(name, value) {
            return other;
        }
        match value {
            Value::Array(elements) => elements.iter().map(|element| walk(name, element, replace)).collect(),
            Value::Object(members) => {
                let members = members.iter().map(|(name, value)| (name.clone(), walk(name, value, replace)));
                Value::Object(members.collect::<Map<_, _>>())
            }
            _ => value.clone(),
        }
    }
    walk("", value, replace)
}
