//! Walking a list by `cursor`.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use test_support::client::Client;

use super::{answer, client, findings, host, register, registration};

/// The page behind a cursor, or the first one.
fn page(client: &Client, query: &str, cursor: Option<&str>) -> Value {
    let cursor = cursor.map_or_else(String::new, |cursor| format!("&cursor={cursor}"));
    answer(client.get(&format!("/assets/data?{query}{cursor}")), 200)
}

fn slugs_of(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|record| record["slug"].as_str().unwrap().to_owned()).collect()
}

/// The slugs of all pages; between two of them something happens.
fn walk(client: &Client, query: &str, mut between: impl FnMut(usize)) -> Vec<Vec<String>> {
    let (mut pages, mut cursor): (Vec<Vec<String>>, Option<String>) = (Vec::new(), None);
    loop {
        let page = page(client, query, cursor.as_deref());
        pages.push(slugs_of(&page));
        assert!(pages.len() < 50, "it does not end: {pages:?}");
        let pagination = &page["pagination"];
        assert_eq!(pagination["page"], pages.len(), "{pagination}");
        assert_eq!(pagination["prev_page"].as_u64(), (pages.len() as u64).checked_sub(1).filter(|page| *page > 0));
        let Some(next) = pagination["next_cursor"].as_str() else {
            assert_eq!(pagination["next_page"], Value::Null);
            return pages;
        };
        cursor = Some(next.to_owned());
        assert_eq!(pagination["next_page"], pages.len() + 1);
        between(pages.len());
    }
}

#[test]
fn a_walk_has_the_documented_members_and_is_the_whole_list() {
    let client = client("walk", "admin");
    for number in 0..9 {
        let mut body = registration(&format!("Walk {}", (number * 5) % 9));
        body["tags"] = json!([if number % 2 == 0 { "even" } else { "odd" }, "all"]);
        register(&client, &body);
    }
    for query in [
        "",
        "sort=name:asc",
        "sort=name:desc",
        "sort=status:asc,name:desc",
        "sort=connection_type:desc,updated_at:asc",
        "tags=even",
        "tags=all,odd&sort=name",
        "search=walk",
        "search=WALK&sort=name:desc&tags=even",
        "created_by=user:developer&status=PENDING&connection_type=postgres&cursor=",
    ] {
        let whole = slugs_of(&page(&client, &format!("limit=100&{query}"), None));
        assert!(whole.len() >= 4, "{query}");
        for limit in [1, 2, 4, 9] {
            let query = format!("limit={limit}&{query}").replace("&cursor=", "");
            let pages = walk(&client, &query, |_| ());
            assert_eq!(pages.concat(), whole, "{query}");
            let second = page(&client, &query, page(&client, &query, None)["pagination"]["next_cursor"].as_str());
            assert_eq!(second["pagination"]["total_items"], whole.len(), "{query}");
            assert_eq!(second["pagination"]["total_pages"], whole.len().div_ceil(limit), "{query}");
        }
    }
    // From any page that was found by its number, too.
    let third = page(&client, "limit=2&sort=name&page=3", None);
    let fourth = page(&client, "limit=2&sort=name", third["pagination"]["next_cursor"].as_str());
    assert_eq!(slugs_of(&fourth), ["walk-6", "walk-7"]);
    assert_eq!(fourth["pagination"]["page"], 4);
}

#[test]
fn no_connection_comes_twice_or_is_missed_because_others_come_and_go() {
    let client = client("walk-on", "admin");
    for number in 10..22 {
        register(&client, &registration(&format!("Stay {number}")));
    }
    for (sort, name) in
        [("", "Aaa"), ("&sort=name:asc", "Aab"), ("&sort=created_at:asc", "Zzz"), ("&sort=name:desc", "Zzy")]
    {
        let mut gone: Vec<String> =
            (0..3).map(|number| register(&client, &registration(&format!("{name} gone {number}")))).collect();
        let pages = walk(&client, &format!("limit=4{sort}"), |number| {
            if number <= 3 {
                register(&client, &registration(&format!("{name} new {number}")));
                answer(client.delete(&gone.pop().unwrap()), 204);
            }
        });
        let met = pages.concat();
        for number in 10..22 {
            let slug = format!("stay-{number}");
            assert_eq!(met.iter().filter(|met| **met == slug).count(), 1, "{slug} by {sort}: {pages:?}");
        }
        let once: BTreeSet<&String> = met.iter().collect();
        assert_eq!(once.len(), met.len(), "{sort}: {pages:?}");
        // Cleared away for the next order.
        for slug in slugs_of(&page(&client, "limit=100&search=new", None)) {
            answer(client.delete(&format!("/assets/data/data:walk-on:sales:{slug}")), 204);
        }
    }
}

#[test]
fn a_cursor_is_of_its_list_and_harmless_when_it_is_altered() {
    let (ours, theirs) = (client("walk-ours", "admin"), client("walk-theirs", "admin"));
    for number in 0..3 {
        register(&ours, &registration(&format!("Ours {number}")));
        register(&theirs, &registration(&format!("Theirs {number}")));
    }
    let cursor = |client: &Client, query: &str| {
        page(client, query, None)["pagination"]["next_cursor"].as_str().unwrap().to_owned()
    };
    let next = cursor(&ours, "limit=1");
    for query in ["sort=name&", "sort=created_at:asc&", "sort=created_at:desc,name:asc&"] {
        assert_eq!(findings(ours.get(&format!("/assets/data?{query}cursor={next}"))), ["?cursor malformed"], "{query}");
    }
    // The default, said aloud.
    answer(ours.get(&format!("/assets/data?sort=created_at:desc&cursor={next}")), 200);
    assert_eq!(findings(ours.get(&format!("/assets/data?page=1&cursor={next}"))), ["?page conflict"]);
    assert_eq!(findings(ours.get(&format!("/assets/data?cursor={next}&cursor={next}"))), ["?cursor repeated"]);
    for none in ["x", "%00", "1", "bnVsbA", "W10", &"a".repeat(5000)] {
        assert_eq!(findings(ours.get(&format!("/assets/data?cursor={none}"))), ["?cursor malformed"], "{none}");
    }
    // Another tenant's leads to one's own; so does whatever an altered one says.
    let stranger = cursor(&theirs, "limit=1");
    let mut altered: Vec<String> = vec![stranger.clone()];
    for index in 0..stranger.len() {
        let mut bytes = stranger.clone().into_bytes();
        bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
        altered.push(String::from_utf8(bytes).unwrap());
    }
    let mut accepted = 0;
    for cursor in altered {
        let reply = ours.get(&format!("/assets/data?cursor={cursor}")).unwrap();
        if reply.status == 200 {
            accepted += 1;
            for slug in slugs_of(&reply.json().unwrap()) {
                assert!(slug.starts_with("ours-"), "{cursor}: {slug}");
            }
        } else {
            assert_eq!(findings(Ok(reply)), ["?cursor malformed"], "{cursor}");
        }
    }
    assert!(accepted > 10, "hardly any was tried: {accepted}");
    let viewer = host().client_of("walk-ours", "sales", "viewer").unwrap();
    answer(viewer.get(&format!("/assets/data?cursor={next}")), 200);
}
