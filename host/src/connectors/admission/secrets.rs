//! Members that look like secrets: none in the configuration, which is stored and shown as it is, and none among the
//! credentials that says it is no secret.

use serde_json::Value;

use super::Reason;
use crate::connectors::contract::Manifest;
use crate::json;
use crate::meant::words;
use crate::stranger::shown;

/// How names of secrets end, separators left out.
const SECRETS: [&str; 8] = ["password", "passwd", "pwd", "passphrase", "passcode", "secret", "token", "credential"];

/// Last words of names of secrets that many other words end with.
const WORDS: [&str; 1] = ["pass"];

/// Words before `key` that make a secret of it.
const KEYS: [&str; 9] = ["access", "account", "api", "client", "encryption", "master", "private", "secret", "shared"];

/// Values of a schema that are looked at.
const MAX_VALUES: usize = 20_000;

/// Names what looks like a secret in the wrong place. `"x-secret": false` says of a member of the configuration that it is
/// none.
pub(super) fn check(manifest: &Manifest, reasons: &mut Vec<Reason>) {
    for (pointer, name, schema) in properties(&manifest.config_schema) {
        let says = |key: &str| schema.get(key).and_then(Value::as_bool);
        let hidden = says("writeOnly") == Some(true) || says("x-secret") == Some(true);
        if hidden || (looks_secret(name) && says("x-secret") != Some(false)) {
            let what = format!("config-schema has {} at {}", quoted(name), quoted(&pointer));
            let remedy = "Move it into the credential-schema of an authentication method: the configuration is stored and \
                          shown as it is. If it is no secret, say so with \"x-secret\": false.";
            reasons.push(Reason::new("secret_in_config", format!("{what}, which looks like a secret"), remedy));
        }
    }
    for method in &manifest.auth_methods {
        for (_, name, schema) in properties(&method.credential_schema) {
            if looks_secret(name) && schema.get("x-secret") == Some(&Value::Bool(false)) {
                let message = format!("the credential {} says that it is no secret", quoted(name));
                let remedy = "Leave \"x-secret\": false to what may be shown, such as a user name.";
                reasons.push(Reason::new("unmarked_secret", message, remedy));
            }
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", shown(text))
}

/// Every property that a schema names, however deep: its pointer in the schema, its name, and its schema.
fn properties(schema: &Value) -> Vec<(String, &str, &Value)> {
    let (mut found, mut open, mut seen) = (Vec::new(), vec![(String::new(), schema)], 0);
    while let Some((pointer, value)) = open.pop() {
        seen += 1;
        if seen > MAX_VALUES {
            break;
        }
        match value {
            Value::Object(members) => {
                for (keyword, member) in members {
                    let here = json::member(&pointer, keyword);
                    // What is only an example has names of its own.
                    match (keyword.as_str(), member) {
                        ("examples" | "default" | "const" | "enum", _) => {}
                        ("properties", Value::Object(named)) => {
                            for (name, property) in named {
                                let pointer = json::member(&here, name);
                                found.push((pointer.clone(), name.as_str(), property));
                                open.push((pointer, property));
                            }
                        }
                        _ => open.push((here, member)),
                    }
                }
            }
            Value::Array(elements) => {
                open.extend(elements.iter().enumerate().map(|(index, it)| (format!("{pointer}/{index}"), it)));
            }
            _ => {}
        }
    }
    found
}

/// By the end of its name, without a number and a plural: `db_password`, `DBPasswords2` and `apiKey` do, `token_url` does
/// not.
fn looks_secret(name: &str) -> bool {
    let words = words(name.trim_end_matches(|character: char| !character.is_alphabetic()));
    let (whole, last) = (words.concat(), words.last().map_or("", String::as_str));
    let looks = |whole: &str, last: &str| {
        let key = whole.strip_suffix("key");
        SECRETS.iter().any(|end| whole.ends_with(end))
            || WORDS.contains(&last)
            || key.is_some_and(|before| KEYS.iter().any(|end| before.ends_with(end)))
    };
    looks(&whole, last) || whole.strip_suffix('s').is_some_and(|one| looks(one, last.trim_end_matches('s')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn knows_secrets_by_their_last_word() {
        let secrets = "password db_password apiKey api_key privateKey auth-token PASSWORD sslPassphrase dbpassword \
                       DBPassword password2 password_2 passwords secretkey authtoken pass db_pass DBPass passcode api_keys \
                       credentials apikey passwd";
        for name in secrets.split(' ') {
            assert!(looks_secret(name), "{name}");
        }
        let others = "token_url primary_key key secret_name host password_hint _ bypass compass encompass monkey keys \
                      access_level tokenizer";
        for name in others.split(' ').chain([""]) {
            assert!(!looks_secret(name), "{name}");
        }
    }

    #[test]
    fn finds_properties_however_deep_and_none_in_examples() {
        let schema = json!({"properties": {
            "hosts": {"items": {"$ref": "#/$defs/host"}}, "a": {"examples": [{"properties": {"password": {}}}]}},
            "$defs": {"host": {"properties": {"password": {}}}}});
        let found = properties(&schema);
        let mut names: Vec<(&str, &str)> = found.iter().map(|(pointer, name, _)| (pointer.as_str(), *name)).collect();
        names.sort_unstable();
        let expected =
            [("/$defs/host/properties/password", "password"), ("/properties/a", "a"), ("/properties/hosts", "hosts")];
        assert_eq!(names, expected);
    }
}
