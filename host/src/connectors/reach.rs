//! Where a connector may lead: the manifest's patterns, filled in with the tenant's own words.

use serde_json::Value;

use super::contract::{Manifest, Reach};
use crate::descriptor::TlsMode;
use crate::stranger::shown;

/// Elements of an array that a `*` stands for, at most.
const MAX_ELEMENTS: usize = 100;

/// One place that the tenant's own words allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Allowed {
    pub(super) endpoint_role: String,
    pub(super) host: String,
    pub(super) port: u16,
    /// The least strict mode.
    pub(super) tls_mode: TlsMode,
    pub(super) server_name: Option<String>,
    pub(super) roots: Vec<String>,
}

/// Everything that the manifest's reaches allow for this configuration, as the tenant sent it.
pub(super) fn fill(manifest: &Manifest, sent: &Value) -> Vec<Allowed> {
    let words = Words { sent, schema: &manifest.config_schema };
    manifest.reaches.iter().flat_map(|reach| words.fill(reach)).collect()
}

/// Why a reach of a manifest cannot be used, if so.
pub(super) fn check(reach: &Reach) -> Result<(), String> {
    let texts = [&reach.host, &reach.port].into_iter().chain(&reach.server_name).chain(&reach.roots);
    for text in texts {
        Pattern::parse(text)?;
    }
    let tls_mode = Pattern::parse(&reach.tls_mode)?;
    if !tls_mode.is_whole_value() && TlsMode::from_name(&reach.tls_mode).is_none() {
        return Err(format!("\"{}\" is neither a pattern nor a TLS mode", shown(&reach.tls_mode)));
    }
    Ok(())
}

/// Where a reach leads that is not wholly the tenant's word: a pattern with text of its own, or the schema's default for a
/// tenant who says nothing.
pub(super) fn own_host(reach: &Reach, schema: &Value) -> Option<String> {
    match Pattern::parse(&reach.host).ok()?.0.as_slice() {
        [Part::Pointer(segments)] => {
            let default = schema.get("properties")?.get(segments.first()?)?.get("default")?;
            Some(default.as_str().map_or_else(|| default.to_string(), str::to_owned))
        }
        _ => Some(reach.host.clone()),
    }
}

/// Whether a host is this machine by its spelling: `localhost`, a name under it, 127.0.0.0/8 or `::1`.
fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The tenant's words: the configuration as sent, and the schema's defaults for what is absent.
struct Words<'a> {
    sent: &'a Value,
    schema: &'a Value,
}

impl Words<'_> {
    fn fill(&self, reach: &Reach) -> Vec<Allowed> {
        let patterns =
            [&reach.host, &reach.port, &reach.tls_mode].into_iter().chain(&reach.server_name).chain(&reach.roots);
        let elements = patterns
            .filter_map(|text| Pattern::parse(text).ok()?.array(self).map(Vec::len))
            .max()
            .map_or(1, |length| length.min(MAX_ELEMENTS));
        (0..elements).filter_map(|element| self.allowed(reach, element)).collect()
    }

    fn allowed(&self, reach: &Reach, element: usize) -> Option<Allowed> {
        let value = |text: &str| Pattern::parse(text).ok()?.value(self, element);
        let host = value(&reach.host)?.to_ascii_lowercase();
        let tls_mode = match TlsMode::from_name(&reach.tls_mode) {
            Some(constant) => constant,
            None => match value(&reach.tls_mode) {
                Some(name) => TlsMode::from_name(&name)?,
                None if is_loopback(&host) => TlsMode::Disable,
                None => TlsMode::VerifyFull,
            },
        };
        Some(Allowed {
            endpoint_role: reach.endpoint_role.clone(),
            port: value(&reach.port)?.parse().ok().filter(|&port| port != 0)?,
            server_name: reach.server_name.as_deref().and_then(value),
            roots: reach.roots.iter().filter_map(|text| value(text)).collect(),
            host,
            tls_mode,
        })
    }

    fn find(&self, pointer: &[String], element: usize) -> Option<&Value> {
        let (first, rest) = pointer.split_first()?;
        let defaults = || self.schema.get("properties")?.get(first)?.get("default");
        let mut value = self.sent.get(first).or_else(defaults)?;
        for segment in rest {
            value = match (value, segment.as_str()) {
                (Value::Array(elements), "*") => elements.get(element)?,
                (Value::Array(elements), index) => elements.get(index.parse::<usize>().ok()?)?,
                (value, name) => value.get(name)?,
            };
        }
        Some(value)
    }
}

/// Text with placeholders.
#[derive(Debug, PartialEq, Eq)]
struct Pattern(Vec<Part>);

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    /// The segments of a JSON pointer, unescaped; one may be `*`.
    Pointer(Vec<String>),
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{}\" is not a pattern such as {{/host}} or {{/account}}.example.com", shown(text));
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (literal, behind) = rest.split_once('{').unwrap_or((rest, ""));
            if literal.contains('}') {
                return Err(wrong());
            }
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            if literal.len() == rest.len() {
                break;
            }
            let (pointer, behind) = behind.split_once('}').ok_or_else(wrong)?;
            let segments = pointer.strip_prefix('/').ok_or_else(wrong)?.split('/');
            let segments = segments.map(|segment| segment.replace("~1", "/").replace("~0", "~")).collect::<Vec<_>>();
            if segments.iter().any(String::is_empty) || segments.iter().filter(|segment| *segment == "*").count() > 1 {
                return Err(wrong());
            }
            parts.push(Part::Pointer(segments));
            rest = behind;
        }
        if parts.is_empty() { Err(wrong()) } else { Ok(Self(parts)) }
    }

    fn is_whole_value(&self) -> bool {
        matches!(self.0.as_slice(), [Part::Pointer(_)])
    }

    /// The array that this pattern's `*` goes through.
    fn array<'a>(&self, words: &'a Words<'_>) -> Option<&'a Vec<Value>> {
        self.0.iter().find_map(|part| match part {
            Part::Pointer(segments) => {
                let star = segments.iter().position(|segment| segment == "*")?;
                words.find(&segments[..star], 0)?.as_array()
            }
            Part::Literal(_) => None,
        })
    }

    fn value(&self, words: &Words<'_>, element: usize) -> Option<String> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Pointer(segments) => {
                    let value = scalar(words.find(segments, element)?)?;
                    if !self.is_whole_value() && !is_label(&value) {
                        return None;
                    }
                    text.push_str(&value);
                }
            }
        }
        Some(text)
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        // 5432.0 is an integer to JSON Schema too.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and in range")]
        Value::Number(number) => {
            number.as_f64().filter(|n| n.fract() == 0.0 && (0.0..1e15).contains(n)).map(|n| (n as u64).to_string())
        }
        _ => None,
    }
}

/// A DNS label (RFC 1123, section 2.1).
fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn hosts(host: &str, port: &str, sent: &Value) -> Vec<(String, u16)> {
        let schema = json!({"properties": {"port": {"default": 5432}}});
        let reach = Reach {
            endpoint_role: "data".to_owned(),
            host: host.to_owned(),
            port: port.to_owned(),
            tls_mode: "{/ssl_mode}".to_owned(),
            server_name: None,
            roots: vec!["{/root}".to_owned()],
        };
        let allowed = Words { sent, schema: &schema }.fill(&reach);
        allowed.into_iter().map(|allowed| (allowed.host, allowed.port)).collect()
    }

    #[test]
    fn fills_patterns_from_what_the_tenant_sent() {
        let pairs = json!({"hosts": [{"host": "A", "port": 1}, {"host": "b", "port": 2}, {"host": "c"}]});
        let cases = [
            ("{/host}", "{/port}", json!({"host": "DB.example.com"}), vec![("db.example.com", 5432)]),
            ("{/host}", "{/port}", json!({"host": "db", "port": 6000.0}), vec![("db", 6000)]),
            ("{/host}", "{/port}", json!({"host": "db", "port": 0}), vec![]),
            ("{/host}", "{/port}", json!({"host": ["db"]}), vec![]),
            ("{/host}", "443", json!({}), vec![]),
            ("{/hosts/*/host}", "{/hosts/*/port}", pairs.clone(), vec![("a", 1), ("b", 2)]),
            ("{/hosts/*/host}", "{/port}", pairs, vec![("a", 5432), ("b", 5432), ("c", 5432)]),
            ("{/account}.example.com", "443", json!({"account": "acme"}), vec![("acme.example.com", 443)]),
            ("{/account}.example.com", "443", json!({"account": "evil.com/"}), vec![]),
            ("{/account}.example.com", "443", json!({"account": "a.b"}), vec![]),
        ];
        for (host, port, sent, expected) in cases {
            let expected: Vec<_> = expected.into_iter().map(|(host, port)| (host.to_owned(), port)).collect();
            assert_eq!(hosts(host, port, &sent), expected, "{host} {sent}");
        }
    }

    fn reach_of(host: &str) -> Reach {
        Reach {
            endpoint_role: "data".to_owned(),
            host: host.to_owned(),
            port: "1".to_owned(),
            tls_mode: "require".to_owned(),
            server_name: None,
            roots: vec![],
        }
    }

    #[test]
    fn refuses_what_is_not_a_pattern() {
        for host in ["{/host}", "db.example.com", "{/account}.example.com"] {
            assert!(check(&reach_of(host)).is_ok(), "{host}");
        }
        for host in ["", "{host}", "{/host", "/host}", "{/a/*/*}", "{//}"] {
            assert!(check(&reach_of(host)).is_err(), "{host}");
        }
    }

    #[test]
    fn knows_what_is_not_the_tenants_word() {
        let schema = json!({"properties": {
            "host": {"type": "string"}, "server": {"default": "db.example.com"}, "hosts": {"default": [{"host": "a"}]}}});
        for (host, own) in [
            ("{/host}", None),
            ("{/absent}", None),
            ("db.example.com", Some("db.example.com")),
            ("{/host}.example.com", Some("{/host}.example.com")),
            ("{/server}", Some("db.example.com")),
            ("{/hosts/*/host}", Some(r#"[{"host":"a"}]"#)),
        ] {
            assert_eq!(own_host(&reach_of(host), &schema).as_deref(), own, "{host}");
        }
    }
}
