//! `kill -9` at each point of an upload and of an activation.

use std::time::{Duration, Instant};

use serde_json::json;
use test_support::directory::TemporaryDirectory;
use test_support::patchpanel::Patchpanel;

use super::{
    activate, body, connection, generation, host_of, offered, platform, put, record, refused, register, tenant, test,
    upload, uploaded, version, within_limit,
};

const KILLS: u16 = 20;

/// How long a host may take to be ready again.
const READY_LIMIT: Duration = Duration::from_secs(3);

/// A host with one connection, in a directory of its own, that ends at this point.
struct Case {
    host: Patchpanel,
    connectors: TemporaryDirectory,
    path: String,
}

impl Case {
    fn new() -> Self {
        let connectors = TemporaryDirectory::new("connectors").unwrap();
        put(connectors.path(), &generation(1000, "good"));
        let host = host_of(&connectors).setting("CONNECTORS_WATCH", "false").start().unwrap();
        let path = register(&tenant(&host), "Shop", "shop");
        Self { host, connectors, path }
    }

    /// Starts it again; it ends at this point, if at any.
    fn start(&mut self, point: &str) {
        let builder = host_of(&self.connectors).setting("CONNECTORS_WATCH", "false").directory(self.host.directory());
        let start = Instant::now();
        self.host = builder.setting("CRASH_POINT", point).ready_limit(READY_LIMIT).start().unwrap();
        assert!(start.elapsed() < READY_LIMIT);
    }

    /// Has it end at this point by what is done, then starts it again.
    fn crash(&mut self, point: &str, act: impl FnOnce(&Patchpanel)) {
        assert!(self.host.stop().unwrap().success());
        self.start(point);
        act(&self.host);
        within_limit(point, || self.host.ended().unwrap().is_some());
        self.start("");
    }

    /// What is active serves, and is the same everywhere.
    fn serves(&self, number: u16) {
        let tenant = tenant(&self.host);
        assert_eq!(offered(&tenant), Some(version(number)));
        let connection = connection(&tenant, &self.path);
        assert_eq!(connection["connector_version"], version(number));
        assert_eq!(connection["database_config"]["trigger"], version(number));
        assert_eq!(test(&tenant, &self.path), refused());
    }
}

#[test]
fn a_kill_during_an_upload_leaves_the_version_whole_or_not_at_all() {
    let mut case = Case::new();
    let mut number = 1001;
    for (point, is_there) in [
        ("upload-received", false),
        ("upload-stored", false),
        ("upload-pending", true),
        ("upload-admitted", true),
        ("upload-tried", true),
    ] {
        for _ in 0..KILLS {
            let bytes = generation(number, "good");
            case.crash(point, |host| {
                let platform = platform(host).with_header("Content-Type", "application/wasm");
                assert!(platform.send("POST", "/assets/connectors/versions", &bytes).is_err(), "{point}");
            });
            case.serves(1000);
            let platform = platform(&case.host);
            let find = || {
                let versions = body(platform.get("/assets/connectors/versions").unwrap(), 200);
                versions["data"].as_array().unwrap().iter().filter(|it| it["bytes"] == bytes.len()).count()
            };
            let files = || case.host.directory().path().join("data/connectors").read_dir().unwrap().count();
            assert_eq!(files(), find(), "{point}");
            if is_there {
                within_limit("the version is admitted", || {
                    let versions = body(platform.get("/assets/connectors/versions").unwrap(), 200);
                    versions["data"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .any(|it| it["version"] == version(number) && it["state"] == "SHADOW")
                });
            }
            let digest = body(upload(&platform, &bytes), 201)["digest"].as_str().unwrap().to_owned();
            body(platform.delete(&format!("/assets/connectors/versions/{digest}")).unwrap(), 204);
            number += 1;
        }
    }
}

#[test]
fn a_kill_during_an_activation_leaves_the_old_version_or_the_new_one() {
    let mut case = Case::new();
    let (mut number, mut active) = (1001, 1000);
    for (point, is_active) in [
        ("activation-planned", false),
        ("activation-written", false),
        ("activation-committed", true),
        ("activation-published", true),
    ] {
        for _ in 0..KILLS {
            let digest = uploaded(&platform(&case.host), &generation(number, "good"));
            case.crash(point, |host| {
                let path = format!("/assets/connectors/versions/{digest}/activate");
                assert!(platform(host).post(&path, &json!({})).is_err(), "{point}");
            });
            if is_active {
                active = number;
            }
            case.serves(active);
            let state = if is_active { "ACTIVE" } else { "SHADOW" };
            assert_eq!(record(&platform(&case.host), &digest)["state"], state, "{point}");
            body(activate(&platform(&case.host), &digest, &json!({})), 200);
            active = number;
            case.serves(active);
            number += 1;
        }
    }
}
