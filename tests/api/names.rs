//! Names as they look: composed, and with nothing in them that nobody sees.

use serde_json::json;

use super::{answer, client, findings, names, organization_client, refusal, register, registration};

#[test]
fn two_spellings_of_a_name_are_one() {
    let client = client("spellings", "developer");
    let mut body = registration("Caf\u{65}\u{301}");
    body["tags"] = json!(["re\u{301}gion"]);
    let record = answer(client.post("/assets/data", &body), 201);
    assert_eq!(record["resource_uri"], "data:spellings:sales:caf\u{e9}");
    assert_eq!((&record["name"], &record["tags"]), (&json!("Caf\u{e9}"), &json!(["r\u{e9}gion"])));
    refusal(client.post("/assets/data", &registration("Caf\u{e9}")), 409, "RESOURCE_ALREADY_EXISTS");
    for query in ["tags=r%C3%A9gion", "tags=re%CC%81gion", "search=caf%C3%A9", "search=cafe%CC%81"] {
        // The case of what is searched for does not matter either.
        assert_eq!(names(&client, query), ["Caf\u{e9}"], "{query}");
    }
    let path = "/assets/data/data:spellings:sales:caf%C3%A9";
    let changed = answer(client.put(path, &json!({"name": "U\u{308}ber", "tags": ["e\u{301}"]})), 200);
    assert_eq!((&changed["name"], &changed["tags"]), (&json!("\u{dc}ber"), &json!(["\u{e9}"])));
}

#[test]
fn what_nobody_sees_is_refused_with_its_name_and_place() {
    let client = client("unseen", "developer");
    let mut body = registration("Sales\u{202e}txt.exe");
    body["tags"] = json!(["good", "zero\u{200b}width"]);
    body["database_config"]["port"] = json!(0);
    assert_eq!(
        findings(client.post("/assets/data", &body)),
        ["/database_config/port out_of_range", "/name invisible_character", "/tags/1 invisible_character"],
    );
    // Beside what the schema of the body finds too.
    body["description"] = json!(7);
    let all = findings(client.post("/assets/data", &body));
    assert!(
        all.contains(&"/name invisible_character".to_owned()) && all.contains(&"/description wrong_type".to_owned())
    );
    let error = refusal(client.post("/assets/data", &registration("Sales\u{202e}txt")), 422, "VALIDATION_ERROR");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("U+202E RIGHT-TO-LEFT OVERRIDE at position 6"), "{message}");

    let path = register(&client, &registration("Plain"));
    assert_eq!(findings(client.put(&path, &json!({"name": "Pl\u{2066}ain"}))), ["/name invisible_character"]);
    let change = json!({"tags": ["a\u{ad}b"], "database_config": {"host": "", "database": "d"}});
    let found = findings(client.put(&path, &change));
    assert!(found.contains(&"/tags/0 invisible_character".to_owned()) && found.len() > 1, "{found:?}");
    for name in ["می\u{200c}خواهم", "हिन्दी क्\u{200d}ष", "👩🏽\u{200d}💻 Analytics ❤\u{fe0f}"]
    {
        let mut body = registration(name);
        body["resource_uri"] = json!(format!("data:unseen:sales:name-{}", name.len()));
        assert_eq!(answer(client.post("/assets/data", &body), 201)["name"], name);
    }
}

#[test]
fn a_name_is_as_long_as_it_is_stored() {
    let client = client("lengths", "developer");
    let name = format!("a{}", "\u{1d160}".repeat(254));
    let mut body = registration(&name);
    body["tags"] = json!(["good", "\u{fb2c}".repeat(22)]);
    body["resource_uri"] = json!("data:lengths:sales:long");
    let expected = ["/name too_long", "/tags/1 too_long"];
    assert_eq!(findings(client.post("/assets/data", &body)), expected);
    body["database_config"]["port"] = json!(0);
    assert_eq!(findings(client.post("/assets/data", &body)).len(), 3);

    let path = register(&client, &registration("Short"));
    let change = json!({"name": name, "tags": ["good", "\u{fb2c}".repeat(22)]});
    assert_eq!(findings(client.put(&path, &change)), expected);
    // What fits is taken, and taken again as it is told.
    let longest = json!({"name": format!("a{}", "\u{1d160}".repeat(84)), "tags": ["\u{fb2c}".repeat(21)]});
    let record = answer(client.put(&path, &longest), 200);
    assert_eq!(record["name"].as_str().unwrap().chars().count(), 253);
    let again = json!({"name": record["name"], "tags": record["tags"]});
    assert_eq!(answer(client.put(&path, &again), 200), record);
}

#[test]
fn a_project_that_is_written_in_two_ways_takes_connections_in_one() {
    let whole = organization_client("two-ways", "developer");
    let composed = whole.with_project("s\u{fc}d");
    let path = register(&composed, &registration("Here"));
    let decomposed = whole.with_project("su\u{308}d");
    assert_eq!(findings(decomposed.post("/assets/data", &registration("Here"))), [" not_normalized"]);
    assert_eq!(
        findings(whole.with_project("s\u{202e}d").post("/assets/data", &registration("Here"))),
        [" invisible_character"]
    );
    answer(composed.get(&path.replace('\u{fc}', "%C3%BC")), 200);
}
