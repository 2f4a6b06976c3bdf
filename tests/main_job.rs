//! The main job: a PostgreSQL database is verified, registered and tested, and a crash loses nothing.

use serde_json::{Value, json};
use test_support::certificates::Authority;
use test_support::patchpanel::Patchpanel;
use test_support::postgres::Postgres;
use test_support::sales;

fn body(port: u16, roots: &str, password: &str) -> Value {
    let mut body = sales::registration("Shop", port);
    body["database_config"]["ssl_mode"] = json!("verify-full");
    body["database_config"]["ssl_root_cert"] = json!(roots);
    body["credentials"]["password"] = json!(password);
    body
}

#[test]
fn a_registered_connection_works_also_after_the_host_was_killed() {
    let authority = Authority::new("test").unwrap();
    let identity = authority.server(&["127.0.0.1"]).unwrap();
    let server =
        Postgres::builder().tls(&identity).hba("hostssl all all all scram-sha-256").sql(sales::SQL).start().unwrap();
    let mut host = Patchpanel::start().unwrap();
    let client = host.client_of("acme", "sales", "developer").unwrap();

    let mut candidate = body(server.port(), authority.certificate(), "wrong");
    candidate.as_object_mut().unwrap().remove("name");
    let reply = client.post("/assets/data/verify", &candidate).unwrap();
    assert_eq!((reply.status.as_u16(), &reply.json().unwrap()["success"]), (200, &json!(false)), "{}", reply.body);
    candidate["credentials"]["password"] = json!(sales::READER_PASSWORD);
    let reply = client.post("/assets/data/verify", &candidate).unwrap();
    assert_eq!((reply.status.as_u16(), &reply.json().unwrap()["success"]), (200, &json!(true)), "{}", reply.body);

    let registration = body(server.port(), authority.certificate(), sales::READER_PASSWORD);
    let reply = client.post("/assets/data", &registration).unwrap();
    assert_eq!(reply.status.as_u16(), 201, "{}", reply.body);
    let record = reply.json().unwrap();
    let path = format!("/assets/data/{}", record["resource_uri"].as_str().unwrap());

    host.kill().unwrap();
    let mut host = Patchpanel::builder().directory(host.directory()).start().unwrap();
    let client = host.client_of("acme", "sales", "developer").unwrap();
    let reply = client.send("POST", &format!("{path}/test"), "").unwrap();
    let result = reply.json().unwrap();
    assert_eq!((reply.status.as_u16(), &result["success"]), (200, &json!(true)), "{}", reply.body);
    assert_eq!(result["details"]["privileges"]["superuser"], json!(false));
    assert_eq!(client.get(&path).unwrap().json().unwrap()["status"], json!("ACTIVE"));
    assert!(host.stop().unwrap().success());
}
