//! `kill -9` at each point of an upload, of an activation and of a roll-back.

use std::time::{Duration, Instant};

use patchpanel::digest;
use serde_json::{Value, json};
use test_support::directory::TemporaryDirectory;
use test_support::patchpanel::Patchpanel;

use super::{
    activate, body, connection, generation, host_of, offered, platform, put, record, refused, register, roll_back,
    tenant, test, upload, uploaded, version, within_limit,
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

    /// What is active serves, and the connection is with it.
    fn serves(&self, number: u16) {
        let tenant = tenant(&self.host);
        assert_eq!(offered(&tenant), Some(version(number)));
        within_limit("the connection is with the active version", || {
            let connection = connection(&tenant, &self.path);
            assert_eq!(connection["connector_version"], connection["database_config"]["trigger"]);
            assert_eq!(test(&tenant, &self.path), refused());
            connection["connector_version"] == version(number)
        });
    }

    /// The digests of the versions that are there, each with its state. The bytes of each are in its file.
    fn versions(&self) -> Vec<(String, String)> {
        let versions = body(platform(&self.host).get("/assets/connectors/versions").unwrap(), 200);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let list = versions["data"].as_array().unwrap().iter();
        let mut versions: Vec<_> = list.map(|it| (text(&it["digest"]), text(&it["state"]))).collect();
        versions.sort();
        let library = self.host.directory().path().join("data/library").read_dir().unwrap();
        let mut digests: Vec<_> =
            library.map(|file| digest::of(&std::fs::read(file.unwrap().path()).unwrap())).collect();
        digests.sort();
        assert_eq!(digests, versions.iter().map(|(digest, _)| digest.clone()).collect::<Vec<_>>());
        versions
    }
}

#[test]
fn a_kill_during_an_upload_leaves_the_version_whole_or_not_at_all() {
    let mut case = Case::new();
    let before = case.versions();
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
            if is_there {
                within_limit("the version is admitted", || case.versions().iter().any(|(_, state)| state == "SHADOW"));
            } else {
                assert_eq!(case.versions(), before, "{point}");
            }
            let platform = platform(&case.host);
            let digest = body(upload(&platform, &bytes), 201)["digest"].as_str().unwrap().to_owned();
            body(platform.delete(&format!("/assets/connectors/versions/{digest}")).unwrap(), 204);
            assert_eq!(case.versions(), before, "{point}");
            number += 1;
        }
    }
}

#[test]
fn a_kill_during_an_activation_or_a_roll_back_leaves_the_old_version_or_the_new_one() {
    let mut case = Case::new();
    let mut number = 1001;
    for (point, is_active) in [
        ("activation-tried", false),
        ("activation-written", false),
        ("activation-committed", true),
        ("activation-published", true),
        ("activation-handing-over", true),
    ] {
        for _ in 0..KILLS {
            let digest = uploaded(&platform(&case.host), &generation(number, "good"));
            case.crash(point, |host| {
                let path = format!("/assets/connectors/versions/{digest}/activate");
                assert!(platform(host).post(&path, &json!({})).is_err(), "{point}");
            });
            case.serves(if is_active { number } else { number - 1 });
            let state = if is_active { "ACTIVE" } else { "SHADOW" };
            assert_eq!(record(&platform(&case.host), &digest)["state"], state, "{point}");
            body(activate(&platform(&case.host), &digest, &json!({})), 200);
            case.serves(number);
            case.versions();
            number += 1;
        }
    }
    let last = number - 1;
    for (point, is_back) in [("rollback-written", false), ("rollback-committed", true)] {
        for _ in 0..KILLS {
            let digest = uploaded(&platform(&case.host), &generation(number, "good"));
            body(activate(&platform(&case.host), &digest, &json!({})), 200);
            case.crash(point, |host| {
                let path = format!("/assets/connectors/versions/{digest}/rollback");
                assert!(platform(host).send("POST", &path, "").is_err(), "{point}");
            });
            if !is_back {
                case.serves(number);
                body(roll_back(&platform(&case.host), &digest), 200);
            }
            case.serves(last);
            assert_eq!(record(&platform(&case.host), &digest)["state"], "ROLLED_BACK", "{point}");
            number += 1;
        }
    }
}
