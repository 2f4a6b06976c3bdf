use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::json;

use super::*;

const NOW: i64 = 1_800_000_000;

fn key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

fn verifier() -> Verifier {
    Verifier::new(key().public_key().as_ref(), "us", "patchpanel")
}

fn claims() -> Value {
    json!({
        "iss": "us", "aud": "patchpanel", "sub": "alice", "iat": NOW - 10, "exp": NOW + 3600, "org_id": "acme",
        "roles": [{"project": "sales", "role": "developer"}, {"role": "viewer"}],
    })
}

fn sign(header: &str, payload: &str, key: &Ed25519KeyPair) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()));
    format!("{message}.{signature}")
}

fn with_header(header: &Value) -> String {
    sign(&header.to_string(), &claims().to_string(), &key())
}

fn with_claim(name: &str, value: Value) -> String {
    let mut claims = claims();
    claims[name] = value;
    sign(r#"{"alg":"EdDSA","typ":"JWT"}"#, &claims.to_string(), &key())
}

fn without_claim(name: &str) -> String {
    let mut claims = claims();
    claims.as_object_mut().unwrap().shift_remove(name);
    sign(r#"{"alg":"EdDSA","typ":"JWT"}"#, &claims.to_string(), &key())
}

fn verify(token: &str) -> Result<Caller, Refusal> {
    verifier().verify(token, Timestamp::from_second(NOW).unwrap())
}

#[test]
fn accepts_good_tokens_in_their_variations() {
    let key_id = key_id(key().public_key().as_ref());
    for token in [
        with_header(&json!({"alg": "EdDSA"})),
        with_header(&json!({"alg": "EdDSA", "typ": "jwt", "kid": key_id})),
        with_claim("aud", json!(["other", "patchpanel"])),
        with_claim("nbf", json!(NOW)),
        with_claim("nbf", json!(NOW + 29)),
        with_claim("iat", json!(NOW + 29)),
        with_claim("exp", json!(NOW + 1)),
        with_claim("roles", json!([])),
        with_claim("email", json!("alice@example.com")),
    ] {
        let caller = verify(&token).unwrap();
        assert_eq!((caller.principal.as_str(), caller.organization.as_str()), ("user:alice", "acme"));
    }
}

#[test]
fn refuses_every_bad_header() {
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(key().public_key().as_ref())});
    for header in [
        json!({"alg": "none"}),
        json!({"alg": "HS256"}),
        json!({"alg": "RS256"}),
        json!({"alg": "ES256"}),
        json!({"alg": "eddsa"}),
        json!({"alg": ["EdDSA"]}),
        json!({"alg": null}),
        json!({}),
        json!([]),
        json!({"alg": "EdDSA", "typ": "at+jwt"}),
        json!({"alg": "EdDSA", "typ": "JWE"}),
        json!({"alg": "EdDSA", "kid": "0000000000000000"}),
        json!({"alg": "EdDSA", "kid": ""}),
        json!({"alg": "EdDSA", "kid": "../../etc/passwd"}),
        json!({"alg": "EdDSA", "kid": 1}),
        json!({"alg": "EdDSA", "kid": null}),
        json!({"alg": "EdDSA", "typ": null}),
        json!({"alg": "EdDSA", "crit": []}),
        json!({"alg": "EdDSA", "crit": ["exp"]}),
        json!({"alg": "EdDSA", "b64": false}),
        json!({"alg": "EdDSA", "jwk": jwk}),
        json!({"alg": "EdDSA", "jku": "http://127.0.0.1:1/keys"}),
        json!({"alg": "EdDSA", "x5u": "http://127.0.0.1:1/key"}),
        json!({"alg": "EdDSA", "x5c": ["AAAA"]}),
        json!({"alg": "EdDSA", "cty": "JWT"}),
        json!({"alg": "EdDSA", "zip": "DEF"}),
        json!({"alg": "dir", "enc": "A256GCM"}),
    ] {
        assert!(verify(&with_header(&header)).is_err(), "{header}");
    }
}

#[test]
fn refuses_every_bad_claim() {
    for name in ["iss", "aud", "sub", "exp", "iat", "org_id", "roles"] {
        assert!(verify(&without_claim(name)).is_err(), "without {name}");
        assert!(verify(&with_claim(name, Value::Null)).is_err(), "{name} null");
    }
    let far = 400 * 24 * 3600;
    for (name, value) in [
        ("iss", json!("us/")),
        ("iss", json!("US")),
        ("iss", json!(["us"])),
        ("iss", json!({"us": 1})),
        ("aud", json!("patchpanel/")),
        ("aud", json!([])),
        ("aud", json!(["other"])),
        ("aud", json!(["patchpanel"].repeat(11))),
        ("aud", json!([["patchpanel"]])),
        ("aud", json!({"patchpanel": true})),
        ("sub", json!("")),
        ("sub", json!(7)),
        ("sub", json!("a\nb")),
        ("exp", json!(NOW)),
        ("exp", json!(NOW - 1)),
        ("exp", json!(NOW + far)),
        ("exp", json!(i64::MAX)),
        ("exp", json!(u64::MAX)),
        ("exp", json!(-1)),
        ("exp", json!((NOW + 60).to_string())),
        ("exp", json!(1.8e9 + 60.5)),
        ("iat", json!(NOW + 31)),
        ("iat", json!(NOW - far)),
        ("iat", json!("now")),
        ("iat", json!(i64::MIN)),
        ("nbf", json!(NOW + 31)),
        ("nbf", json!("0")),
        ("nbf", Value::Null),
        ("org_id", json!("")),
        ("org_id", json!("ac:me")),
        ("org_id", json!("ac/me")),
        ("org_id", json!(["acme"])),
        ("roles", json!("admin")),
        ("roles", json!(["admin"])),
        ("roles", json!([{"role": "root"}])),
        ("roles", json!([{"role": "Admin"}])),
        ("roles", json!([{"role": "admin", "project": null}])),
        ("roles", json!([{"role": "admin", "project": "a/b"}])),
        ("roles", json!([{"role": "admin", "scope": "all"}])),
    ] {
        assert!(verify(&with_claim(name, value.clone())).is_err(), "{name} = {value}");
    }
}

#[test]
fn refuses_duplicate_members() {
    let claims = claims().to_string();
    let doubled = format!(r#"{},"org_id":"other"}}"#, claims.trim_end_matches('}'));
    assert!(verify(&sign(r#"{"alg":"EdDSA"}"#, &doubled, &key())).is_err());
    assert!(verify(&sign(r#"{"alg":"none","alg":"EdDSA"}"#, &claims, &key())).is_err());
}

#[test]
fn refuses_every_bad_form_and_signature() {
    let good = with_header(&json!({"alg": "EdDSA"}));
    assert!(verify(&good).is_ok());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let other = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
    let foreign = sign(r#"{"alg":"EdDSA"}"#, &claims().to_string(), &other);
    let mut flipped = URL_SAFE_NO_PAD.decode(signature).unwrap();
    flipped[10] ^= 1;
    let (header, payload) = message.split_once('.').unwrap();
    // The last character of 64 bytes carries four unused bits.
    let last = signature.chars().last().unwrap();
    let stray = if last == 'A' || last == 'Q' || last == 'g' { (last as u8 + 1) as char } else { 'x' };

    for token in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "x".repeat(4_000_000),
        format!("{good}{}", "A".repeat(MAX_TOKEN_BYTES)),
        foreign,
        message.to_owned(),
        format!("{message}."),
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(&flipped)),
        format!("{message}.{}{stray}", &signature[..signature.len() - 1]),
        format!("{good}=="),
        format!("{good}."),
        format!("{good}.{signature}"),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}. {payload}.{signature}"),
        format!("{}.{}.{signature}", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), payload),
        sign(r#"{"alg":"EdDSA"}"#, "not json", &key()),
        sign(r#"{"alg":"EdDSA"}"#, "[]", &key()),
    ] {
        assert!(verify(&token).is_err(), "{}", &token[..token.len().min(80)]);
    }
}
