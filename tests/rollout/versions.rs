//! The API of connector versions.

use serde_json::json;
use test_support::guests;

use super::{
    TYPE, activate, body, code, generation, host, offered, platform, record, register, roll_back, tenant, upload,
    uploaded, version, within_limit,
};

#[test]
fn a_version_is_uploaded_tried_activated_rolled_back_and_deleted() {
    let (host, _directory) = host();
    let (platform, tenant) = (platform(&host), tenant(&host));
    let first = body(platform.get("/assets/connectors/versions").unwrap(), 200)["data"][0].clone();
    assert_eq!(
        (&first["state"], &first["version"], &first["file"]),
        (&json!("ACTIVE"), &json!("1.1000.0"), &json!("generation.wasm"))
    );

    let reply = upload(&platform, &generation(1001, "good"));
    let location = reply.header("location").unwrap().to_owned();
    let second = body(reply, 201);
    let digest = second["digest"].as_str().unwrap();
    assert_eq!(location, format!("/assets/connectors/versions/{digest}"));
    assert_eq!((&second["connection_type"], &second["contract"]), (&json!(TYPE), &json!("1.0.0")));
    assert_eq!((&second["state"], &second["created_by"]), (&json!("SHADOW"), &json!("user:developer")));
    assert_eq!(second["bytes"], generation(1001, "good").len());
    assert_eq!(second["shadow"]["connections"], 0);
    assert_eq!(offered(&tenant), Some(version(1000)), "an upload alone serves nothing");
    assert_eq!(body(upload(&platform, &generation(1001, "good")), 201)["created_at"], second["created_at"]);

    let tried = body(activate(&platform, digest, &json!({"dry_run": true})), 200);
    assert_eq!((&tried["state"], offered(&tenant)), (&json!("SHADOW"), Some(version(1000))));
    let activated = body(activate(&platform, digest, &json!({})), 200);
    assert_eq!((&activated["state"], offered(&tenant)), (&json!("ACTIVE"), Some(version(1001))));
    within_limit("the version before has drained", || {
        record(&platform, first["digest"].as_str().unwrap())["state"] == "RETIRED"
    });
    assert_eq!(code(platform.delete(&location).unwrap(), 409), "CONNECTOR_STATE");

    let rolled_back = body(roll_back(&platform, digest), 200);
    assert_eq!((&rolled_back["state"], offered(&tenant)), (&json!("ROLLED_BACK"), Some(version(1000))));
    assert_eq!(rolled_back["reasons"][0]["message"], "user:developer rolled it back");
    assert_eq!(code(roll_back(&platform, digest), 409), "CONNECTOR_STATE");
    assert_eq!(code(roll_back(&platform, first["digest"].as_str().unwrap()), 409), "CONNECTOR_NOTHING_BEFORE");
    body(platform.delete(&location).unwrap(), 204);
    assert_eq!(code(platform.get(&location).unwrap(), 404), "RESOURCE_NOT_FOUND");
    assert_eq!(code(activate(&platform, digest, &json!({})), 404), "RESOURCE_NOT_FOUND");
}

#[test]
fn what_is_refused_says_every_reason_and_disturbs_nothing() {
    let (host, _directory) = host();
    let (platform, tenant) = (platform(&host), tenant(&host));
    for (bytes, reason) in [
        (b"no component".to_vec(), "not_a_component"),
        (Vec::new(), "not_a_component"),
        (generation(1001, "good")[..1000].to_vec(), "not_a_component"),
        (guests::named("spin-in-manifest").unwrap(), "self_check"),
        (guests::named("import-http").unwrap(), "unexpected_import"),
    ] {
        let reply = upload(&platform, &bytes);
        let error = body(reply, 422)["error"].clone();
        assert_eq!(error["code"], "CONNECTOR_REFUSED", "{error}");
        assert_eq!(error["details"]["reasons"][0]["code"], reason, "{error}");
        let digest = error["details"]["digest"].as_str().unwrap().to_owned();
        let kept = record(&platform, &digest);
        assert_eq!((&kept["state"], &kept["reasons"]), (&json!("REFUSED"), &error["details"]["reasons"]));
        assert_eq!(code(activate(&platform, &digest, &json!({})), 409), "CONNECTOR_STATE");
    }
    let large = vec![0; (32 << 20) + 1];
    assert_eq!(code(upload(&platform, &large), 413), "PAYLOAD_TOO_LARGE");
    let json = platform.with_header("Content-Type", "application/json");
    assert_eq!(code(json.send("POST", "/assets/connectors/versions", "{}").unwrap(), 415), "UNSUPPORTED_MEDIA_TYPE");
    assert_eq!(code(activate(&platform, "sha256:00", &json!({})), 400), "INVALID_REQUEST");
    let digest = uploaded(&platform, &generation(1001, "good"));
    assert_eq!(code(activate(&platform, &digest, &json!({"dryrun": true})), 422), "VALIDATION_ERROR");
    assert_eq!(offered(&tenant), Some(version(1000)));
    let left: Vec<_> = host.directory().path().join("data/library").read_dir().unwrap().collect();
    assert!(left.iter().all(|file| file.as_ref().unwrap().path().extension().unwrap() == "wasm"), "{left:?}");
}

#[test]
fn the_same_bytes_may_come_twice_at_once() {
    let (host, _directory) = host();
    let (platform, tenant) = (platform(&host), tenant(&host));
    for number in 0..20 {
        register(&tenant, &format!("Shop {number}"), "shop");
    }
    let bytes = generation(1001, "good");
    std::thread::scope(|scope| {
        let late = scope.spawn(|| (0..8).map(|_| upload(&platform, &bytes)).collect::<Vec<_>>());
        let digest = loop {
            let reply = upload(&platform, &bytes);
            if reply.status.as_u16() == 201 {
                break body(reply, 201)["digest"].as_str().unwrap().to_owned();
            }
            assert_eq!(code(reply, 503), "SERVICE_UNAVAILABLE");
        };
        within_limit("it is activated", || activate(&platform, &digest, &json!({})).status.as_u16() == 200);
        for reply in late.join().unwrap() {
            assert!([201, 503].contains(&reply.status.as_u16()), "{}", reply.body);
        }
        assert_eq!(record(&platform, &digest)["state"], "ACTIVE");
    });
    register(&tenant, "Afterwards", "shop");
}

#[test]
fn of_the_versions_that_serve_nothing_the_last_ten_are_kept() {
    let (host, _directory) = host();
    let platform = platform(&host);
    for number in 1001..1016 {
        let digest = uploaded(&platform, &generation(number, "good"));
        body(activate(&platform, &digest, &json!({})), 200);
    }
    let versions = body(platform.get("/assets/connectors/versions").unwrap(), 200);
    let versions: Vec<_> = versions["data"].as_array().unwrap().iter().map(|it| it["version"].clone()).collect();
    // The active one, the one before, ten others, and the one that is in the directory.
    let expected: Vec<_> = (1004..=1015).rev().chain([1000]).map(version).collect();
    assert_eq!(versions, expected);
    let files = host.directory().path().join("data/library").read_dir().unwrap().count();
    assert_eq!(files, expected.len());
}
