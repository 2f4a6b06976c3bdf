//! A version that fails in use is rolled back by itself.

use serde_json::json;

use super::{
    activate, body, connection, generation, host, offered, platform, record, refused, register, tenant, test, uploaded,
    version, within_limit,
};

#[test]
fn a_version_that_traps_where_the_one_before_does_not_is_rolled_back() {
    let (host, _directory) = host();
    let (platform, tenant) = (platform(&host), tenant(&host));
    let path = register(&tenant, "Shop", "shop");
    let digest = uploaded(&platform, &generation(1001, "trap"));
    body(activate(&platform, &digest, &json!({})), 200);
    for _ in 0..3 {
        let reply = tenant.send("POST", &format!("{path}/test"), "").unwrap();
        assert_eq!(body(reply, 502)["error"]["code"], "CONNECTOR_FAILED");
    }
    within_limit("the version is rolled back", || offered(&tenant) == Some(version(1000)));
    assert_eq!(test(&tenant, &path), refused());
    assert_eq!(connection(&tenant, &path)["connector_version"], version(1000));
    let record = record(&platform, &digest);
    assert_eq!((&record["state"], &record["reasons"][0]["code"]), (&json!("ROLLED_BACK"), &json!("failing")));
}

#[test]
fn a_version_that_fails_where_the_one_before_fails_too_stays() {
    let (host, _directory) = host();
    let (platform, tenant) = (platform(&host), tenant(&host));
    let path = register(&tenant, "Shop", "shop");
    for number in [1001, 1002] {
        let digest = uploaded(&platform, &generation(number, "trap"));
        body(activate(&platform, &digest, &json!({})), 200);
    }
    for _ in 0..3 {
        let reply = tenant.send("POST", &format!("{path}/test"), "").unwrap();
        assert_eq!(body(reply, 502)["error"]["code"], "CONNECTOR_FAILED");
    }
    // What would have rolled it back has happened before its answer was there.
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(offered(&tenant), Some(version(1002)));
}
