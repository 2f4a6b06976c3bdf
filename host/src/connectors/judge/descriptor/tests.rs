//! A good descriptor, and what becomes of it with one thing changed.

use super::*;
use crate::connectors::contract::Reach;
use crate::descriptor::{ClientIdentity, Endpoint, Tls, TlsMode};
use serde_json::json;

fn manifest() -> Manifest {
    let pattern = |text: &str| text.to_owned();
    Manifest {
        connection_type: "postgres".to_owned(),
        version: "1.0.0".to_owned(),
        title: "PostgreSQL".to_owned(),
        description: "A database.".to_owned(),
        config_member: "database_config".to_owned(),
        config_schema: json!({"properties": {"port": {"default": 5432}}}),
        auth_member: None,
        auth_methods: vec![AuthMethod {
            name: "basic".to_owned(),
            title: "User and password".to_owned(),
            credential_schema: json!({"properties": {
                "username": {"x-secret": false}, "password": {}, "key": {"x-secret": true}}}),
        }],
        reaches: vec![Reach {
            endpoint_role: "data".to_owned(),
            host: pattern("{/host}"),
            port: pattern("{/port}"),
            tls_mode: pattern("{/ssl_mode}"),
            server_name: Some(pattern("{/server_name}")),
            roots: vec![pattern("{/root}")],
        }],
        drivers: vec!["postgres".to_owned()],
        examples: vec![],
        setup: vec![],
    }
}

fn parameter(name: &str, value: Value) -> Parameter {
    Parameter { name: name.to_owned(), value }
}

fn credential(name: &str) -> Value {
    Value::Credential(name.to_owned())
}

/// The descriptor that a good connector gives for `{"host": "db.example.com"}`.
fn descriptor() -> Descriptor {
    Descriptor {
        driver: "postgres".to_owned(),
        endpoints: vec![Endpoint {
            role: "data".to_owned(),
            host: "DB.example.com".to_owned(),
            port: 5432,
            tls: Tls { mode: TlsMode::VerifyFull, server_name: None, roots: vec![], identity: None },
        }],
        authentications: vec![Authentication {
            endpoint_role: "data".to_owned(),
            scheme: "password".to_owned(),
            parameters: vec![
                parameter("username", credential("username")),
                parameter("password", credential("password")),
            ],
        }],
        parameters: vec![parameter("database", Value::Text("sales".to_owned()))],
    }
}

fn judge(sent: &Json, credentials: &[&str], change: impl FnOnce(&mut Descriptor)) -> Result<Target, Refusal> {
    let mut descriptor = descriptor();
    change(&mut descriptor);
    judge_by(&manifest(), &[], sent, credentials, descriptor)
}

/// The same by another manifest and what the operator has approved of it.
fn judge_by(
    manifest: &Manifest,
    approved: &[&str],
    sent: &Json,
    credentials: &[&str],
    descriptor: Descriptor,
) -> Result<Target, Refusal> {
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let (approvals, credentials_set) = (Approvals::new(owned(approved)), owned(credentials));
    let method = &manifest.auth_methods[0];
    Case { manifest, approvals: &approvals, method, sent, credentials_set: &credentials_set }.judge(descriptor)
}

type Change = fn(&mut Descriptor);

/// What the connector decides, how the manifest declares and the descriptor does it, its approval and its name.
type Loosened<'a> = (&'a str, fn(&mut Manifest), Change, &'a str, &'a str);

const SET: &[&str] = &["password", "username"];

#[test]
fn binds_every_credential_to_where_it_goes() {
    let target = judge(&json!({"host": "db.example.com"}), SET, |_| ()).unwrap();
    let bound: Vec<_> = target.bindings.iter().map(|it| (it.credential.as_str(), it.host.as_str(), it.port)).collect();
    assert_eq!(bound, [("password", "db.example.com", 5432), ("username", "db.example.com", 5432)]);

    let loose = json!({"host": "db.example.com", "ssl_mode": "disable"});
    let tightened = judge(&loose, SET, |_| ()).unwrap();
    assert_eq!(tightened.bindings, target.bindings, "a connector may tighten TLS");
    let other = judge(&loose, SET, |it| it.endpoints[0].tls.mode = TlsMode::Require).unwrap();
    assert_ne!(other.bindings, target.bindings);
}

#[test]
fn leaves_out_what_is_not_set() {
    let target = judge(&json!({"host": "db.example.com"}), &["username"], |it| {
        it.endpoints[0].tls.identity = Some(ClientIdentity { certificate: String::new(), key: credential("key") });
    });
    let target = target.unwrap();
    assert_eq!(target.descriptor.authentications[0].parameters.len(), 1);
    assert_eq!(target.descriptor.endpoints[0].tls.identity, None);
    assert_eq!(target.bindings.len(), 1);
}

#[test]
fn refuses_to_be_led_astray() {
    let sent = json!({"host": "db.example.com", "root": "ROOT", "server_name": "db.internal"});
    let good = |it: &mut Descriptor| it.endpoints[0].tls.roots = vec!["ROOT".to_owned()];
    assert!(judge(&sent, SET, good).is_ok());
    assert!(
        judge(&sent, SET, |it| {
            good(it);
            it.endpoints[0].tls.server_name = Some("DB.internal".to_owned());
        })
        .is_ok()
    );
    let changes: &[(&str, &str, Change)] = &[
        ("another host", "leads_elsewhere", |it| it.endpoints[0].host = "evil.example.net".to_owned()),
        ("another port", "leads_elsewhere", |it| it.endpoints[0].port = 5433),
        ("another role", "leads_elsewhere", |it| {
            it.endpoints.push(Endpoint { role: "token".to_owned(), ..it.endpoints[0].clone() });
        }),
        ("looser TLS", "loosens_tls", |it| it.endpoints[0].tls.mode = TlsMode::VerifyCa),
        ("another name", "verifies_another_name", |it| {
            it.endpoints[0].tls.server_name = Some("evil.example.net".to_owned());
        }),
        ("other roots", "trusts_other_roots", |it| it.endpoints[0].tls.roots = vec!["EVIL".to_owned()]),
        ("no roots", "trusts_other_roots", |it| it.endpoints[0].tls.roots.clear()),
        ("a secret as user name", "secret_sent_openly", |it| {
            it.authentications[0].parameters[0].value = credential("password");
        }),
        ("a credential twice", "credential_used_twice", |it| {
            it.authentications[0].parameters[1].value = credential("username");
        }),
        ("a password as a key", "credential_used_twice", |it| {
            let key = credential("password");
            it.endpoints[0].tls.identity = Some(ClientIdentity { certificate: String::new(), key });
        }),
        ("a credential to a driver", "credential_in_parameter", |it| it.parameters[0].value = credential("password")),
    ];
    for (what, code, change) in changes {
        let refusal = judge(&sent, SET, |it| {
            good(it);
            change(it);
        });
        let Err(Refusal::Astray(astray)) = refusal else { panic!("{what}: {refusal:?}") };
        assert_eq!(astray.code(), *code, "{what}");
    }
}

#[test]
fn what_the_connector_decides_counts_only_with_approval() {
    let root = &format!("postgres.roots={}@{{/host}}", crate::digest::of(b"EVIL"));
    let loosened: [Loosened<'_>; 4] = [
        (
            "a constant mode",
            |it| it.reaches[0].tls_mode = "disable".to_owned(),
            |it| it.endpoints[0].tls.mode = TlsMode::Disable,
            "postgres.tls-mode=disable@{/host}",
            "the TLS mode disable",
        ),
        (
            "a default mode",
            |it| {
                it.reaches[0].tls_mode = "{/encryption}".to_owned();
                it.config_schema =
                    json!({"properties": {"port": {"default": 5432}, "encryption": {"default": "require"}}});
            },
            |it| it.endpoints[0].tls.mode = TlsMode::Require,
            "postgres.tls-mode-default=require@{/host}",
            "the TLS mode require",
        ),
        (
            "a constant server name",
            |it| it.reaches[0].server_name = Some("evil.example.net".to_owned()),
            |it| it.endpoints[0].tls.server_name = Some("evil.example.net".to_owned()),
            "postgres.server-name=evil.example.net@{/host}",
            "the server name \"evil.example.net\"",
        ),
        (
            "a literal root",
            |it| it.reaches[0].roots = vec!["EVIL".to_owned()],
            |it| it.endpoints[0].tls.roots = vec!["EVIL".to_owned()],
            root,
            "the trusted root sha256:",
        ),
    ];
    // The tenant asks for everything, in vain where the manifest does not listen.
    let sent = json!({"host": "db.example.com", "ssl_mode": "verify-full"});
    for (what, declare, change, approval, decided) in loosened {
        let (mut manifest, mut descriptor) = (manifest(), descriptor());
        declare(&mut manifest);
        change(&mut descriptor);
        let judge = |approved: &[&str]| judge_by(&manifest, approved, &sent, SET, descriptor.clone());
        let for_the_other_case = if what == "a default mode" {
            approval.replace("-default=", "=")
        } else {
            approval.replace('=', "-default=")
        };
        for others in [
            &[][..],
            &["postgres={/host}", "other.tls-mode=disable@{/host}", "postgres.tls-mode=disable@db"],
            &[&for_the_other_case],
        ] {
            let refusal = judge(others);
            assert!(matches!(refusal, Err(Refusal::Astray(_))), "{what}: {refusal:?}");
        }
        let target = judge(&[approval]).unwrap_or_else(|refusal| panic!("{what}: {refusal:?}"));
        assert!(target.own.len() == 1 && target.own[0].starts_with(decided), "{what}: {:?}", target.own);
        // What the connector does not make use of is not its decision.
        if what != "a literal root" {
            let strict = judge_by(&manifest, &[approval], &sent, SET, self::descriptor()).unwrap();
            assert_eq!(strict.own, [""; 0], "{what}");
        }
    }
}

#[test]
fn refuses_nonsense() {
    let changes: &[(&str, &str, Change)] = &[
        ("an unknown driver", "unknown_driver", |it| it.driver = "mysql".to_owned()),
        ("no endpoint", "bad_endpoints", |it| it.endpoints.clear()),
        ("a driver's unknown parameter", "unknown_parameter", |it| it.parameters[0].name = "options".to_owned()),
        ("a parameter twice", "duplicate_parameter", |it| it.parameters.push(it.parameters[0].clone())),
        ("a second authentication", "too_many_authentications", |it| {
            it.authentications.push(it.authentications[0].clone());
        }),
        ("an unknown scheme", "unknown_scheme", |it| it.authentications[0].scheme = "trust".to_owned()),
        ("a scheme's unknown parameter", "unknown_parameter", |it| {
            it.authentications[0].parameters[0].name = "user".to_owned();
        }),
        ("a literal password", "literal_secret", |it| {
            it.authentications[0].parameters[1].value = Value::Text("x".to_owned());
        }),
        ("an unknown credential", "unknown_credential", |it| {
            it.authentications[0].parameters[1].value = credential("token");
        }),
    ];
    for (what, code, change) in changes {
        let refusal = judge(&json!({"host": "db.example.com"}), SET, change);
        let Err(Refusal::Nonsense(nonsense)) = refusal else { panic!("{what}: {refusal:?}") };
        assert_eq!(nonsense.code(), *code, "{what}");
    }
}
