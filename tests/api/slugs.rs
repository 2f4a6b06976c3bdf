//! The slug of a connection: the first segment of qualified names, unique among what a project sees.

use serde_json::json;
use test_support::client::Client;

use super::{answer, client, host, names, organization_client, refusal, register, registration};

/// A client in another project of the organization.
fn in_project(organization: &str, project: &str) -> Client {
    host().client_of(organization, project, "admin").unwrap()
}

#[test]
fn the_slug_is_in_the_record_and_stays() {
    let client = client("slug-of", "developer");
    let mut body = registration("Orders (EU)");
    let record = answer(client.post("/assets/data", &body), 201);
    assert_eq!(record["slug"], "orders-eu");
    body["resource_uri"] = json!("data:slug-of:sales:own_1");
    assert_eq!(answer(client.post("/assets/data", &body), 201)["slug"], "own_1");
    let renamed = answer(client.put("/assets/data/data:slug-of:sales:own_1", &json!({"name": "Other"})), 200);
    assert_eq!(renamed["slug"], "own_1");
    let organization = answer(organization_client("slug-of", "admin").post("/assets/data", &registration("Süd")), 201);
    assert_eq!(organization["slug"], "süd");
}

#[test]
fn a_slug_is_unique_among_what_a_project_sees_whoever_comes_first() {
    let (sales, hr) = (in_project("slugs", "sales"), in_project("slugs", "hr"));
    let organization = organization_client("slugs", "admin");
    let taken = |client: &Client, name: &str| {
        let error = refusal(client.post("/assets/data", &registration(name)), 409, "RESOURCE_ALREADY_EXISTS");
        error["message"].as_str().unwrap().to_owned()
    };
    // The organization's first.
    register(&organization, &registration("Shop"));
    for project in [&sales, &hr] {
        assert!(taken(project, "shop").contains("data:slugs::shop"));
    }
    // A project's first; another project is no matter.
    let own = register(&sales, &registration("Books"));
    assert!(taken(&organization, "books").contains("data:slugs:sales:books"));
    register(&hr, &registration("Books"));
    register(&in_project("slugs-other", "sales"), &registration("Shop"));
    // It does not matter what a name is made of.
    let mut body = registration("Something");
    body["resource_uri"] = json!("data:slugs:sales:shop");
    refusal(sales.post("/assets/data", &body), 409, "RESOURCE_ALREADY_EXISTS");
    for project in [&sales, &hr] {
        assert_eq!(names(project, "sort=name"), ["Books", "Shop"]);
    }
    // What is gone leaves it to others.
    answer(sales.delete(&own), 204);
    assert!(taken(&organization, "books").contains("data:slugs:hr:books"));
    answer(hr.delete("/assets/data/data:slugs:hr:books"), 204);
    register(&organization, &registration("Books"));
    assert!(taken(&sales, "Books").contains("data:slugs::books"));
}

#[test]
fn of_those_that_come_at_once_a_project_sees_one() {
    let (sales, hr) = (in_project("slug-race", "sales"), in_project("slug-race", "hr"));
    let organization = organization_client("slug-race", "admin");
    for round in 0..5 {
        let body = registration(&format!("Race {round}"));
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let threads: Vec<_> = [&sales, &organization, &hr, &organization, &sales, &hr]
                .into_iter()
                .map(|client| scope.spawn(|| client.post("/assets/data", &body).unwrap().status.as_u16()))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let registered = statuses.iter().filter(|status| **status == 201).count();
        assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 6 - registered, "{statuses:?}");
        let slug = format!("race-{round}");
        let seen = |client: &Client| {
            let page = answer(client.get(&format!("/assets/data?search=Race+{round}")), 200);
            page["data"].as_array().unwrap().iter().filter(|record| record["slug"] == slug.as_str()).count()
        };
        assert_eq!((seen(&sales), seen(&hr)), (1, 1), "{statuses:?}");
        // Either the organization's, or one of each project.
        assert_eq!(registered, if seen(&organization) == 1 { 1 } else { 2 }, "{statuses:?}");
    }
}
