//! Where in a configuration an endpoint comes from, so that what is said of the endpoint can be said of the member.

use serde_json::Value;

use super::MAX_ELEMENTS;
use crate::connectors::contract::Reach;
use crate::descriptor::Endpoint;

/// The members of a configuration that an endpoint's parts were taken from; none where a part is not the value of one member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// JSON pointer of the host's member.
    pub host: Option<String>,
    /// JSON pointer of the port's member, be it there or left to its default.
    pub port: Option<String>,
    /// JSON pointer of the TLS mode's member, be it there or left to the host's own rule.
    pub tls_mode: Option<String>,
}

impl Origin {
    /// Of an endpoint that a connector with these reaches has described for a configuration, as the tenant sent that.
    pub fn of(endpoint: &Endpoint, reaches: &[Reach], sent: &Value) -> Self {
        let reaches = reaches.iter().filter(|reach| reach.endpoint_role == endpoint.role);
        let mut places = reaches.flat_map(|reach| (0..MAX_ELEMENTS).map(move |element| place(reach, element)));
        let is_host = |place: &Self| {
            let pointer = place.host.as_deref().and_then(|pointer| sent.pointer(pointer)?.as_str());
            pointer.is_some_and(|host| host.eq_ignore_ascii_case(&endpoint.host))
        };
        places.find(is_host).unwrap_or_default()
    }
}

/// The pointers of a reach, with this element for its `*`.
fn place(reach: &Reach, element: usize) -> Origin {
    let pointer = |pattern: &str| {
        let pointer = pattern.strip_prefix('{')?.strip_suffix('}').filter(|pointer| !pointer.contains('{'))?;
        let segments = pointer.split('/').map(|segment| match segment {
            "*" => element.to_string(),
            name => name.to_owned(),
        });
        Some(segments.collect::<Vec<_>>().join("/"))
    };
    Origin { host: pointer(&reach.host), port: pointer(&reach.port), tls_mode: pointer(&reach.tls_mode) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::descriptor::{Tls, TlsMode};

    #[test]
    fn finds_the_members_that_an_endpoint_comes_from() {
        let list = json!({"hosts": [{"host": "a"}, {"host": "B"}], "host": "c"});
        for (host, pattern, expected) in [
            ("c", "{/host}", Some("/host")),
            ("b", "{/hosts/*/host}", Some("/hosts/1/host")),
            ("d", "{/host}", None),
            ("c", "{/host}{/host}", None),
            ("c.example.com", "{/host}.example.com", None),
            ("c", "c", None),
        ] {
            let reach = Reach {
                endpoint_role: "data".to_owned(),
                host: pattern.to_owned(),
                port: "443".to_owned(),
                tls_mode: "{/ssl_mode}".to_owned(),
                server_name: None,
                roots: vec![],
            };
            let tls = Tls { mode: TlsMode::Require, server_name: None, roots: vec![], identity: None };
            let endpoint = Endpoint { role: "data".to_owned(), host: host.to_owned(), port: 1, tls };
            let origin = Origin::of(&endpoint, &[reach], &list);
            assert_eq!(origin.host.as_deref(), expected, "{host} {pattern}");
            assert_eq!(origin.tls_mode.as_deref(), expected.map(|_| "/ssl_mode"), "{host} {pattern}");
            assert_eq!(origin.port, None, "a port of the connector's own");
        }
    }
}
