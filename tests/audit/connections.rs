//! What is recorded of connections.

use serde_json::{Value, json};
use test_support::client::{Client, Reply};
use test_support::eventually::eventually;
use test_support::listener::Witness;
use test_support::patchpanel::Patchpanel;
use test_support::postgres::Postgres;
use test_support::sales;

use super::{LIMIT, trail};
use crate::data_directory::sql;

/// The path of the connection that [`sales::registration`] makes of this name.
fn path(name: &str) -> String {
    format!("/assets/data/data:acme:sales:{name}")
}

fn succeeds(reply: &Reply) {
    assert!(reply.status.is_success(), "{}: {}", reply.status, reply.body);
}

fn is_refused(reply: &Reply, status: u16) {
    assert_eq!(reply.status.as_u16(), status, "{}", reply.body);
}

fn post(client: &Client, path: &str) -> Reply {
    client.send("POST", path, "").unwrap()
}

#[test]
fn every_change_of_a_connection_has_its_row_and_every_release_of_its_credentials() {
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    let host = Patchpanel::start().unwrap();
    let (admin, viewer) =
        (host.client_of("acme", "sales", "admin").unwrap(), host.client_of("acme", "sales", "viewer"));
    let viewer = viewer.unwrap();
    let (shop, registration) = (path("shop"), sales::registration("shop", server.port()));
    succeeds(&admin.post("/assets/data", &registration).unwrap());
    succeeds(&post(&admin, &format!("{shop}/test")));
    succeeds(&admin.put(&shop, &json!({ "description": "x" })).unwrap());
    // The user name stays, and is read to be stored with the password.
    succeeds(&admin.put(&shop, &json!({ "credentials": { "password": sales::READER_PASSWORD } })).unwrap());
    succeeds(&post(&admin, &format!("{shop}/disable")));
    succeeds(&post(&admin, &format!("{shop}/enable")));
    succeeds(&admin.delete(&shop).unwrap());
    let row = |outcome: &str, action: &str| {
        format!("{outcome} user:developer@acme connection.{action} data:acme:sales:shop sales")
    };
    let expected = [
        row("done", "register"),
        row("released", "test"),
        row("done", "change"),
        row("released", "change"),
        row("done", "change"),
        row("done", "disable"),
        row("done", "enable"),
        row("done", "delete"),
    ];
    assert_eq!(trail(host.directory(), "acme"), expected);

    // What changes nothing, is refused, or uses nothing that is stored has none.
    succeeds(&admin.post("/assets/data/verify", &without(registration.clone(), &["name", "description"])).unwrap());
    is_refused(&viewer.post("/assets/data", &registration).unwrap(), 403);
    is_refused(&admin.delete(&shop).unwrap(), 404);
    succeeds(&admin.post("/assets/data", &registration).unwrap());
    is_refused(&admin.post("/assets/data", &registration).unwrap(), 409);
    succeeds(&admin.put(&shop, &json!({})).unwrap());
    succeeds(&post(&admin, &format!("{shop}/enable")));
    is_refused(&viewer.delete(&shop).unwrap(), 403);
    succeeds(&viewer.get(&shop).unwrap());
    succeeds(&post(&admin, &format!("{shop}/disable")));
    is_refused(&post(&admin, &format!("{shop}/test")), 409);
    let rows = trail(host.directory(), "acme");
    assert_eq!(rows[expected.len()..], [row("done", "register"), row("done", "disable")]);
}

fn without(mut body: Value, members: &[&str]) -> Value {
    body.as_object_mut().unwrap().retain(|name, _| !members.contains(&name.as_str()));
    body
}

#[test]
fn what_cannot_be_recorded_is_not_done_and_lets_no_credential_out() {
    let database = Witness::start().unwrap();
    let host = Patchpanel::start().unwrap();
    let client = host.client_of("acme", "sales", "admin").unwrap();
    let registration = |name| sales::registration(name, database.address().unwrap().port());
    succeeds(&client.post("/assets/data", &registration("shop")).unwrap());
    let record = || client.get(&path("shop")).unwrap().json().unwrap();
    let before = record();
    let refuse = "create trigger refuse before insert on audit_events begin select raise(abort, 'no'); end";
    sql(host.directory(), "metadata.db", refuse);
    is_refused(&post(&client, &format!("{}/test", path("shop"))), 500);
    is_refused(&client.put(&path("shop"), &json!({ "credentials": { "password": "other" } })).unwrap(), 500);
    is_refused(&client.delete(&path("shop")).unwrap(), 500);
    is_refused(&client.post("/assets/data", &registration("other")).unwrap(), 500);
    assert_eq!(database.connections(), 0, "a credential was on its way");
    is_refused(&client.get(&path("other")).unwrap(), 404);
    assert_eq!(record(), before);

    sql(host.directory(), "metadata.db", "drop trigger refuse");
    std::thread::scope(|scope| {
        let test = scope.spawn(|| succeeds(&post(&client, &format!("{}/test", path("shop")))));
        assert!(eventually(LIMIT, || (database.connections() > 0).then_some(())).is_some(), "it is not tested");
        test.join().unwrap();
    });
    assert_eq!(trail(host.directory(), "acme").len(), 2);
}

#[test]
fn the_trail_of_an_organization_is_bounded_and_its_oldest_rows_go() {
    let host = Patchpanel::builder().setting("MAX_AUDIT_EVENTS_PER_ORGANIZATION", "1000").start().unwrap();
    let client = host.client_of("acme", "sales", "admin").unwrap();
    let others = host.client_of("other", "sales", "admin").unwrap();
    let registration = sales::registration("shop", 1);
    succeeds(&others.post("/assets/data", &registration).unwrap());
    succeeds(&client.post("/assets/data", &registration).unwrap());
    let many =
        "insert into audit_events (organization, outcome, number, recorded_at, actor, actor_organization, action,
            resource, project)
        with recursive numbers (number) as (select 2 union all select number + 1 from numbers where number < 3071)
        select 'acme', 'done', number, 1, '', '', 'seeded', '', '' from numbers";
    sql(host.directory(), "metadata.db", many);
    // Deleting also has the reaper look at once.
    succeeds(&client.delete(&path("shop")).unwrap());
    let bounded = eventually(LIMIT, || {
        let rows = trail(host.directory(), "acme");
        (rows.len() == 1000).then_some(rows)
    });
    let rows = bounded.expect("the trail is longer, or shorter");
    let last = "done user:developer@acme connection.delete data:acme:sales:shop sales";
    assert_eq!(rows.last().map(String::as_str), Some(last));
    assert!(rows[..999].iter().all(|row| row.contains("seeded")), "a newer one than these has gone");
    assert_eq!(trail(host.directory(), "other").len(), 1);
}
