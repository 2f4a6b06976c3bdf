//! Activations under load: no request fails, and none is answered by two versions.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;

use super::{
    TYPE, activate, body, connection, generation, host, platform, refused, register, roll_back, tenant, test, uploaded,
};

const ACTIVATIONS: u16 = 30;
const CLIENTS: usize = 4;

#[test]
fn no_request_fails_or_sees_two_versions_while_versions_follow_each_other() {
    let (host, _directory) = host();
    let platform = platform(&host);
    let tenant = tenant(&host);
    let path = register(&tenant, "Shop", "shop");
    let (done, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for number in 0..CLIENTS {
            let (tenant, path, done, answered) = (tenant.clone(), &path, &done, &answered);
            scope.spawn(move || {
                let mut round = 0;
                while !done.load(Ordering::Relaxed) {
                    // A configuration that another version has written would end at `config`.
                    assert_eq!(test(&tenant, path), refused());
                    let shop = connection(&tenant, path);
                    assert_eq!(shop["connector_version"], shop["database_config"]["trigger"]);
                    let own = register(&tenant, &format!("Own {number} {round}"), "shop");
                    let record = connection(&tenant, &own);
                    assert_eq!(record["connector_version"], record["database_config"]["trigger"]);
                    assert_eq!(test(&tenant, &own), refused());
                    body(
                        tenant
                            .put(
                                &own,
                                &json!({"database_config": {
                        "host": "127.0.0.1", "port": 1025, "database": "changed", "ssl_mode": "disable"}}),
                            )
                            .unwrap(),
                        200,
                    );
                    assert_eq!(test(&tenant, &own), refused());
                    body(tenant.delete(&own).unwrap(), 204);
                    let types = body(tenant.get("/assets/data/types").unwrap(), 200);
                    assert_eq!(types["data"][0]["connection_type"], TYPE);
                    answered.fetch_add(1, Ordering::Relaxed);
                    round += 1;
                }
            });
        }
        for number in 1001..1001 + ACTIVATIONS {
            let digest = uploaded(&platform, &generation(number, "good"));
            body(activate(&platform, &digest, &json!({})), 200);
            if number % 5 == 0 {
                body(roll_back(&platform, &digest), 200);
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    let rounds = answered.into_inner();
    assert!(rounds > CLIENTS, "the clients have hardly done anything: {rounds}");
}
