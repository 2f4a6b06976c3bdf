//! Versions that misbehave while they are tried.

use serde_json::{Value, json};

use super::{
    activate, body, code, connection, generation, host, offered, platform, record, refused, register, tenant, test,
    uploaded, version,
};

#[test]
fn what_misbehaves_when_it_migrates_never_becomes_active() {
    let (host, _directory) = host();
    let (platform, tenant) = (platform(&host), tenant(&host));
    let paths: Vec<String> = (0..12).map(|number| register(&tenant, &format!("Shop {number}"), "shop")).collect();
    for (number, mode, finding) in [(1001, "spin", "100 ms of CPU time"), (1002, "lead", "lead the connection astray")]
    {
        let digest = uploaded(&platform, &generation(number, mode));
        let shadow = record(&platform, &digest)["shadow"].clone();
        assert_eq!((&shadow["failing"], &shadow["stopped_early"]), (&json!(10), &json!(true)), "{mode}");
        let findings = shadow["details"][0]["findings"][0].as_str().unwrap();
        assert!(findings.contains(finding), "{mode}: {findings}");
        assert_eq!(code(activate(&platform, &digest, &json!({})), 409), "CONNECTOR_SHADOW_FAILED", "{mode}");
        assert_eq!(offered(&tenant), Some(version(1000)), "{mode}");
        assert_eq!(test(&tenant, &paths[0]), refused(), "{mode}");
    }
}

#[test]
fn no_word_of_a_tenants_credentials_is_in_what_the_platform_sees() {
    let (host, _directory) = host();
    let (platform, tenant) = (platform(&host), tenant(&host));
    let path = register(&tenant, "Shop", "shop");
    for (number, mode) in [(1001, "differ"), (1002, "reach"), (1003, "good")] {
        let digest = uploaded(&platform, &generation(number, mode));
        body(activate(&platform, &digest, &json!({})), 200);
    }
    let versions = platform.get("/assets/connectors/versions").unwrap();
    assert!(!versions.body.contains("canary-of-rollout"));
    assert_eq!(connection(&tenant, &path)["connector_upgrade"], Value::Null, "the last one leads nowhere else");
    assert!(!host.log().unwrap().contains("canary-of-rollout"));
}
