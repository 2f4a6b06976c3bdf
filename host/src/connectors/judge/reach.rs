//! Where a connector may lead: the manifest's patterns, filled in with the tenant's own words.
//!
//! What is not the tenant's word is the connector's own, and counts only as far as the operator has approved it.

mod origin;
mod own;
mod pattern;

use serde_json::Value;

use crate::connectors::contract::{Manifest, Reach};
use crate::descriptor::TlsMode;
use crate::stranger::shown;
pub use origin::Origin;
pub use own::Approvals;
pub(in crate::connectors) use own::Own;
pub(in crate::connectors) use pattern::When;
use pattern::{Pattern, Words};

/// Elements of an array that a `*` stands for, at most.
const MAX_ELEMENTS: usize = 100;

/// One place that the tenant's own words allow, and those of the connector's that the operator has approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::connectors) struct Allowed {
    pub(in crate::connectors) endpoint_role: String,
    pub(in crate::connectors) host: String,
    pub(in crate::connectors) port: u16,
    /// The least strict mode.
    pub(in crate::connectors) tls_mode: TlsMode,
    pub(in crate::connectors) server_name: Option<String>,
    pub(in crate::connectors) roots: Vec<String>,
    /// What of mode, server name and roots is not the tenant's word.
    pub(in crate::connectors) own: Vec<Own>,
}

/// Everything that the manifest's reaches allow for this configuration, as the tenant sent it.
pub(in crate::connectors) fn fill(manifest: &Manifest, approvals: &Approvals, sent: &Value) -> Vec<Allowed> {
    let words = Words { sent, schema: &manifest.config_schema };
    let filling = Filling { words, connection_type: &manifest.connection_type, approvals };
    manifest.reaches.iter().flat_map(|reach| filling.fill(reach)).collect()
}

/// Why a reach of a manifest cannot be used, if so.
pub(in crate::connectors) fn check_reach(reach: &Reach) -> Result<(), String> {
    for text in patterns(reach) {
        Pattern::parse(text)?;
    }
    if !Pattern::parse(&reach.tls_mode)?.is_whole_value() && TlsMode::from_name(&reach.tls_mode).is_none() {
        return Err(format!("\"{}\" is neither a pattern nor a TLS mode", shown(&reach.tls_mode)));
    }
    Ok(())
}

fn patterns(reach: &Reach) -> impl Iterator<Item = &String> {
    [&reach.host, &reach.port, &reach.tls_mode].into_iter().chain(&reach.server_name).chain(&reach.roots)
}

/// A server name that is not just the host's.
fn other_name(reach: &Reach) -> Option<&str> {
    reach.server_name.as_deref().filter(|name| *name != reach.host)
}

/// How many places a reach stands for.
fn elements(reach: &Reach, words: &Words<'_>) -> usize {
    let lengths = patterns(reach).filter_map(|text| Pattern::parse(text).ok()?.array(words).map(Vec::len));
    lengths.max().map_or(1, |length| length.min(MAX_ELEMENTS))
}

struct Filling<'a> {
    words: Words<'a>,
    connection_type: &'a str,
    approvals: &'a Approvals,
}

impl Filling<'_> {
    fn fill(&self, reach: &Reach) -> Vec<Allowed> {
        (0..elements(reach, &self.words)).filter_map(|element| self.allowed(reach, element)).collect()
    }

    fn allowed(&self, reach: &Reach, element: usize) -> Option<Allowed> {
        let mut own = Vec::new();
        let host = self.take(reach, &reach.host, element, Own::Host, &mut Vec::new())?.to_ascii_lowercase();
        let mut take = |text, decided: fn(String) -> Own| self.take(reach, text, element, decided, &mut own);
        let server_name = other_name(reach).and_then(|text| take(text, Own::ServerName));
        let roots = reach.roots.iter().filter_map(|text| take(text, Own::Root)).collect();
        Some(Allowed {
            endpoint_role: reach.endpoint_role.clone(),
            port: self.words.say(&reach.port, element)?.value.parse().ok().filter(|&port| port != 0)?,
            tls_mode: self.tls_mode(reach, element, &host, &mut own)?,
            server_name,
            roots,
            host,
            own,
        })
    }

    /// The value of a pattern. One of the connector's own is none without approval; else it is added to those.
    fn take(
        &self,
        reach: &Reach,
        text: &str,
        element: usize,
        decided: fn(String) -> Own,
        own: &mut Vec<Own>,
    ) -> Option<String> {
        let said = self.words.say(text, element)?;
        if let Some((words, when)) = said.own {
            let decided = decided(words);
            if !self.approvals.include(self.connection_type, reach, &decided, when) {
                return None;
            }
            own.push(decided);
        }
        Some(said.value)
    }

    /// The least strict mode: the tenant's, else the host's own rule. The connector may be stricter, and without approval
    /// never looser than that.
    fn tls_mode(&self, reach: &Reach, element: usize, host: &str, own: &mut Vec<Own>) -> Option<TlsMode> {
        let unsaid = TlsMode::unsaid(host);
        let Some(said) = self.words.say(&reach.tls_mode, element) else { return Some(unsaid) };
        let mode = TlsMode::from_name(&said.value)?;
        match said.own {
            Some((_, when)) if mode < unsaid => {
                let decided = Own::TlsMode(mode);
                if !self.approvals.include(self.connection_type, reach, &decided, when) {
                    return Some(unsaid);
                }
                own.push(decided);
                Some(mode)
            }
            _ => Some(mode),
        }
    }
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
        let words = Words { sent, schema: &schema };
        let filling = Filling { words, connection_type: "a", approvals: &Approvals::new(vec![format!("a={host}")]) };
        filling.fill(&reach).into_iter().map(|allowed| (allowed.host, allowed.port)).collect()
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
            assert!(check_reach(&reach_of(host)).is_ok(), "{host}");
        }
        for host in ["", "{host}", "{/host", "/host}", "{/a/*/*}", "{//}"] {
            assert!(check_reach(&reach_of(host)).is_err(), "{host}");
        }
    }
}
