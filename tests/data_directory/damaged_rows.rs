//! Rows with values that this program never writes: told once, clear when one is asked for, and in nobody's way.

use test_support::guests;

use super::*;

/// What is changed of a connection, and what it is said to be.
const DAMAGES: [(&str, &str); 9] = [
    ("status = 'WEIRD'", "status"),
    ("tags = '{'", "list of tags"),
    ("config = '{'", "configuration"),
    ("credentials_set = '[]'", "list of credentials"),
    ("bindings = '{}'", "list of bindings"),
    ("secret_key = null", "secret reference"),
    ("upgrade = 'x'", "connector upgrade"),
    ("upgrade_digest = 'x', upgrade = 'x'", "connector upgrade"),
    ("revision = 'x'", "column revision"),
];

/// In the line of the log.
const TOLD: &str = "a damaged row is left out";

fn names(client: &Client, query: &str) -> (Vec<String>, Value) {
    let reply = client.get(&format!("/assets/data?sort=name&limit=100{query}")).unwrap();
    assert_eq!(reply.status.as_u16(), 200, "{}", reply.body);
    let mut page = reply.json().unwrap();
    let names = page["data"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect();
    (names, page["pagination"]["total_items"].take())
}

fn names_of_the_others() -> Vec<String> {
    ["calm", "placid"].map(str::to_owned).to_vec()
}

fn code(reply: &Reply) -> (u16, Value) {
    (reply.status.as_u16(), reply.json().unwrap()["error"]["code"].take())
}

#[test]
fn a_damaged_connection_is_left_out_of_lists_told_once_and_can_be_deleted() {
    let mut host = Patchpanel::start().unwrap();
    let client = host.client_of("acme", "sales", "admin").unwrap();
    let register = |name: &str| {
        let mut registration = sales::registration(name, 5432);
        registration["tags"] = json!(["tag"]);
        let reply = client.post("/assets/data", &registration).unwrap();
        assert_eq!(reply.status.as_u16(), 201, "{}", reply.body);
    };
    for name in &names_of_the_others() {
        register(name);
    }
    for (number, (damage, _)) in DAMAGES.iter().enumerate() {
        register(&format!("damaged-{number}"));
        let update = format!("update connections set {damage} where name = 'damaged-{number}'");
        assert_eq!(sql(host.directory(), "metadata.db", &update), 1, "{update}");
    }
    let total = json!(DAMAGES.len() + 2);
    for query in ["", "&search=a", "&connection_type=postgres"] {
        assert_eq!(names(&client, query), (names_of_the_others(), total.clone()), "{query}");
    }
    let told = said(&host, TOLD);
    for (number, (damage, what)) in DAMAGES.iter().enumerate() {
        let id: String = with_database(host.directory(), "metadata.db", async |connection| {
            let id = format!("select id from connections where name = 'damaged-{number}'");
            sqlx::query_scalar(AssertSqlSafe(id)).fetch_one(connection).await.unwrap()
        });
        assert!(told.iter().any(|line| line.to_string().contains(&id)), "{damage}: {told:?}");
        let reply = client.get(&path(&format!("damaged-{number}"))).unwrap();
        assert_eq!(code(&reply), (500, json!("RECORD_DAMAGED")), "{damage}: {}", reply.body);
        assert!(reply.body.contains(what) && reply.body.contains(&id), "{damage}: {}", reply.body);
    }
    assert_eq!(said(&host, TOLD).len(), DAMAGES.len(), "once each");
    let host = start_again(&mut host);
    let client = host.client_of("acme", "sales", "admin").unwrap();
    assert_eq!(names(&client, ""), (names_of_the_others(), total));
    assert_eq!(said(&host, TOLD).len(), 2 * DAMAGES.len(), "once a start");
    for number in 0..DAMAGES.len() {
        let reply = client.delete(&path(&format!("damaged-{number}"))).unwrap();
        assert_eq!(reply.status.as_u16(), 204, "{number}: {}", reply.body);
    }
    assert_eq!(names(&client, ""), (names_of_the_others(), json!(2)));
    for (table, left) in [("connection_tags", 2), ("project_tags", 1), ("project_usage", 1)] {
        let count = super::number(host.directory(), "metadata.db", &format!("select count(*) from {table}"));
        assert_eq!(count, left, "{table}");
    }
}

#[test]
fn a_damaged_connector_version_is_left_out_and_its_bytes_stay() {
    let mut host = Patchpanel::start().unwrap();
    let digest = damage::upload(&host, &guests::named("good").unwrap());
    let versions = |host: &Patchpanel| -> Vec<String> {
        let reply = damage::platform(host).get("/assets/connectors/versions").unwrap();
        assert_eq!(reply.status.as_u16(), 200, "{}", reply.body);
        let body = reply.json().unwrap();
        body["data"].as_array().unwrap().iter().map(|it| it["state"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(versions(&host), ["SHADOW", "ACTIVE"]);
    for (damage, what) in [("reasons = '{'", "list of reasons"), ("state = 'WEIRD'", "state of a connector version")] {
        let update = format!("update connector_versions set {damage} where digest = '{digest}'");
        assert_eq!(sql(host.directory(), "metadata.db", &update), 1);
        host = start_again(&mut host);
        assert_eq!(versions(&host), ["ACTIVE"], "{damage}");
        assert_eq!(said(&host, TOLD).iter().filter(|line| line.to_string().contains(what)).count(), 1, "{damage}");
        let reply = damage::platform(&host).get(&format!("/assets/connectors/versions/{digest}")).unwrap();
        assert_eq!(code(&reply), (500, json!("RECORD_DAMAGED")), "{damage}");
        assert!(reply.body.contains(what) && reply.body.contains(&digest), "{damage}: {}", reply.body);
    }
    let mend = format!("update connector_versions set reasons = '[]', state = 'SHADOW' where digest = '{digest}'");
    assert_eq!(sql(host.directory(), "metadata.db", &mend), 1);
    let host = start_again(&mut host);
    assert_eq!(versions(&host), ["SHADOW", "ACTIVE"]);
    assert!(damage::in_library(&host, &digest).exists());
}
