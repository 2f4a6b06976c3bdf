//! What is recorded of connectors.

use serde_json::json;

use super::trail;
use crate::rollout::{
    activate, body, code, generation, host, host_of, offered, platform, put, register, roll_back, tenant, test, upload,
    uploaded, version, within_limit,
};
use test_support::directory::TemporaryDirectory;

/// A row of the platform.
fn row(actor: &str, action: &str, digest: &str) -> String {
    format!("done {actor} connector.{action} {digest} ")
}

#[test]
fn who_brings_activates_puts_back_and_deletes_a_connector_version_is_recorded() {
    let (host, _directory) = host();
    let (platform, tenant) = (platform(&host), tenant(&host));
    let first = body(platform.get("/assets/connectors/versions").unwrap(), 200)["data"][0]["digest"].clone();
    let first = first.as_str().unwrap();
    let path = register(&tenant, "Shop", "shop");
    let digest = uploaded(&platform, &generation(1001, "good"));
    // The same again, a trial and a refusal change nothing.
    uploaded(&platform, &generation(1001, "good"));
    body(activate(&platform, &digest, &json!({ "dry_run": true })), 200);
    assert_eq!(code(roll_back(&platform, &digest), 409), "CONNECTOR_STATE");
    assert_eq!(code(upload(&tenant, &generation(1002, "good")), 403), "INSUFFICIENT_PERMISSIONS");
    body(activate(&platform, &digest, &json!({})), 200);
    body(roll_back(&platform, &digest), 200);
    body(platform.delete(&format!("/assets/connectors/versions/{digest}")).unwrap(), 204);
    let failing = uploaded(&platform, &generation(1003, "refuse"));
    body(activate(&platform, &failing, &json!({})), 200);
    for _ in 0..3 {
        test(&tenant, &path);
    }
    within_limit("the version is rolled back", || offered(&tenant) == Some(version(1000)));
    let developer = "user:developer@platform";
    let expected = [
        row("system:directory@", "upload", first),
        row("system:directory@", "activate", first),
        row(developer, "upload", &digest),
        row(developer, "activate", &digest),
        row(developer, "roll_back", &digest),
        row(developer, "delete", &digest),
        row(developer, "upload", &failing),
        row(developer, "activate", &failing),
        row("system:host@", "roll_back", &failing),
    ];
    assert_eq!(trail(host.directory(), ""), expected);
}

#[test]
fn what_the_directory_does_is_recorded_as_its_own() {
    let directory = TemporaryDirectory::new("connectors").unwrap();
    put(directory.path(), &generation(1000, "good"));
    let host = host_of(&directory).start().unwrap();
    let tenant = tenant(&host);
    std::fs::remove_file(directory.path().join("generation.wasm")).unwrap();
    within_limit("the type is gone", || offered(&tenant).is_none());
    let actions: Vec<String> = trail(host.directory(), "")
        .iter()
        .map(|row| row.split(' ').skip(1).take(2).collect::<Vec<_>>().join(" "))
        .collect();
    let expected =
        ["connector.upload", "connector.activate", "connector.retire"].map(|it| format!("system:directory@ {it}"));
    assert_eq!(actions, expected);
}
