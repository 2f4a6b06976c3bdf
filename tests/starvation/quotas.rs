//! What a tenant may store.

use serde_json::{Value, json};
use test_support::client::{Client, Reply};
use test_support::patchpanel::{Builder, Patchpanel};

use super::{outcome, registration};

fn builder() -> Builder {
    Patchpanel::builder()
        .setting("MAX_CONNECTIONS_PER_PROJECT", "3")
        .setting("MAX_TAGS_PER_PROJECT", "3")
        .setting("MAX_IDEMPOTENCY_KEYS_PER_PROJECT", "2")
        .setting("MAX_STORED_PER_ORGANIZATION_MIB", "1")
}

fn create(client: &Client, name: &str, tags: &[&str]) -> Reply {
    let mut body = registration(name);
    body["tags"] = json!(tags);
    client.post("/assets/data", &body).unwrap()
}

fn created(reply: &Reply) -> String {
    assert_eq!(reply.status.as_u16(), 201, "{}", reply.body);
    format!("/assets/data/{}", reply.json().unwrap()["resource_uri"].as_str().unwrap())
}

/// A refusal that says which quota, how many, and whose setting it is, and does not say to wait.
fn is_beyond(reply: &Reply, quota: &str, most: u64, setting: &str) {
    assert_eq!(outcome(reply), (429, "QUOTA_EXCEEDED".to_owned()), "{}", reply.body);
    assert_eq!(reply.header("retry-after"), None, "no waiting helps");
    let error: Value = reply.json().unwrap()["error"].clone();
    assert_eq!(error["details"], json!({"quota": quota, "value": most, "setting": setting}));
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(&most.to_string()) && message.contains(setting), "{message}");
}

#[test]
fn connections_and_tags_have_quotas_that_a_crash_does_not_move() {
    let mut host = builder().start().unwrap();
    let client = |host: &Patchpanel, project: &str| host.client_of("acme", project, "admin").unwrap();
    let sales = client(&host, "sales");
    let first = created(&create(&sales, "First", &["a", "b"]));
    created(&create(&sales, "Second", &["b"]));
    is_beyond(&create(&sales, "Third", &["c", "d"]), "tags_per_project", 3, "--max-tags-per-project");
    created(&create(&sales, "Third", &["c"]));
    let beyond = |reply: &Reply| {
        is_beyond(reply, "connections_per_project", 3, "--max-connections-per-project");
    };
    beyond(&create(&sales, "Fourth", &[]));
    created(&create(&client(&host, "hr"), "Fourth", &["d"]));
    let total = |client: &Client, query: &str| {
        client.get(&format!("/assets/data{query}")).unwrap().json().unwrap()["pagination"]["total_items"].clone()
    };
    assert_eq!((total(&sales, ""), total(&sales, "?tags=b")), (json!(3), json!(2)));

    host.kill().unwrap();
    let host = builder().directory(host.directory()).start().unwrap();
    let sales = client(&host, "sales");
    beyond(&create(&sales, "Fourth", &[]));
    let changed = |tags: &[&str]| sales.put(&first, &json!({"tags": tags})).unwrap();
    is_beyond(&changed(&["a", "b", "d"]), "tags_per_project", 3, "--max-tags-per-project");
    assert_eq!(changed(&["d"]).status.as_u16(), 200, "the project has the tag a no more");
    assert_eq!(sales.delete(&first).unwrap().status.as_u16(), 204);
    created(&create(&sales, "Fourth", &["a"]));
    assert_eq!((total(&sales, ""), total(&sales, "?tags=b")), (json!(3), json!(1)));
}

#[test]
fn idempotency_keys_have_a_quota_and_a_repetition_needs_none() {
    let host = builder().start().unwrap();
    let client = host.client_of("acme", "sales", "admin").unwrap();
    let with_key = |key: &str| client.with_header("Idempotency-Key", key);
    for key in ["1", "2"] {
        let first = created(&create(&with_key(key), key, &[]));
        assert_eq!(created(&create(&with_key(key), key, &[])), first);
    }
    let setting = "--max-idempotency-keys-per-project";
    is_beyond(&create(&with_key("3"), "3", &[]), "idempotency_keys_per_project", 2, setting);
    created(&create(&client, "3", &[]));
    created(&create(&with_key("1"), "1", &[]));
}

#[test]
fn what_an_organization_stores_has_a_quota_whatever_its_projects_are_called() {
    let host = Patchpanel::builder().setting("MAX_STORED_PER_ORGANIZATION_MIB", "1").start().unwrap();
    let token = host.token(&["--org", "acme", "--role", "admin"]).unwrap();
    let client = |project: usize| host.client().with_token(&token).with_project(&format!("project-{project}"));
    let large = |project: usize| {
        let tags: Vec<String> = (0..50).map(|tag| format!("{tag:064}")).collect();
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        create(&client(project), "Large", &tags)
    };
    let mut stored = Vec::new();
    let refused = (0..100)
        .find_map(|project| {
            let reply = large(project);
            if reply.status.as_u16() != 201 {
                return Some(reply);
            }
            stored.push((project, created(&reply)));
            None
        })
        .expect("100 times 50 tags are more than a MiB");
    let setting = "--max-stored-per-organization-mib";
    is_beyond(&refused, "stored_bytes_per_organization", 1 << 20, setting);
    assert!(stored.len() > 10, "{}", stored.len());
    let others = host.client_of("other", "sales", "admin").unwrap();
    created(&create(&others, "Mine", &[]));
    let (project, path) = stored.pop().unwrap();
    assert_eq!(client(project).delete(&path).unwrap().status.as_u16(), 204);
    created(&large(project));
}
