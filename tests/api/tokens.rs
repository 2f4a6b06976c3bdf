//! Tokens that are refused: one answer for all reasons but expiry, the reason in the log.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use test_support::client::Client;
use test_support::directory::TemporaryDirectory;

use super::{answer, host, refusal};

const ARGUMENTS: [&str; 6] = ["--org", "tokens", "--project", "sales", "--role", "owner"];

fn bare() -> Client {
    host().client().with_project("sales")
}

/// A token that another installation signed.
fn foreign() -> String {
    let elsewhere = TemporaryDirectory::new("elsewhere").unwrap();
    let output = host().command("token").args(ARGUMENTS).arg("--data-dir").arg(elsewhere.path()).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The token with its part of this number replaced.
fn with_part(token: &str, number: usize, text: &str) -> String {
    let encoded = URL_SAFE_NO_PAD.encode(text);
    let mut parts: Vec<&str> = token.split('.').collect();
    parts[number] = &encoded;
    parts.join(".")
}

fn part(token: &str, number: usize) -> String {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token.split('.').nth(number).unwrap()).unwrap()).unwrap()
}

#[test]
fn every_bad_token_gets_the_same_answer_unless_it_has_expired() {
    let good = host().token(&ARGUMENTS).unwrap();
    answer(bare().with_token(&good).get("/assets/data"), 200);
    let short = host().token(&[&ARGUMENTS[..], &["--ttl", "4s"]].concat()).unwrap();
    answer(bare().with_token(&short).get("/assets/data"), 200);
    let other_audience = host().command("token").args(ARGUMENTS).args(["--token-audience", "other"]).output().unwrap();
    let other_audience = String::from_utf8(other_audience.stdout).unwrap().trim().to_owned();
    assert!(!other_audience.is_empty());
    let payload = part(&good, 1);
    let unsigned = with_part(&good, 0, r#"{"alg":"none"}"#);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let flipped = |token: &str| {
        let (message, signature) = token.rsplit_once('.').unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        bytes[7] ^= 1;
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes))
    };
    std::thread::sleep(Duration::from_millis(5100));

    let header = format!("Bearer {good}");
    for value in [format!("bearer {good}"), format!("BEARER {good}"), format!("Bearer   {good}")] {
        answer(bare().with_header("Authorization", &value).get("/assets/data"), 200);
    }
    let twice = bare().with_header("Authorization", &header).with_header("Authorization", &header);
    refusal(twice.get("/assets/data"), 400, "INVALID_REQUEST");
    let mut missing = vec![bare(), bare().with_header("Cookie", &format!("token={good}"))];
    for value in ["", "Bearer", good.as_str(), &format!("Basic {good}")] {
        missing.push(bare().with_header("Authorization", value));
    }
    for client in missing {
        let reply = client.get(&format!("/assets/data?access_token={good}")).unwrap();
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"), "of what is not there, nothing is said");
        let error = refusal(Ok(reply), 401, "INVALID_TOKEN");
        assert!(error["message"].as_str().unwrap().contains("needs a bearer token"), "{error}");
    }
    let reply = bare().with_token(&short).get("/assets/data").unwrap();
    let challenge = reply.header("www-authenticate").unwrap();
    assert!(
        challenge.starts_with("Bearer error=\"invalid_token\", error_description=\"") && challenge.contains("expired")
    );
    let error = refusal(Ok(reply), 401, "INVALID_TOKEN");
    assert!(error["message"].as_str().unwrap().contains("has expired"), "{error}");

    let mut clients = Vec::new();
    for (kind, value) in [
        ("nonsense", "Bearer nonsense".to_owned()),
        // Whether it has expired is not said of what nobody here has signed.
        ("expired, with a flipped signature", format!("Bearer {}", flipped(&short))),
        ("foreign", format!("Bearer {}", foreign())),
        ("for another audience", format!("Bearer {other_audience}")),
        ("without a signature", format!("Bearer {message}.")),
        ("alg none", format!("Bearer {unsigned}")),
        ("alg none without a signature", format!("Bearer {}.", unsigned.rsplit_once('.').unwrap().0)),
        ("a flipped signature", format!("Bearer {}", flipped(&good))),
        ("another organization", format!("Bearer {}", with_part(&good, 1, &payload.replace("tokens", "acme")))),
        ("padding", format!("Bearer {good}==")),
        ("four parts", format!("Bearer {good}.{signature}")),
        ("long", format!("Bearer {good}{}", "A".repeat(20_000))),
    ] {
        clients.push((kind, bare().with_header("Authorization", &value)));
    }
    let mut bodies: Vec<Value> = Vec::new();
    for (kind, client) in clients {
        let reply = client.get(&format!("/assets/data?access_token={good}")).unwrap();
        assert_eq!(reply.status.as_u16(), 401, "{kind}: {}", reply.body);
        let challenge = reply.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Bearer error=\"invalid_token\", error_description=\""), "{kind}: {challenge}");
        let mut body = reply.json().unwrap();
        let id = body["error"]["request_id"].as_str().unwrap().to_owned();
        let log = host().log().unwrap();
        let line = log.lines().find(|line| line.contains(&id) && line.contains("a token was refused"));
        let line: Value = serde_json::from_str(line.unwrap_or_else(|| panic!("{kind}: no reason in the log"))).unwrap();
        assert!(line.to_string().contains("reason"), "{line}");
        body["error"]["request_id"] = Value::Null;
        body["error"]["trace_id"] = Value::Null;
        bodies.push(body);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    assert!(!host().log().unwrap().contains(signature), "no token is in the log");
}
