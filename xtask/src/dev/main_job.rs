//! The main job, over HTTP: list the types, verify, register, test.

use anyhow::{Context, Result, bail};
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use serde_json::{Value, json};
use test_support::client::{Client, Reply};
use test_support::directory::TemporaryDirectory;
use test_support::patchpanel::Patchpanel;

use super::database::Database;
use crate::interrupt::Interrupt;

/// In characters.
const TABLE_WIDTH: u16 = 110;
const ORGANIZATION: &str = "acme";
const PROJECT: &str = "sales";
const TYPES: &str = "/assets/data/types";
const VERIFY: &str = "/assets/data/verify";
const CONNECTIONS: &str = "/assets/data";

/// Does it and prints each request with its answer, then what is needed to do it again.
pub(super) fn run(
    host: &Patchpanel,
    database: &Database,
    notes: &TemporaryDirectory,
    interrupt: &Interrupt,
) -> Result<()> {
    let token = host.token(&["--org", ORGANIZATION, "--project", PROJECT, "--role", "developer", "--ttl", "12h"])?;
    let client = host.client().with_token(&token).with_project(PROJECT);
    let candidate = json!({
        "connection_type": "postgres",
        "database_config": database.config,
        "credentials": database.credentials,
    });
    let registration = |name: &str| {
        let mut body = candidate.clone();
        body["name"] = json!(name);
        body["description"] = json!("Registered by cargo xtask dev");
        body
    };

    println!("\nGET {TYPES}");
    let types = answer(client.get(TYPES)?)?;
    for kind in types["data"].as_array().context("the list of types has no `data`")? {
        println!("  {}: {} {}", text(&kind["connection_type"]), text(&kind["title"]), text(&kind["version"]));
    }
    interrupt.check()?;

    println!("\nPOST {VERIFY}");
    let verified = answer(client.post(VERIFY, &candidate)?)?;
    println!("  {}", text(&verified["message"]));
    if verified["success"] != true {
        print_stages(&verified);
        bail!("the database cannot be used like this; nothing was registered");
    }
    interrupt.check()?;

    println!("\nPOST {CONNECTIONS}");
    let connection = answer(client.post(CONNECTIONS, &registration("Shop"))?)?;
    let resource_uri = connection["resource_uri"].as_str().context("the new connection has no `resource_uri`")?;
    println!("  {resource_uri}, {}", text(&connection["status"]));
    interrupt.check()?;

    let test = format!("{CONNECTIONS}/{resource_uri}/test");
    println!("\nPOST {test}");
    let tested = answer(test_connection(&client, &test)?)?;
    print_stages(&tested);
    if tested["success"] != true {
        bail!("the connection test failed, although the same connection was verified before");
    }

    notes.write(
        "headers",
        &format!("Authorization: Bearer {token}\nX-Project-ID: {PROJECT}\nContent-Type: application/json\n"),
    )?;
    notes.write("verify.json", &serde_json::to_string_pretty(&candidate)?)?;
    notes.write("register.json", &serde_json::to_string_pretty(&registration("Shop again"))?)?;
    print_repetition(host, &token, notes, &test);
    let code = body(client.send("POST", "/console/codes", "")?)?;
    println!("\nThe same with a form, signed in by this link for once and within a minute:\n");
    println!("{}/console/#t={}", host.origin(), text(&code["code"]));
    Ok(())
}

fn test_connection(client: &Client, path: &str) -> Result<Reply> {
    client.send("POST", path, "")
}

/// The body of an answer that is as it should be, with its status in front of the user.
fn answer(reply: Reply) -> Result<Value> {
    println!("  {}", reply.status);
    body(reply)
}

/// The body of an answer that is as it should be.
fn body(reply: Reply) -> Result<Value> {
    if !reply.status.is_success() {
        let body = reply.json().map_or(reply.body, |body| format!("{body:#}"));
        bail!("the answer is {}:\n{body}", reply.status);
    }
    reply.json()
}

/// One line for each stage, then what there is to do.
fn print_stages(result: &Value) {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(TABLE_WIDTH);
    table.set_header(["STAGE", "OUTCOME", "TIME", "WHAT"]);
    let stages = result["details"]["stages"].as_array().map(Vec::as_slice).unwrap_or_default();
    for stage in stages {
        let time = stage["latency_ms"].as_f64().map_or_else(String::new, |time| format!("{time:.1} ms"));
        let outcome = text(&stage["outcome"]);
        let said: Vec<String> = faults(stage).map(|fault| text(&fault["message"]).to_owned()).collect();
        let what = match outcome {
            "passed" if said.is_empty() => facts(text(&stage["stage"]), &result["details"]),
            _ => said.join("\n"),
        };
        table.add_row([text(&stage["stage"]), outcome, &time, &what]);
    }
    println!("\n{table}\n");
    for fault in stages.iter().flat_map(faults).filter(|fault| fault["remedy"].is_string()) {
        println!("  {}: {}", text(&fault["code"]), text(&fault["remedy"]));
    }
}

/// What went wrong in a stage, or is to be warned of.
fn faults(stage: &Value) -> impl Iterator<Item = &Value> {
    let warnings = stage["warnings"].as_array().map(Vec::as_slice).unwrap_or_default();
    stage["code"].is_string().then_some(stage).into_iter().chain(warnings)
}

/// What a good stage found out.
fn facts(stage: &str, details: &Value) -> String {
    let server = &details["server"];
    match stage {
        "connect" => text(&server["address"]).to_owned(),
        "tls" if server["tls"].is_null() => "not encrypted".to_owned(),
        "tls" => format!("{} {}", text(&server["tls"]["version"]), text(&server["tls"]["cipher"])),
        "authenticate" => text(&server["authentication"]).to_owned(),
        "session" => format!("PostgreSQL {}", text(&server["version"])),
        "privileges" => format!("read-only: {}", text(&details["privileges"]["read_only"])),
        "discover" => {
            let schemas = details["schemas"].as_array().map(Vec::as_slice).unwrap_or_default();
            let names = schemas.iter().map(|schema| {
                let tables = schema["tables"].as_array().map_or(0, Vec::len);
                format!("{} ({tables} tables and views)", text(&schema["name"]))
            });
            names.collect::<Vec<_>>().join(", ")
        }
        _ => String::new(),
    }
}

/// Text of an answer; an absent one shows as nothing.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The lines work as printed in any shell on this machine, for as long as the demo is up.
fn print_repetition(host: &Patchpanel, token: &str, notes: &TemporaryDirectory, test: &str) {
    let origin = host.origin();
    println!("\nThe token (organization {ORGANIZATION}, project {PROJECT}, role developer, 12 hours):\n\n{token}\n");
    println!("The same again, in another shell:\n");
    println!("DEMO={}", notes.path().display());
    println!("curl -sS -w '\\n' -H @$DEMO/headers {origin}{TYPES}");
    println!("curl -sS -w '\\n' -H @$DEMO/headers -d @$DEMO/verify.json {origin}{VERIFY}");
    println!("curl -sS -w '\\n' -H @$DEMO/headers -d @$DEMO/register.json {origin}{CONNECTIONS}");
    println!("curl -sS -w '\\n' -H @$DEMO/headers -X POST {origin}{test}");
}
