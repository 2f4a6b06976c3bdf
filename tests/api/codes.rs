//! A page for each code, with the words of `patchpanel explain`.

use std::collections::BTreeSet;
use std::process::Stdio;

use super::{host, refusal};

/// What `patchpanel explain` prints.
fn explain(arguments: &[&str]) -> String {
    let output = host().command("explain").args(arguments).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The text of a page as it is read.
fn text(page: &str) -> String {
    page.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[test]
fn every_code_has_a_page_with_the_words_of_the_command_line() {
    let anybody = host().client();
    let list = anybody.get("/docs/codes/").unwrap();
    let linked: BTreeSet<_> =
        list.body.split("href=\"/docs/codes/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let linked: BTreeSet<_> = linked.into_iter().filter(|name| *name != "style.css").collect();
    let all = explain(&[]);
    let codes: BTreeSet<_> = all.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(linked, codes);
    assert!(codes.len() > 200, "{}", codes.len());
    for code in &codes {
        let page = anybody.get(&format!("/docs/codes/{code}")).unwrap();
        assert_eq!(
            (page.status.as_u16(), page.header("content-type")),
            (200, Some("text/html; charset=utf-8")),
            "{code}"
        );
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("script") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert!(!page.body.contains("<script") && !page.body.contains("style="), "{code}");
        assert!(page.body.contains("name=\"viewport\"") && page.body.contains("<html lang=\"en\">"), "{code}");
        let shown = text(&page.body);
        for line in all.lines().filter(|line| line.split_whitespace().next() == Some(code)) {
            let message = line[code.len()..].trim();
            assert!(shown.contains(message), "{code}: {message}");
        }
    }
    // Some of the command line's words, line by line.
    for code in ["VALIDATION_ERROR", "required", "too_many", "password_rejected"] {
        let shown = text(&anybody.get(&format!("/docs/codes/{code}")).unwrap().body);
        let told = explain(&[code]);
        let told =
            told.lines().filter_map(|line| line.trim().split_once(": ")).filter(|(label, _)| *label != "Example");
        for (label, words) in told {
            assert!(shown.contains(words.trim()), "{code}: {label}: {words}");
        }
    }
    let style = anybody.get("/docs/codes/style.css").unwrap();
    assert!(style.body.contains("color-scheme: light dark"));
    assert_eq!(anybody.get("/docs/codes").unwrap().body, list.body);
    refusal(anybody.get("/docs/codes/no_such_code"), 404, "RESOURCE_NOT_FOUND");
    refusal(anybody.get("/docs/codes/REQUIRED"), 404, "RESOURCE_NOT_FOUND");
}

#[test]
fn an_error_leads_to_its_page() {
    let error = refusal(host().client().get("/assets/data"), 401, "INVALID_TOKEN");
    let page = host().client().get(error["help"].as_str().unwrap()).unwrap();
    assert!(page.status == 200 && page.body.contains("INVALID_TOKEN"), "{}", page.body);
}
