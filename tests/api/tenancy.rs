//! Every route that the document lists, for every role, with connections of one's own and of others.

use serde_json::{Value, json};
use test_support::client::{Client, Reply};

use super::document::{NO_DIGEST, Operation, operations};
use super::validate::validation;
use super::{ROLES, answer, client, host, names, organization_client, refusal, register, working_registration};

/// The permission that an operation needs; a new operation has to be added here.
fn permission(operation: &Operation) -> Option<&'static str> {
    match operation.id.as_str() {
        "check_liveness" | "check_readiness" | "list_connection_types" => None,
        "list_connections" | "find_connection" => Some("read"),
        "validate_connection"
        | "verify_connection"
        | "create_connection"
        | "update_connection"
        | "upgrade_connection" => Some("create"),
        "delete_connection" => Some("delete"),
        "test_connection" => Some("use"),
        "disable_connection" | "enable_connection" => Some("operate"),
        id if id.contains("connector_version") => Some("manage_connectors"),
        other => panic!("{other} has no row in the access table"),
    }
}

/// The access table.
fn allows(role: &str, permission: &str) -> bool {
    match permission {
        "read" => true,
        "create" => ["owner", "admin", "member", "developer"].contains(&role),
        "delete" => ["owner", "admin"].contains(&role),
        "use" => role != "viewer",
        "operate" => ["owner", "admin", "operator"].contains(&role),
        "manage_connectors" => false,
        other => panic!("{other} is no permission"),
    }
}

fn send(client: &Client, operation: &Operation, resource_uri: &str) -> Reply {
    let body = match operation.id.as_str() {
        "update_connection" => json!({"description": "changed"}),
        "create_connection" => working_registration("Made"),
        "verify_connection" => {
            let mut body = working_registration("");
            body.as_object_mut().unwrap().remove("name");
            body
        }
        "validate_connection" => validation(),
        "upgrade_connection" => json!({"digest": NO_DIGEST}),
        "activate_connector_version" => json!({}),
        _ => Value::Null,
    };
    let path = operation.path.replace("{resource_uri}", resource_uri).replace("{digest}", NO_DIGEST);
    if body.is_null() {
        client.send(&operation.method, &path, "").unwrap()
    } else {
        client.with_header("Content-Type", "application/json").send(&operation.method, &path, body.to_string()).unwrap()
    }
}

/// The body of a refusal without what differs between any two.
fn body_without_ids(reply: &Reply) -> Value {
    let mut body = reply.json().unwrap();
    for id in ["request_id", "trace_id"] {
        body["error"][id] = Value::Null;
    }
    body
}

fn resource_uri(path: &str) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}

#[test]
fn each_role_may_what_the_access_table_says() {
    let admin = client("roles", "admin");
    for role in ROLES {
        let caller = client("roles", role);
        for operation in operations() {
            let path = register(&admin, &working_registration(&format!("Own {role} {}", operation.id)));
            let before = answer(admin.get(&path), 200);
            let reply = send(&caller, &operation, &resource_uri(&path));
            let needed = permission(&operation);
            if needed.is_none_or(|needed| allows(role, needed)) {
                // Nothing waits for agreement.
                let is_refused =
                    operation.id == "upgrade_connection" && reply.body.contains("CONNECTOR_UPGRADE_CHANGED");
                assert!(reply.status.is_success() || is_refused, "{role} {}: {}", operation.id, reply.body);
            } else {
                let error = refusal(Ok(reply), 403, "INSUFFICIENT_PERMISSIONS");
                assert_eq!(error["details"]["permission"], needed.unwrap(), "{role} {}", operation.id);
                assert_eq!(answer(admin.get(&path), 200), before, "{role} {}", operation.id);
            }
            // What `create_connection` and `delete_connection` did is cleared away for the next role.
            admin.delete("/assets/data/data:roles:sales:made").unwrap();
            admin.delete(&path).unwrap();
        }
    }
}

#[test]
fn a_bad_body_does_not_change_who_may() {
    let path = register(&client("bad-bodies", "admin"), &working_registration("Own"));
    for body in [json!([]), json!({}), json!({"connection_type": "postgres", "database_config": {}})] {
        for (method, path) in [("POST", "/assets/data"), ("POST", "/assets/data/verify"), ("PUT", path.as_str())] {
            let send = |client: Client| {
                client.with_header("Content-Type", "application/json").send(method, path, body.to_string())
            };
            if method == "PUT" && body == json!({}) {
                continue;
            }
            refusal(send(client("bad-bodies", "developer")), 422, "VALIDATION_ERROR");
            refusal(send(client("bad-bodies", "viewer")), 403, "INSUFFICIENT_PERMISSIONS");
            refusal(send(client("bad-bodies", "operator")), 403, "INSUFFICIENT_PERMISSIONS");
            refusal(
                send(client("bad-bodies-other", "owner").with_header("X-Org-Id", "bad-bodies")),
                403,
                "INSUFFICIENT_PERMISSIONS",
            );
            let elsewhere = host().token(&["--org", "bad-bodies", "--project", "hr", "--role", "owner"]).unwrap();
            refusal(
                send(host().client().with_token(&elsewhere).with_project("sales")),
                403,
                "INSUFFICIENT_PERMISSIONS",
            );
        }
    }
}

#[test]
fn what_is_not_ones_own_is_as_if_it_were_not_there() {
    let owner_of = |organization: &str, project: &str| host().client_of(organization, project, "owner").unwrap();
    let registration = working_registration("Hidden");
    let hr = owner_of("tenancy", "hr");
    let other = owner_of("tenancy-other", "sales");
    let sales = owner_of("tenancy", "sales");
    let other_project = register(&hr, &registration);
    let other_organization = register(&other, &registration);
    let deleted = register(&sales, &registration);
    answer(sales.delete(&deleted), 204);
    // The same slug in one's own project must not be taken for it.
    let mut own = registration.clone();
    own["resource_uri"] = json!("data:tenancy:sales:own");
    let own = register(&sales, &own);
    let strangers = [
        ("other project", resource_uri(&other_project)),
        ("other organization", resource_uri(&other_organization)),
        ("deleted", resource_uri(&deleted)),
        ("random", "data:tenancy:sales:0195f0c2-7a58-7a5e-9d0e-0d9f3c1f5a11".to_owned()),
        ("another kind", "secret:tenancy:sales:hidden".to_owned()),
        ("organization scope", "data:tenancy::hidden".to_owned()),
        ("no resource URI", "hidden".to_owned()),
    ];
    let mut tried = 0;
    for role in ROLES {
        let caller = client("tenancy", role);
        for operation in operations().iter().filter(|operation| operation.path.contains("{resource_uri}")) {
            let absent = send(&caller, operation, "data:tenancy:sales:absent");
            let needed = permission(operation).unwrap();
            refusal(Ok(absent.clone()), 404, "RESOURCE_NOT_FOUND");
            for (kind, resource_uri) in &strangers {
                let reply = send(&caller, operation, resource_uri);
                assert_eq!(
                    (reply.status, body_without_ids(&reply)),
                    (absent.status, body_without_ids(&absent)),
                    "{role} {} ({needed}) {kind}",
                    operation.id
                );
                tried += 1;
            }
        }
    }
    assert!(tried >= 6 * 7 * strangers.len(), "only {tried} were tried");
    for (client, path) in [(&hr, &other_project), (&other, &other_organization), (&sales, &own)] {
        let record = answer(client.get(path), 200);
        assert_eq!((&record["status"], &record["description"]), (&json!("PENDING"), &json!("")), "{path} is untouched");
    }
    assert_eq!(names(&hr, ""), ["Hidden"]);
    assert_eq!(names(&other, ""), ["Hidden"]);
}

#[test]
fn a_project_without_a_role_is_named_whether_it_exists_or_not() {
    let path = register(&client("roleless", "owner"), &working_registration("There"));
    for role in ROLES {
        let token = host().token(&["--org", "roleless", "--project", "hr", "--role", role]).unwrap();
        let client = host().client().with_token(&token);
        for (project, client) in [
            (json!("sales"), client.with_project("sales")),
            (json!("nowhere"), client.with_project("nowhere")),
            (Value::Null, client),
        ] {
            for operation in operations() {
                let reply = send(&client, &operation, &resource_uri(&path));
                match permission(&operation) {
                    Some("manage_connectors") => {
                        refusal(Ok(reply), 403, "INSUFFICIENT_PERMISSIONS");
                    }
                    Some(_) => {
                        let error = refusal(Ok(reply), 403, "INSUFFICIENT_PERMISSIONS");
                        assert_eq!(
                            (&error["details"]["project"], &error["details"]["header"]),
                            (&project, &json!("X-Project-ID")),
                            "{role} {}",
                            operation.id
                        );
                        let message = error["message"].as_str().unwrap();
                        assert!(message.contains("X-Project-ID"), "{message}");
                        assert!(message.contains(project.as_str().unwrap_or("whole organization")), "{message}");
                    }
                    None => assert!(reply.status.is_success(), "{}", operation.id),
                }
            }
        }
    }
    assert_eq!(names(&client("roleless", "owner"), ""), ["There"]);
}

#[test]
fn the_platform_role_manages_connectors_and_sees_no_tenant() {
    let platform = organization_client("platform", "platform-admin");
    let in_project = client("platform", "platform-admin");
    register(&client("platform", "owner"), &working_registration("Own"));
    for operation in operations() {
        let needed = permission(&operation);
        if needed == Some("manage_connectors") {
            refusal(Ok(send(&in_project, &operation, "")), 403, "INSUFFICIENT_PERMISSIONS");
        } else if needed.is_some() {
            for platform in [&platform, &platform.with_project("sales"), &in_project] {
                let reply = send(platform, &operation, "data:platform:sales:own");
                refusal(Ok(reply), 403, "INSUFFICIENT_PERMISSIONS");
            }
        }
    }
    answer(platform.get("/assets/connectors/versions"), 200);
    answer(platform.with_project("sales").get("/assets/connectors/versions"), 200);
    refusal(platform.get(&format!("/assets/connectors/versions/{NO_DIGEST}")), 404, "RESOURCE_NOT_FOUND");
    refusal(platform.get("/assets/connectors/versions/postgres"), 400, "INVALID_REQUEST");
}

#[test]
fn a_list_shows_the_tenants_own_and_nothing_else() {
    let here = client("list-here", "owner");
    register(&here, &working_registration("Here"));
    let before = answer(here.get("/assets/data"), 200);
    for (organization, project) in [("list-here", "hr"), ("list-there", "sales"), ("list-her", "sales")] {
        let there = host().client_of(organization, project, "owner").unwrap();
        assert_eq!(names(&there, "search=here"), [""; 0]);
        register(&there, &working_registration("Here too"));
        assert_eq!(names(&there, ""), ["Here too"]);
    }
    assert_eq!(answer(here.get("/assets/data"), 200), before);
}

#[test]
fn a_role_of_the_organization_holds_in_its_projects_alone() {
    let token = |organization: &str| host().token(&["--org", organization, "--role", "owner"]).unwrap();
    let sales = client("flow", "owner");
    let path = register(&sales, &working_registration("Flow"));
    let above = host().client().with_token(&token("flow"));
    answer(above.with_project("sales").get(&path), 200);
    answer(above.with_project("sales").send("POST", &format!("{path}/disable"), ""), 200);
    refusal(above.with_project("hr").get(&path), 404, "RESOURCE_NOT_FOUND");
    for foreign in [
        host().client().with_token(&token("flow-other")).with_project("sales"),
        host().client().with_token(&token("flow-other")),
    ] {
        refusal(foreign.get(&path), 404, "RESOURCE_NOT_FOUND");
    }
}

#[test]
fn a_role_of_the_organization_needs_no_header_for_a_record_of_a_project() {
    let path = register(&client("headless", "owner"), &working_registration("Named"));
    let hidden = register(&client("headless-other", "owner"), &working_registration("Named"));
    for role in ROLES {
        let caller = organization_client("headless", role);
        assert_eq!(answer(caller.get(&path), 200)["project_id"], "sales", "{role}");
        // The list is of what belongs to the whole organization.
        assert_eq!(names(&caller, ""), [""; 0], "{role}");
        refusal(caller.get(&hidden), 404, "RESOURCE_NOT_FOUND");
        for operation in operations() {
            let needed = permission(&operation);
            let with_uri = operation.path.contains("{resource_uri}") && operation.id != "upgrade_connection";
            if !with_uri || operation.id == "delete_connection" && allows(role, "delete") {
                continue;
            }
            let reply = send(&caller, &operation, &resource_uri(&path));
            if allows(role, needed.unwrap()) {
                assert!(reply.status.is_success(), "{role} {}: {}", operation.id, reply.body);
                answer(client("headless", "owner").send("POST", &format!("{path}/enable"), ""), 200);
            } else {
                let error = refusal(Ok(reply), 403, "INSUFFICIENT_PERMISSIONS");
                assert_eq!(error["details"]["permission"], needed.unwrap(), "{role} {}", operation.id);
            }
        }
    }
    answer(organization_client("headless", "admin").delete(&path), 204);
    refusal(client("headless", "owner").get(&path), 404, "RESOURCE_NOT_FOUND");
}
