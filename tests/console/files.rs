//! `/console/` and the files below it.

use std::collections::BTreeSet;

use test_support::client::Reply;

use super::host;

fn get(path: &str) -> Reply {
    host().client().get(path).unwrap()
}

/// What the page and its scripts name, from the page on.
fn files() -> BTreeSet<String> {
    let (mut known, mut unread) = (BTreeSet::new(), vec![String::new()]);
    while let Some(path) = unread.pop() {
        if !known.insert(path.clone()) {
            continue;
        }
        let reply = get(&format!("/console/{path}"));
        assert_eq!(reply.status.as_u16(), 200, "{path}");
        let named =
            reply.body.split(['"', '\'']).filter(|part| [".js", ".css", ".svg"].iter().any(|end| part.ends_with(end)));
        let named = named.filter(|part| part.starts_with("./") || !part.contains([' ', ':', '>']));
        unread.extend(named.map(|part| part.trim_start_matches("./").to_owned()));
    }
    known
}

#[test]
fn every_file_is_locked_down_and_known_by_its_tag() {
    let files = files();
    assert!(files.contains("vendor/lit-html.js") && files.contains("console.css") && files.len() > 15, "{files:?}");
    for path in files {
        let path = format!("/console/{path}");
        let reply = get(&path);
        let policy = reply.header("content-security-policy").unwrap();
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types lit-html",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(reply.header("cache-control"), Some("no-cache"));
        let tag = reply.header("etag").unwrap().to_owned();
        let known = host().client().with_header("If-None-Match", &tag).get(&path).unwrap();
        assert_eq!((known.status.as_u16(), known.body.as_str()), (304, ""), "{path}");
        assert_eq!(known.header("etag"), Some(tag.as_str()));
        let changed = host().client().with_header("If-None-Match", "\"another\"").get(&path).unwrap();
        assert_eq!(changed.status.as_u16(), 200);
        // Another encoding is another representation.
        let compressed = host().client().with_header("Accept-Encoding", "gzip").send("HEAD", &path, "").unwrap();
        assert_eq!(compressed.header("content-encoding"), Some("gzip"), "{path}");
        assert_ne!(compressed.header("etag"), Some(tag.as_str()), "{path}");
    }
}

#[test]
fn the_page_has_no_script_and_no_style_of_its_own() {
    let page = get("/console/");
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.body.matches("<script").count(), 1);
    assert!(page.body.contains("<script type=\"module\" src=\"app.js\"></script>"), "{}", page.body);
    assert!(!page.body.contains("<style") && !page.body.contains(" style="), "{}", page.body);
    assert!(!page.body.contains("://"), "it names another host");
}

#[test]
fn nothing_else_is_there() {
    for path in [
        "/console/x.js",
        "/console/../Cargo.toml",
        "/console/%2e%2e/index.html",
        "/console/index.html",
        "/console/value.d.ts",
    ] {
        assert_eq!(get(path).status.as_u16(), 404, "{path}");
    }
    let reply = host().client().send("POST", "/console/", "").unwrap();
    assert_eq!(reply.status.as_u16(), 405);
}
