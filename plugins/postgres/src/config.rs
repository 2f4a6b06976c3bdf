//! The configuration: read member by member, so that everything that is wrong is found at once, and normalised.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::contract::patchpanel::connector::types::{Finding, Severity};

mod database;
mod host;
mod tables;

/// A normalised configuration. The members are those of `config.schema.json`, `schema` having become `db_schema`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// DNS name or IP address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Database on the server.
    pub database: String,
    /// Schema that is looked at first.
    pub db_schema: String,
    /// `disable`, `require`, `verify-ca` or `verify-full`.
    pub ssl_mode: String,
    /// PEM text of the roots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssl_root_cert: Option<String>,
    /// PEM text of the client's certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssl_client_cert: Option<String>,
    /// `basic`.
    pub auth_type: String,
    /// From name resolution to an open session.
    pub connect_timeout_ms: u32,
    /// Shown in the server's list of sessions.
    pub application_name: String,
    /// Open sessions at once.
    pub pool_max_connections: u32,
    /// How long an unused session stays open.
    pub pool_idle_timeout_ms: u32,
    /// `schema.table` or `table`; empty means all.
    pub selected_tables: Vec<String>,
}

impl Config {
    /// Reads what an earlier verdict of this version normalised.
    pub fn from_normalised(json: &str) -> Result<Self, Vec<Finding>> {
        serde_json::from_str(json).map_err(|_| {
            let hint = "Send the configuration again, so that it is checked anew.".to_owned();
            vec![error("outdated_config", "", "The stored configuration is not of this connector's form.", Some(hint))]
        })
    }

    /// As JSON text, members in the order above.
    pub fn to_json(&self) -> String {
        // Text, numbers and lists of text have no way to fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The selected tables as a JSON array, which a statement takes as one parameter.
    pub fn selected_tables_json(&self) -> String {
        Value::from(self.selected_tables.clone()).to_string()
    }
}

/// An error to report.
pub fn error(code: &str, pointer: &str, message: &str, hint: Option<String>) -> Finding {
    Finding {
        severity: Severity::Error,
        code: code.to_owned(),
        pointer: pointer.to_owned(),
        message: message.to_owned(),
        hint,
        extras: Vec::new(),
    }
}

/// Everything that there is to say about a configuration as a tenant sent it, and its normalised form, which counts
/// only if no finding is an error.
pub fn check(json: &str, credentials_set: &[String]) -> (Vec<Finding>, Config) {
    let members = match serde_json::from_str(json) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    };
    let mut reader = Reader { members, findings: Vec::new() };
    let host = reader.text("host", 253, None);
    let db_schema = reader.db_schema();
    let root = reader.pem("ssl_root_cert", 256 << 10);
    let config = Config {
        ssl_mode: reader.ssl_mode(&host, root.is_some()),
        port: reader.number("port", 1, 65_535, 5432).try_into().unwrap_or(5432),
        database: reader.text("database", 63, None),
        auth_type: reader.choice("auth_type", &["basic"]).unwrap_or_else(|| "basic".to_owned()),
        ssl_client_cert: reader.pem("ssl_client_cert", 64 << 10),
        connect_timeout_ms: reader.number("connect_timeout_ms", 100, 60_000, 10_000),
        application_name: reader.text("application_name", 63, Some("patchpanel")),
        pool_max_connections: reader.number("pool_max_connections", 1, 100, 5),
        pool_idle_timeout_ms: reader.number("pool_idle_timeout_ms", 1_000, 3_600_000, 300_000),
        selected_tables: reader.selected_tables(),
        ssl_root_cert: root,
        db_schema,
        host,
    };
    reader.host(&config.host);
    reader.database(&config.database);
    reader.certificates(&config, credentials_set);
    reader.unknown();
    (reader.findings, config)
}

/// Takes the members out one by one; what is left at the end is unknown.
struct Reader {
    members: Map<String, Value>,
    findings: Vec<Finding>,
}

impl Reader {
    fn error(&mut self, code: &str, name: &str, message: &str, hint: Option<&str>) {
        self.findings.push(error(code, &format!("/{name}"), message, hint.map(str::to_owned)));
    }

    /// A text without control characters of 1 to `most` bytes; required without a default.
    fn text(&mut self, name: &str, most: usize, default: Option<&str>) -> String {
        match (self.members.remove(name), default) {
            (None, Some(default)) => return default.to_owned(),
            (None, None) => self.error("required", name, &format!("{name} is missing."), None),
            (Some(Value::String(text)), _) => {
                if text.trim().is_empty() {
                    self.error("empty", name, &format!("{name} is empty."), None);
                } else if text.len() > most {
                    self.error("too_long", name, &format!("{name} is longer than {most} bytes."), None);
                } else if text.chars().any(char::is_control) {
                    self.error("control_character", name, &format!("{name} contains a control character."), None);
                }
                return text;
            }
            (Some(_), _) => self.error("wrong_type", name, &format!("{name} must be a string."), None),
        }
        String::new()
    }

    fn number(&mut self, name: &str, least: u32, most: u32, default: u32) -> u32 {
        let Some(value) = self.members.remove(name) else { return default };
        // 5432.0 is an integer to JSON Schema too.
        let whole = value.as_f64().filter(|number| number.fract() == 0.0);
        match whole {
            None => self.error("wrong_type", name, &format!("{name} must be a whole number."), None),
            Some(number) if number < f64::from(least) || number > f64::from(most) => {
                self.error("out_of_range", name, &format!("{name} must be from {least} to {most}."), None);
            }
            Some(number) => {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and in range")]
                return number as u32;
            }
        }
        default
    }

    fn choice(&mut self, name: &str, choices: &[&str]) -> Option<String> {
        match self.members.remove(name)? {
            Value::String(text) if choices.contains(&text.as_str()) => return Some(text),
            _ => {
                self.error("unknown_value", name, &format!("{name} must be one of: {}.", choices.join(", ")), None);
            }
        }
        None
    }

    /// `db_schema`, or its alias `schema`; both only if they agree.
    fn db_schema(&mut self) -> String {
        let alias = self.members.contains_key("schema").then(|| self.text("schema", 63, None));
        let named = self.members.contains_key("db_schema").then(|| self.text("db_schema", 63, None));
        if let (Some(alias), Some(named)) = (&alias, &named)
            && alias != named
        {
            let message = "schema and db_schema are two names of one thing and must not differ.";
            self.error("contradiction", "schema", message, Some("Send db_schema alone."));
        }
        named.or(alias).unwrap_or_else(|| "public".to_owned())
    }

    /// Verified by default; a server on this machine only where its root certificate is given.
    fn ssl_mode(&mut self, host: &str, has_root: bool) -> String {
        let chosen = self.choice("ssl_mode", &["disable", "require", "verify-ca", "verify-full"]);
        let unprotected = host::is_loopback(host) && !has_root;
        chosen.unwrap_or_else(|| if unprotected { "disable" } else { "verify-full" }.to_owned())
    }

    /// Certificates in PEM form. The schema counts characters; what a host takes is counted in bytes.
    fn pem(&mut self, name: &str, most: usize) -> Option<String> {
        let Value::String(text) = self.members.remove(name)? else {
            self.error("wrong_type", name, &format!("{name} must be a string."), None);
            return None;
        };
        if text.len() > most {
            let hint = "Send only the certificates that are needed, without the text between them.";
            self.error("too_long", name, &format!("{name} is longer than {most} bytes."), Some(hint));
        } else if text.contains("PRIVATE KEY-----") {
            let hint =
                "Remove the key and consider it known to others; a client's key is the credential ssl_client_key.";
            self.error("private_key", name, &format!("{name} contains a private key."), Some(hint));
        } else if !(text.contains("-----BEGIN CERTIFICATE-----") && text.contains("-----END CERTIFICATE-----")) {
            let hint = "Paste the whole text from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----.";
            self.error("not_pem", name, &format!("{name} is not a certificate in PEM form."), Some(hint));
        }
        Some(text)
    }

    fn selected_tables(&mut self) -> Vec<String> {
        let Some(value) = self.members.remove("selected_tables") else { return Vec::new() };
        let (tables, findings) = tables::check(&value);
        self.findings.extend(findings);
        tables
    }

    fn host(&mut self, host: &str) {
        if let Some((code, message, hint)) = host::check(host) {
            // An empty or overlong one has been found already.
            if !self.findings.iter().any(|finding| finding.pointer == "/host") {
                self.error(code, "host", message, Some(hint));
            }
        }
    }

    fn database(&mut self, database: &str) {
        if let Some((code, message, hint)) = database::check(database) {
            self.error(code, "database", message, Some(hint));
        }
    }

    fn certificates(&mut self, config: &Config, credentials_set: &[String]) {
        let has_key = credentials_set.iter().any(|name| name == "ssl_client_key");
        match (&config.ssl_client_cert, has_key) {
            (Some(_), false) => {
                let hint = "Send the certificate's private key as the credential ssl_client_key.";
                self.error("key_missing", "ssl_client_cert", "A client certificate needs its key.", Some(hint));
            }
            (None, true) => {
                let message = "The credential ssl_client_key is set, but there is no client certificate.";
                self.error("certificate_missing", "ssl_client_cert", message, Some("Send ssl_client_cert too."));
            }
            _ => {}
        }
        let has_certificates = config.ssl_root_cert.is_some() || config.ssl_client_cert.is_some();
        if config.ssl_mode == "disable" && has_certificates {
            let message = "Certificates are sent, but ssl_mode disable does not use them.";
            self.error("contradiction", "ssl_mode", message, Some("Use verify-full, or leave the certificates out."));
        }
    }

    fn unknown(&mut self) {
        for name in std::mem::take(&mut self.members).into_iter().map(|(name, _)| name).take(20) {
            let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            self.findings.push(error("unknown_member", &pointer, "This member is not known.", None));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(json: &str) -> Vec<String> {
        check(json, &[]).0.iter().map(|finding| format!("{} {}", finding.pointer, finding.code)).collect()
    }

    #[test]
    fn fills_in_defaults() {
        let (findings, config) = check(r#"{"host":"db.example.com","database":"sales"}"#, &[]);
        assert_eq!(findings, []);
        assert_eq!((config.port, config.db_schema.as_str(), config.ssl_mode.as_str()), (5432, "public", "verify-full"));
        assert_eq!(Config::from_normalised(&config.to_json()).unwrap(), config);
        assert!(check(&config.to_json(), &[]).0.is_empty(), "a normalised configuration is valid itself");
    }

    #[test]
    fn trusts_loopback_unless_a_root_is_given() {
        let mode = |members: &str| check(&format!(r#"{{"database":"d",{members}}}"#), &[]).1.ssl_mode;
        assert_eq!(mode(r#""host":"127.0.0.1""#), "disable");
        assert_eq!(mode(r#""host":"localhost","ssl_root_cert":"x""#), "verify-full");
        assert_eq!(mode(r#""host":"127.0.0.1.example.com""#), "verify-full");
        assert_eq!(mode(r#""host":"::1","ssl_mode":"require""#), "require");
    }

    #[test]
    fn finds_everything_at_once() {
        let found = codes(
            r#"{"host":"postgres://u:p@h/d","port":0,"schema":"a","db_schema":"b","ssl_mode":"prefer","nope/1":1,
                "selected_tables":["a.b",7],"pool_max_connections":"5","ssl_root_cert":"-----BEGIN PRIVATE KEY-----"}"#,
        );
        for expected in [
            "/host url",
            "/port out_of_range",
            "/database required",
            "/schema contradiction",
            "/ssl_mode unknown_value",
            "/nope~11 unknown_member",
            "/selected_tables/1 wrong_type",
            "/pool_max_connections wrong_type",
            "/ssl_root_cert private_key",
        ] {
            assert!(found.contains(&expected.to_owned()), "{expected} is not in {found:?}");
        }
    }

    #[test]
    fn answers_whatever_it_gets() {
        for json in ["", "null", "[]", "{}", r#"{"host":null,"database":[],"port":1e400}"#, r#"{"host":"\u0000"}"#] {
            assert!(!check(json, &[]).0.is_empty(), "{json}");
        }
    }

    #[test]
    fn counts_the_bytes_of_certificates() {
        let found = |name: &str, bytes: usize| {
            let text = format!("-----BEGIN CERTIFICATE-----é-----END CERTIFICATE-----{}", "A".repeat(bytes - 54));
            codes(&format!(r#"{{"host":"h","database":"d","{name}":"{text}"}}"#))
        };
        assert_eq!(found("ssl_root_cert", 262_144), [""; 0]);
        assert_eq!(found("ssl_root_cert", 262_145), ["/ssl_root_cert too_long"]);
        assert_eq!(found("ssl_client_cert", 65_537), ["/ssl_client_cert too_long", "/ssl_client_cert key_missing"]);
    }

    #[test]
    fn wants_certificate_and_key_together() {
        let pem = "-----BEGIN CERTIFICATE-----\\n-----END CERTIFICATE-----";
        let with = format!(r#"{{"host":"h","database":"d","ssl_client_cert":"{pem}"}}"#);
        let without = r#"{"host":"h","database":"d"}"#;
        let key = ["ssl_client_key".to_owned()];
        assert_eq!(check(&with, &[]).0[0].code, "key_missing");
        assert_eq!(check(&with, &key).0, []);
        assert_eq!(check(without, &key).0[0].code, "certificate_missing");
    }
}
