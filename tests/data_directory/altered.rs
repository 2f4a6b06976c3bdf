//! A thief who can write to the metadata, and not read the master key: no credential goes anywhere, and all else goes on.

use serde_json::json;
use test_support::listener::Witness;
use test_support::patchpanel::Patchpanel;
use test_support::postgres::Postgres;
use test_support::sales;

use super::*;

/// What the thief writes, of the connection NAME to the port PORT; THIEF is his own port.
const ATTACKS: [(&str, &str); 11] = [
    (
        "elsewhere",
        "update connections set config = replace(config, '\"port\":PORT', '\"port\":THIEF'),
             config_sent = replace(config_sent, '\"port\":PORT', '\"port\":THIEF'),
             bindings = replace(bindings, '\"port\":PORT', '\"port\":THIEF') where name = 'NAME'",
    ),
    (
        "bindings",
        "update connections set bindings = replace(bindings, '\"port\":PORT', '\"port\":THIEF') where name = 'NAME'",
    ),
    (
        "secret",
        "update connections set (secret_key, secret_version, signature) =
             (select secret_key, secret_version, signature from connections where name = 'calm') where name = 'NAME'",
    ),
    (
        "configuration",
        "update connections set config_sent = replace(config_sent, '\"port\":PORT', '\"port\":THIEF') where name = 'NAME'",
    ),
    // What waits for the tenant's agreement would be made anew of what the tenant is said to have sent.
    (
        "agreement",
        "update connections set config_sent = replace(config_sent, '\"port\":PORT', '\"port\":THIEF'),
             written_by = '9.0.0', upgrade_digest = connector_digest, upgrade = '{\"digest\":\"' || connector_digest ||
             '\",\"version\":\"9.0.1\",\"reason\":\"A better one.\",\"differences\":[]}' where name = 'NAME'",
    ),
    ("version", "update connections set secret_version = secret_version + 1 where name = 'NAME'"),
    ("store", "update connections set secret_store = 'vault' where name = 'NAME'"),
    ("project", "update connections set project = '' where name = 'NAME'"),
    ("id", "update connections set id = id || 'x' where name = 'NAME'"),
    ("cleared", "update connections set signature = null where name = 'NAME'"),
    (
        "swapped",
        "update connections set signature = (select signature from connections where name = 'calm') where name = 'NAME'",
    ),
];

#[test]
fn whoever_writes_to_the_metadata_gets_no_credential_out() {
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    let thief = Witness::start().unwrap();
    let thiefs_port = thief.address().unwrap().port().to_string();
    let mut host = Patchpanel::start().unwrap();
    let client = host.client_of("acme", "sales", "admin").unwrap();
    for name in ["calm", "agreed", "renamed"] {
        register(&client, name, server.port());
    }
    let attack = |host: &Patchpanel, prefix: &str| {
        for (name, statement) in ATTACKS {
            let statement = statement.replace("NAME", &format!("{prefix}-{name}"));
            let statement = statement.replace("PORT", &server.port().to_string()).replace("THIEF", &thiefs_port);
            assert_eq!(sql(host.directory(), "metadata.db", &statement), 1, "{statement}");
        }
    };
    for (name, _) in ATTACKS {
        for prefix in ["running", "stopped"] {
            register(&client, &format!("{prefix}-{name}"), server.port());
            works(&client, &format!("{prefix}-{name}"));
        }
    }
    let all_withheld = |client: &Client, prefix: &str| {
        for (name, _) in ATTACKS {
            is_withheld(client, &format!("{prefix}-{name}"), "config", "connection_altered");
        }
        assert_eq!(thief.connections(), 0, "a credential was on its way to the thief");
        works(client, "calm");
    };
    attack(&host, "running");
    all_withheld(&client, "running");
    all_withheld(&client, "running");
    not_led_elsewhere_by_the_tenant(&client);
    let warnings = said(&host, "security: the row of a connection");
    assert_eq!(warnings.len(), ATTACKS.len(), "one line for each: {warnings:?}");
    assert!(warnings.iter().all(|line| line["level"] == "WARN"), "{warnings:?}");

    assert!(host.stop().unwrap().success());
    attack(&host, "stopped");
    // A host that found no mark of its own would take all of it for what an earlier version has left.
    sql(host.directory(), "secrets.db", "delete from master_keys");
    host = Patchpanel::builder().directory(host.directory()).start().unwrap();
    let client = host.client_of("acme", "sales", "admin").unwrap();
    all_withheld(&client, "running");
    all_withheld(&client, "stopped");

    repaired_by_configuration_and_credentials(&client, server.port());
    not_blessed_by_a_change(&host, &client, &thiefs_port);
    assert_eq!(thief.connections(), 0);
}

/// The tenant is lured into sending new credentials, or into agreeing.
fn not_led_elsewhere_by_the_tenant(client: &Client) {
    for name in ["running-configuration", "running-elsewhere", "running-agreement"] {
        let reply = change(client, name, &json!({ "credentials": credentials() }));
        assert_eq!(reply.status.as_u16(), 422, "{name}: {}", reply.body);
        is_withheld(client, name, "config", "connection_altered");
    }
    let types = client.get("/assets/data/types").unwrap().json().unwrap();
    let agreed = json!({ "digest": types["data"][0]["digest"] });
    let reply = client.post("/assets/data/data:acme:sales:running-agreement/upgrade", &agreed).unwrap();
    assert!(reply.status.is_client_error(), "{}", reply.body);
    is_withheld(client, "running-agreement", "config", "connection_altered");
}

/// Who sends the configuration and all credentials says anew where they go; who sends some would have the others used.
fn repaired_by_configuration_and_credentials(client: &Client, port: u16) {
    let name = "running-cleared";
    let reply = change(client, name, &json!({ "credentials": { "password": sales::READER_PASSWORD } }));
    assert_eq!((reply.status.as_u16(), &reply.json().unwrap()["error"]["code"]), (422, &json!("CREDENTIALS_REQUIRED")));
    assert!(reply.body.contains("changed by something else than this program"), "{}", reply.body);
    // What is no credential's concern can be changed, and heals nothing.
    assert_eq!(change(client, name, &json!({ "description": "odd" })).status.as_u16(), 200);
    is_withheld(client, name, "config", "connection_altered");
    let moved =
        json!({ "database_config": sales::registration("x", port)["database_config"], "credentials": credentials() });
    for name in [name, "stopped-elsewhere", "running-agreement"] {
        assert_eq!(change(client, name, &json!({ "credentials": credentials() })).status.as_u16(), 422);
        assert_eq!(change(client, name, &moved).status.as_u16(), 200);
        works(client, name);
    }
}

/// A thief who is a tenant, too, has the host write what he wrote himself.
fn not_blessed_by_a_change(host: &Patchpanel, client: &Client, thiefs_port: &str) {
    let forget =
        "update connections set credentials_set = '{\"username\":false,\"password\":false}' where name = 'agreed'";
    assert_eq!(sql(host.directory(), "metadata.db", forget), 1);
    let mut elsewhere = sales::registration("x", thiefs_port.parse().unwrap())["database_config"].take();
    let reply = change(client, "agreed", &json!({ "database_config": elsewhere }));
    assert_eq!(reply.status.as_u16(), 422, "{}", reply.body);
    let bind =
        format!("update connections set bindings = replace(bindings, '\"port\":', '\"port\":{thiefs_port},\"was\":')");
    assert_eq!(sql(host.directory(), "metadata.db", &format!("{bind} where name = 'renamed'")), 1);
    elsewhere["application_name"] = json!("mine");
    let reply = change(client, "renamed", &json!({ "database_config": elsewhere }));
    assert_eq!(reply.status.as_u16(), 422, "{}", reply.body);
    is_withheld(client, "renamed", "config", "connection_altered");
}
