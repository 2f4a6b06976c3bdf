//! What becomes of stored connections when another version takes over.

use serde_json::{Value, json};

use super::{
    activate, body, code, connection, generation, host, offered, platform, record, refused, register, roll_back,
    tenant, test, uploaded, version, within_limit,
};

/// What a connection says of its connector: version, and who has written the configuration.
fn served_by(record: &Value) -> (&str, &str) {
    let config = &record["database_config"]["trigger"];
    (record["connector_version"].as_str().unwrap(), config.as_str().unwrap_or_default())
}

#[test]
fn connections_are_migrated_and_come_back_as_they_were() {
    let (host, _directory) = host();
    let (platform, tenant) = (platform(&host), tenant(&host));
    let path = register(&tenant, "Shop", "shop");
    let before = connection(&tenant, &path);
    assert_eq!(served_by(&before), ("1.1000.0", "1.1000.0"));
    assert_eq!((&before["connector_contract"], &before["connector_upgrade"]), (&json!("1.0.0"), &Value::Null));
    assert_eq!(test(&tenant, &path), refused());

    let digest = uploaded(&platform, &generation(1001, "good"));
    let shadow = record(&platform, &digest)["shadow"].clone();
    assert_eq!((&shadow["connections"], &shadow["unchanged"]), (&json!(1), &json!(1)));
    let etag = tenant.get(&path).unwrap().header("etag").unwrap().to_owned();
    body(activate(&platform, &digest, &json!({})), 200);
    let after = connection(&tenant, &path);
    assert_eq!(served_by(&after), ("1.1001.0", "1.1001.0"));
    assert_eq!(after["connector_digest"], digest);
    assert_eq!((&after["updated_at"], &after["updated_by"]), (&before["updated_at"], &before["updated_by"]));
    assert_ne!(tenant.get(&path).unwrap().header("etag"), Some(&*etag), "the record looks different");
    assert_eq!(test(&tenant, &path), refused());
    assert_eq!(record(&platform, &digest)["connections"], 1);

    // An edit that began before is not in the way of what the platform does.
    let edited = tenant.with_header("If-Match", &etag).put(&path, &json!({"description": "edited"})).unwrap();
    body(edited, 200);
    // Another one is registered meanwhile: the version before has never seen it.
    let second = register(&tenant, "Second", "shop");
    body(roll_back(&platform, &digest), 200);
    assert_eq!(served_by(&connection(&tenant, &path)), ("1.1000.0", "1.1000.0"), "at once");
    within_limit("it is given to the version before", || {
        served_by(&connection(&tenant, &second)) == ("1.1000.0", "1.1000.0")
    });
    for path in [&path, &second] {
        assert_eq!(test(&tenant, path), refused());
    }
}

#[test]
fn a_version_that_does_not_accept_a_working_connection_never_becomes_active() {
    let (host, _directory) = host();
    let (platform, tenant) = (platform(&host), tenant(&host));
    let (good, bad) = (register(&tenant, "Good", "shop"), register(&tenant, "Bad", "xshop"));
    let digest = uploaded(&platform, &generation(1001, "reject"));
    let reply = activate(&platform, &digest, &json!({}));
    let error = body(reply.clone(), 409)["error"].clone();
    assert_eq!(error["code"], "CONNECTOR_SHADOW_FAILED");
    let shadow = &error["details"]["shadow"];
    assert_eq!((&shadow["connections"], &shadow["unchanged"], &shadow["failing"]), (&json!(2), &json!(1), &json!(1)));
    let detail = &shadow["details"][0];
    assert_eq!((&detail["resource_uri"], &detail["outcome"]), (&json!("data:acme:sales:bad"), &json!("fails")));
    assert_eq!(detail["findings"], json!(["/database: No database may begin with x any more."]));
    assert!(!reply.body.contains("canary-of-rollout"));
    let kept = record(&platform, &digest);
    assert_eq!((&kept["state"], &kept["reasons"][0]["code"]), (&json!("SHADOW"), &json!("shadow_failed")));
    assert_eq!(offered(&tenant), Some(version(1000)));

    // The operator decides that it stays behind.
    body(activate(&platform, &digest, &json!({"hold_failing": true})), 200);
    assert_eq!(served_by(&connection(&tenant, &good)).0, version(1001));
    let held = connection(&tenant, &bad);
    assert_eq!(served_by(&held).0, version(1000));
    assert!(held["connector_upgrade"]["reason"].as_str().unwrap().contains("No database may begin with x"), "{held}");
    for path in [&good, &bad] {
        assert_eq!(test(&tenant, path), refused());
    }
    // Its tenant can still change it, and mends it.
    let password = json!({"credentials": {"password": "another"}});
    assert_eq!(served_by(&body(tenant.put(&bad, &password).unwrap(), 200)).0, version(1000));
    let config = json!({"host": "127.0.0.1", "port": 1025, "database": "shop", "ssl_mode": "disable"});
    body(tenant.put(&bad, &json!({"database_config": config})).unwrap(), 200);
    within_limit("the new version takes it", || {
        let mended = connection(&tenant, &bad);
        served_by(&mended) == ("1.1001.0", "1.1001.0") && mended["connector_upgrade"] == Value::Null
    });
}

#[test]
fn a_connection_that_would_lead_elsewhere_stays_until_its_tenant_agrees() {
    let (host, _directory) = host();
    let (platform, tenant) = (platform(&host), tenant(&host));
    let (first, second) = (register(&tenant, "First", "shop"), register(&tenant, "Second", "shop"));
    let digest = uploaded(&platform, &generation(1001, "reach"));
    assert_eq!(record(&platform, &digest)["shadow"]["held"], 2);
    body(activate(&platform, &digest, &json!({})), 200);
    let old = record(&platform, connection(&tenant, &first)["connector_digest"].as_str().unwrap());
    assert_eq!((&old["state"], &old["connections"]), (&json!("DRAINING"), &json!(2)), "both versions serve");
    let held = connection(&tenant, &first);
    assert_eq!(served_by(&held).0, version(1000));
    assert_eq!(held["connector_upgrade"]["version"], version(1001));
    assert_eq!(test(&tenant, &first), refused());
    assert_eq!(
        code(
            platform.delete(&format!("/assets/connectors/versions/{}", old["digest"].as_str().unwrap())).unwrap(),
            409
        ),
        "CONNECTOR_SERVING"
    );

    // Neither an edit nor new credentials agree to it.
    let config = json!({"host": "127.0.0.1", "port": 1025, "database": "other", "ssl_mode": "disable"});
    let credentials = json!({"username": "reader", "password": "another"});
    body(tenant.put(&first, &json!({"database_config": config, "credentials": credentials})).unwrap(), 200);
    within_limit("it waits again", || connection(&tenant, &first)["connector_upgrade"]["digest"] == digest);
    assert_eq!(served_by(&connection(&tenant, &first)).0, version(1000));

    let agree = |client: &test_support::client::Client, digest: &str| {
        client.post(&format!("{first}/upgrade"), &json!({"digest": digest})).unwrap()
    };
    let viewer = host.client_of("acme", "sales", "viewer").unwrap();
    assert_eq!(code(agree(&viewer, &digest), 403), "INSUFFICIENT_PERMISSIONS");
    assert_eq!(code(agree(&tenant, old["digest"].as_str().unwrap()), 409), "CONNECTOR_UPGRADE_CHANGED");
    let agreed = body(agree(&tenant, &digest), 200);
    assert_eq!((served_by(&agreed), &agreed["connector_upgrade"]), (("1.1001.0", "1.1001.0"), &Value::Null));
    assert_eq!(agreed["status"], "PENDING");
    assert_eq!(test(&tenant, &first), refused());
    assert_eq!(code(agree(&tenant, &digest), 409), "CONNECTOR_UPGRADE_CHANGED");

    // Rolled back, nothing waits any more.
    body(roll_back(&platform, &digest), 200);
    let second = connection(&tenant, &second);
    assert_eq!((served_by(&second).0, &second["connector_upgrade"]), ("1.1000.0", &Value::Null));
}

#[test]
fn what_differs_is_shown_and_does_not_wait() {
    let (host, _directory) = host();
    let (platform, tenant) = (platform(&host), tenant(&host));
    let path = register(&tenant, "Shop", "shop");
    let digest = uploaded(&platform, &generation(1001, "differ"));
    let shadow = record(&platform, &digest)["shadow"].clone();
    assert_eq!((&shadow["differing"], &shadow["held"]), (&json!(1), &json!(0)));
    let difference = json!([{"path": "parameters/schema", "before": "pg_catalog", "after": "information_schema"}]);
    assert_eq!(shadow["details"][0]["differences"], difference);
    body(activate(&platform, &digest, &json!({})), 200);
    assert_eq!(served_by(&connection(&tenant, &path)).0, version(1001));
}
