//! `GET /assets/data`.

use serde_json::{Value, json};
use test_support::client::Client;

use super::{answer, client, findings, host, names, organization_client, register, registration, working_registration};

/// Where a page stands, but for its cursor, which is there when another page is.
fn pagination(client: &Client, query: &str) -> Value {
    let mut pagination = answer(client.get(&format!("/assets/data?{query}")), 200)["pagination"].clone();
    let cursor = pagination.as_object_mut().unwrap().remove("next_cursor").unwrap();
    assert_eq!(cursor.is_null(), pagination["next_page"].is_null(), "{pagination}");
    pagination
}

#[test]
fn pages_end_with_null() {
    let client = client("pages", "developer");
    let page = |page: u32, total_pages: u32, next: Value, prev: Value, total_items: u32| {
        json!({"page": page, "limit": 2, "total_items": total_items, "total_pages": total_pages, "next_page": next,
               "prev_page": prev})
    };
    assert_eq!(pagination(&client, "limit=2"), page(1, 0, Value::Null, Value::Null, 0));
    for name in ["A", "B", "C", "D", "E"] {
        register(&client, &registration(name));
    }
    let sorted = |number| format!("limit=2&sort=name:asc&page={number}");
    assert_eq!(names(&client, &sorted(1)), ["A", "B"]);
    assert_eq!(pagination(&client, &sorted(1)), page(1, 3, json!(2), Value::Null, 5));
    assert_eq!(pagination(&client, &sorted(2)), page(2, 3, json!(3), json!(1), 5));
    assert_eq!(names(&client, &sorted(3)), ["E"]);
    assert_eq!(pagination(&client, &sorted(3)), page(3, 3, Value::Null, json!(2), 5));
    assert_eq!(names(&client, &sorted(4)), [""; 0]);
    assert_eq!(pagination(&client, &sorted(4))["next_page"], Value::Null);
    assert_eq!(names(&client, "limit=5").len(), 5);
    assert_eq!(pagination(&client, "")["limit"], 20);
}

#[test]
fn filters_choose_and_sorting_orders() {
    let alice = client("filters", "admin");
    let bob = host().token(&["--org", "filters", "--project", "sales", "--role", "admin", "--subject", "bob"]);
    let bob = host().client().with_token(&bob.unwrap()).with_project("sales");
    for (client, name, description, tags) in [
        (&alice, "Orders", "100% of the shop", json!(["eu", "prod"])),
        (&alice, "Stock_1", "the Warehouse", json!(["eu"])),
        (&bob, "Customers", "", json!(["us", "prod"])),
        (&bob, "Größe", "ORDERS by size", json!([])),
    ] {
        let mut body = registration(name);
        body["description"] = json!(description);
        body["tags"] = tags;
        register(client, &body);
    }
    answer(alice.send("POST", "/assets/data/data:filters:sales:stock_1/disable", ""), 200);
    for (query, expected) in [
        ("", &["Customers", "Größe", "Orders", "Stock_1"][..]),
        ("search=orders", &["Größe", "Orders"]),
        ("search=WAREHOUSE", &["Stock_1"]),
        ("search=gr%C3%B6%C3%9Fe", &["Größe"]),
        ("search=100%25", &["Orders"]),
        ("search=%25", &["Orders"]),
        ("search=_", &["Stock_1"]),
        ("search=%27+or+1%3D1+--", &[]),
        ("tags=eu", &["Orders", "Stock_1"]),
        ("tags=prod,eu", &["Orders"]),
        ("tags=e", &[]),
        ("created_by=user:bob", &["Customers", "Größe"]),
        ("created_by=user:nobody", &[]),
        ("owner_id=user:bob", &["Customers", "Größe"]),
        ("owner_id=user:bob&created_by=user:bob", &["Customers", "Größe"]),
        ("owner_id=&created_by=user:bob", &["Customers", "Größe"]),
        (
            "page=&limit=&search=&tags=&created_by=&owner_id=&connection_type=&status=",
            &["Customers", "Größe", "Orders", "Stock_1"],
        ),
        ("connection_type=postgres", &["Customers", "Größe", "Orders", "Stock_1"]),
        ("connection_type=mysql", &[]),
        ("status=DISABLED", &["Stock_1"]),
        ("status=PENDING", &["Customers", "Größe", "Orders"]),
        ("search=orders&tags=prod&created_by=user:developer&status=PENDING", &["Orders"]),
    ] {
        assert_eq!(names(&alice, &format!("{query}&sort=name:asc")), expected, "{query}");
    }
    for (sort, expected) in [
        ("name:desc", ["Stock_1", "Orders", "Größe", "Customers"]),
        ("name", ["Customers", "Größe", "Orders", "Stock_1"]),
        ("created_at:asc", ["Orders", "Stock_1", "Customers", "Größe"]),
        ("created_at:desc", ["Größe", "Customers", "Stock_1", "Orders"]),
        ("updated_at:desc", ["Stock_1", "Größe", "Customers", "Orders"]),
        ("status:asc,name:desc", ["Stock_1", "Orders", "Größe", "Customers"]),
        ("connection_type:desc,created_at:asc", ["Orders", "Stock_1", "Customers", "Größe"]),
    ] {
        assert_eq!(names(&alice, &format!("sort={sort}")), expected, "{sort}");
    }
}

#[test]
fn parameters_that_mean_nothing_are_named() {
    let client = client("parameters", "viewer");
    let found = findings(client.get(
        "/assets/data?page=0&limit=101&search=%00&tags=a,,b&sort=password:asc&created_by=alice&status=active&offset=",
    ));
    assert_eq!(
        found,
        [
            "?created_by malformed",
            "?limit out_of_range",
            "?offset unknown_parameter",
            "?page out_of_range",
            "?search malformed",
            "?sort malformed",
            "?status unknown_value",
            "?tags malformed",
        ]
    );
    assert_eq!(findings(client.get("/assets/data?page=1&page=2")), ["?page repeated"]);
    assert_eq!(
        findings(client.get("/assets/data?created_by=user:alice&owner_id=user:bob")),
        ["?owner_id contradiction"]
    );
    assert_eq!(findings(client.get("/assets/data?page=99999999999999999999")), ["?page out_of_range"]);
}

#[test]
fn a_project_sees_its_own_and_the_organizations_connections() {
    let (sales, organization) = (client("sharing", "admin"), organization_client("sharing", "admin"));
    let own = register(&sales, &registration("Own"));
    let shared = register(&organization, &working_registration("Shared"));
    assert_eq!(shared, "/assets/data/data:sharing::shared");
    assert_eq!(names(&sales, "sort=name:asc"), ["Own", "Shared"]);
    assert_eq!(names(&organization, ""), ["Shared"]);
    assert_eq!(answer(sales.get(&shared), 200)["project_id"], Value::Null);
    // By its name the organization finds what it does not list.
    assert_eq!(answer(organization.get(&own), 200)["project_id"], "sales");
    // A role of the project uses what is the organization's, and changes nothing of it.
    assert_eq!(answer(sales.send("POST", &format!("{shared}/test"), ""), 200)["success"], true);
    for (method, action, body) in
        [("PUT", "", "{}"), ("DELETE", "", ""), ("POST", "/disable", ""), ("POST", "/enable", "")]
    {
        let reply =
            sales.with_header("Content-Type", "application/json").send(method, &format!("{shared}{action}"), body);
        super::refusal(reply, 403, "INSUFFICIENT_PERMISSIONS");
    }
    assert_eq!(answer(organization.get(&shared), 200)["status"], "ACTIVE");
}
