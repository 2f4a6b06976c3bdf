//! The configuration: read member by member, so that everything that is wrong is found at once, and normalised.

use serde::Serialize;
use serde_json::Value;

use crate::contract::patchpanel::connector::types::{Finding, Severity};

const TLS_MODES: [&str; 4] = ["disable", "require", "verify-ca", "verify-full"];

/// A normalised configuration: its defaults are filled in.
#[derive(Serialize)]
pub struct Config {
    pub host: String,
    pub port: u16,
    pub database: String,
    pub ssl_mode: String,
}

impl Config {
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and a number")
    }
}

/// Everything there is to say about a configuration, and what to store if none of it is an error. Members that the
/// schema does not know are left to it: the host checks it too.
pub fn check(json: &str) -> (Vec<Finding>, Option<Config>) {
    let config = serde_json::from_str(json).unwrap_or(Value::Null);
    let mut findings = Vec::new();
    let host = text(&config, "host", 253, &mut findings);
    if host.as_deref().is_some_and(|host| !is_host(host)) {
        findings.push(error(
            "malformed",
            "/host",
            "host is neither a DNS name nor an IP address.",
        ));
    }
    let port = port(&config, &mut findings);
    let database = text(&config, "database", 63, &mut findings);
    let ssl_mode = ssl_mode(&config, &mut findings);
    let refused = findings
        .iter()
        .any(|finding| matches!(finding.severity, Severity::Error));
    let config = || {
        Some(Config {
            host: host?,
            port: port?,
            database: database?,
            ssl_mode: ssl_mode?,
        })
    };
    let config = if refused { None } else { config() };
    (findings, config)
}

/// One line of text of at most so many characters, which has to be there.
fn text(config: &Value, member: &str, most: usize, findings: &mut Vec<Finding>) -> Option<String> {
    let (code, what) = match config.get(member) {
        None => ("required", "is missing"),
        Some(Value::String(text)) if text.trim().is_empty() => ("empty", "is empty"),
        Some(Value::String(text)) if text.chars().count() > most => ("too_long", "is too long"),
        Some(Value::String(text)) if text.chars().any(char::is_control) => {
            ("malformed", "has a control character")
        }
        Some(Value::String(text)) => return Some(text.clone()),
        Some(_) => ("wrong_type", "must be a string"),
    };
    findings.push(error(
        code,
        &format!("/{member}"),
        &format!("{member} {what}."),
    ));
    None
}

/// 5432.0 is an integer to JSON Schema too.
fn port(config: &Value, findings: &mut Vec<Finding>) -> Option<u16> {
    let Some(port) = config.get("port") else {
        return Some(5432);
    };
    match port.as_f64() {
        Some(port) if port.fract() == 0.0 && (1.0..=65535.0).contains(&port) => {
            return Some(port as u16);
        }
        Some(_) => findings.push(error(
            "out_of_range",
            "/port",
            "port must be a whole number from 1 to 65535.",
        )),
        None => findings.push(error("wrong_type", "/port", "port must be a number.")),
    }
    None
}

fn ssl_mode(config: &Value, findings: &mut Vec<Finding>) -> Option<String> {
    let Some(mode) = config.get("ssl_mode") else {
        return Some("verify-full".to_owned());
    };
    let mode = mode.as_str().filter(|mode| TLS_MODES.contains(mode));
    if mode.is_none() {
        let message = format!("ssl_mode must be one of: {}.", TLS_MODES.join(", "));
        findings.push(error("unknown_value", "/ssl_mode", &message));
    }
    mode.map(str::to_owned)
}

/// DNS names and IP addresses: no scheme, port, path or brackets.
fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    host.parse::<std::net::IpAddr>().is_ok() || host.split('.').all(label)
}

/// What is wrong, without the value: it may be a password in the wrong place.
fn error(code: &str, pointer: &str, message: &str) -> Finding {
    Finding {
        severity: Severity::Error,
        code: code.to_owned(),
        pointer: pointer.to_owned(),
        message: message.to_owned(),
        hint: None,
        extras: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_hosts_from_mistakes() {
        for (host, good) in [
            ("db.example.com", true),
            ("203.0.113.7", true),
            ("2001:db8::1", true),
            ("postgres://db", false),
            ("db:5432", false),
            ("", false),
        ] {
            assert_eq!(is_host(host), good, "{host}");
        }
    }
}
