//! How a server is verified is the tenant's to say. What a connector decides of that by itself needs the operator's approval,
//! and the tenant sees it.

use serde_json::{Value, json};
use test_support::client::{Client, Reply};
use test_support::directory::TemporaryDirectory;
use test_support::guests;
use test_support::patchpanel::Patchpanel;

use super::{host_with, refuses_each_in, types};

/// The root that `decide-the-roots` trusts, and its digest.
const ROOT: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const ROOT_DIGEST: &str = "sha256:7cc358aa45100f42d57b76e9b235253bfc6fc830b3e45858d2bc473657aae3f7";

/// Each guest, how it is approved without its type, and what the refusal and the warning call it.
fn decisions() -> [(&'static str, String, String); 4] {
    [
        ("decide-the-tls-mode", ".tls-mode=disable@{/host}".to_owned(), "the TLS mode disable".to_owned()),
        ("default-to-no-tls", ".tls-mode-default=disable@{/host}".to_owned(), "the TLS mode disable".to_owned()),
        ("decide-the-roots", format!(".roots={ROOT_DIGEST}@{{/host}}"), format!("the trusted root {ROOT_DIGEST}")),
        (
            "decide-the-server-name",
            ".server-name=attacker.example@{/host}".to_owned(),
            "the server name \"attacker.example\"".to_owned(),
        ),
    ]
}

/// As a tenant who wants everything verified, where the schema does not decide otherwise.
fn candidate(guest: &str) -> Value {
    let mut config = json!({"host": "db.example.com", "port": 1, "database": "sales", "trigger": "on"});
    if guest != "default-to-no-tls" {
        config["ssl_mode"] = json!("verify-full");
    }
    json!({
        "name": guest,
        "connection_type": format!("zoo-{guest}"),
        "database_config": config,
        "credentials": {"username": "reader", "password": "not-this-one"},
    })
}

fn verify(client: &Client, guest: &str) -> Reply {
    let mut body = candidate(guest);
    body.as_object_mut().unwrap().remove("name");
    client.post("/assets/data/verify", &body).unwrap()
}

fn stage<'a>(report: &'a Value, name: &str) -> &'a Value {
    let mut stages = report["details"]["stages"].as_array().unwrap().iter();
    stages.find(|stage| stage["stage"] == name).unwrap()
}

fn approved(host: &Patchpanel) {
    let client = host.client_of("acme", "sales", "developer").unwrap();
    for (guest, _, words) in decisions() {
        // Nothing is dialled: the port is none of a database's.
        let reply = verify(&client, guest);
        let report = reply.json().unwrap();
        let config = stage(&report, "config");
        let [warning] = config["warnings"].as_array().unwrap().as_slice() else { panic!("{guest}: {report:#}") };
        assert_eq!((&config["outcome"], &warning["code"]), (&json!("warned"), &json!("tls_of_connector")), "{guest}");
        assert_eq!(warning["blame"], "connector", "{guest}");
        assert!(warning["message"].as_str().unwrap().contains(&words), "{guest}: {warning}");

        let record = client.post("/assets/data", &candidate(guest)).unwrap();
        assert_eq!(record.status.as_u16(), 201, "{guest}: {}", record.body);
        let (mode, name, own_roots) = match guest {
            "decide-the-roots" => ("verify-full", "db.example.com", true),
            "decide-the-server-name" => ("verify-full", "attacker.example", false),
            _ => ("disable", "db.example.com", false),
        };
        let bindings = json!([{
            "credentials": ["password", "username"], "endpoint_role": "data", "host": "db.example.com", "port": 1,
            "tls_mode": mode, "server_name": name, "own_roots": own_roots,
        }]);
        assert_eq!(record.json().unwrap()["bindings"], bindings, "{guest}");
    }
    let types = client.get("/assets/data/types").unwrap().json().unwrap();
    let reach = |guest: &str| {
        let kind = format!("zoo-{guest}");
        let found = types["data"].as_array().unwrap().iter().find(|one| one["connection_type"] == kind.as_str());
        found.unwrap()["reaches"][0].clone()
    };
    assert_eq!(reach("decide-the-tls-mode")["tls_mode"], "disable");
    assert_eq!(reach("decide-the-roots")["roots"], json!([ROOT]));
    assert_eq!(reach("decide-the-server-name")["server_name"], "attacker.example");
}

#[test]
fn what_a_connector_decides_of_tls_needs_approval_and_the_tenant_sees_it() {
    let connectors = TemporaryDirectory::new("connectors").unwrap();
    let data = TemporaryDirectory::new("own-tls").unwrap();
    let decisions = decisions();
    let component = |guest: &str| guests::named(guest).unwrap();
    let files: Vec<String> = decisions.iter().map(|(guest, ..)| format!("{guest}.wasm")).collect();
    let refused = || -> Vec<super::Refusal<'_>> {
        let each = files.iter().zip(&decisions);
        each.map(|(file, (guest, _, words))| (file.as_str(), component(guest), "tls_approval_needed", words.as_str()))
            .collect()
    };
    let host = |approvals: &str| {
        host_with(connectors.path()).directory(&data).setting("CONNECTOR_APPROVED_REACHES", approvals)
    };
    // What is approved for another mode, place, name, root, type or case is not approved.
    let others = [
        "zoo-decide-the-tls-mode=disable".to_owned(),
        "zoo-decide-the-tls-mode.tls-mode=require@{/host}".to_owned(),
        "zoo-decide-the-tls-mode.tls-mode=disable@db.example.com".to_owned(),
        "zoo-good.tls-mode=disable@{/host}".to_owned(),
        "zoo-decide-the-tls-mode.tls-mode-default=disable@{/host}".to_owned(),
        "zoo-default-to-no-tls.tls-mode=disable@{/host}".to_owned(),
        "zoo-decide-the-server-name.server-name-default=attacker.example@{/host}".to_owned(),
        format!("zoo-decide-the-roots.roots-default={ROOT_DIGEST}@{{/host}}"),
        "zoo-decide-the-server-name.server-name=db.example.com@{/host}".to_owned(),
        format!("zoo-decide-the-roots.roots=sha256:{}@{{/host}}", "0".repeat(64)),
    ];
    drop(refuses_each_in(&connectors, host(&others.join(",")), &refused()));

    let approvals: Vec<String> =
        decisions.iter().map(|(guest, approval, _)| format!("zoo-{guest}{approval}")).collect();
    let serving = host(&approvals.join(",")).start().unwrap();
    let all = || (types(&serving).len() == 5).then_some(());
    assert!(test_support::eventually::eventually(std::time::Duration::from_mins(1), all).is_some());
    approved(&serving);
    drop(serving);

    // What has been active and stored does not stay so when it is approved no more.
    let log_before = std::fs::metadata(data.path().join("log")).unwrap().len();
    let host = refuses_each_in(&connectors, host(&others.join(",")), &refused());
    let log = host.log().unwrap()[usize::try_from(log_before).unwrap()..].to_owned();
    let client = host.client_of("acme", "sales", "developer").unwrap();
    for (guest, approval, _) in decisions {
        assert!(log.contains(&format!("zoo-{guest}{approval}")), "the operator is not told how to approve {guest}");
        let reply = client.send("POST", &format!("/assets/data/data:acme:sales:{guest}/test"), "").unwrap();
        let report = reply.json().unwrap();
        assert_eq!(
            (&report["success"], &stage(&report, "config")["code"]),
            (&json!(false), &json!("connector_missing"))
        );
    }
}
