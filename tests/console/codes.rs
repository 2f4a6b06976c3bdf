//! One-time codes: in a link instead of a token, in development alone.

use test_support::client::{Client, Reply};
use test_support::patchpanel::Patchpanel;

use super::host;

/// Has a code redeemed.
fn redeem(code: &str) -> Reply {
    host().client().with_header("Authorization", &format!("Code {code}")).send("POST", "/console/token", "").unwrap()
}

fn client_with(reply: &Reply) -> Client {
    let body = reply.json().unwrap();
    host().client().with_token(body["token"].as_str().unwrap()).with_project("sales")
}

#[test]
fn a_host_that_starts_prints_a_link_that_signs_in_once() {
    let host = Patchpanel::start().unwrap();
    let log = host.log().unwrap();
    let link = log.split_whitespace().find(|word| word.contains("/console/#t=")).unwrap();
    let (page, code) = link.split_once("#t=").unwrap();
    assert_eq!(page, format!("{}/console/", host.origin()));
    let redeem = || {
        let client = host.client().with_header("Authorization", &format!("Code {code}"));
        client.send("POST", "/console/token", "").unwrap()
    };
    let reply = redeem();
    assert_eq!(reply.status.as_u16(), 200, "{}", reply.body);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let token = reply.json().unwrap()["token"].as_str().unwrap().to_owned();
    let types = host.client().with_token(&token).with_project("sales").get("/assets/data/types").unwrap();
    assert_eq!(types.status.as_u16(), 200);
    assert_eq!(redeem().status.as_u16(), 401, "it was for once");
}

#[test]
fn who_has_a_token_gets_a_code_for_it() {
    let token = host().token(&["--org", "codes", "--project", "sales", "--role", "viewer"]).unwrap();
    let issue = |client: Client| client.send("POST", "/console/codes", "").unwrap();
    let reply = issue(host().client().with_token(&token));
    assert_eq!(reply.status.as_u16(), 201, "{}", reply.body);
    let body = reply.json().unwrap();
    assert_eq!(body["expires_in"], 60);
    let redeemed = redeem(body["code"].as_str().unwrap());
    assert_eq!(redeemed.json().unwrap()["token"], token);
    // It is the caller's own token, and nobody else's.
    assert_eq!(client_with(&redeemed).get("/assets/data").unwrap().status.as_u16(), 200);
    assert_eq!(issue(host().client()).status.as_u16(), 401);
    assert_eq!(issue(host().client().with_token("no token")).status.as_u16(), 401);
    for code in ["", "0123456789abcdef0123456789abcdef", body["code"].as_str().unwrap()] {
        assert_eq!(redeem(code).status.as_u16(), 401, "{code}");
    }
}
