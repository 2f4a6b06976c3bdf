//! What a connector decides by itself, where the tenant should: a host, or how the server there is verified.

use std::collections::HashSet;
use std::fmt;

use serde_json::Value;

use super::pattern::{Pattern, When, Words};
use super::{elements, other_name};
use crate::connectors::contract::Reach;
use crate::descriptor::TlsMode;
use crate::digest;
use crate::stranger::shown;

/// Something that a connector decides by itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::connectors) enum Own {
    /// Where to.
    Host(String),
    /// A mode that is looser than the host's rule.
    TlsMode(TlsMode),
    /// Another name than the host's to verify.
    ServerName(String),
    /// A root to trust.
    Root(String),
}

/// What the operator has approved, each as the refusal writes it: the setting `connector_approved_reaches`.
#[derive(Debug, Clone, Default)]
pub struct Approvals(Vec<String>);

impl Approvals {
    /// These texts, of the settings.
    pub fn new(approvals: Vec<String>) -> Self {
        Self(approvals)
    }

    /// Whether an operator can have meant this text.
    pub fn check(text: &str) -> Result<(), &'static str> {
        let (subject, value) = text.split_once('=').unwrap_or_default();
        let (connection_type, part) =
            subject.split_once('.').map_or((subject, None), |(name, part)| (name, Some(part)));
        let no_approval = Err(
            "it is neither TYPE=HOST, such as snowflake={/account}.snowflakecomputing.com, nor TYPE.tls-mode=MODE@HOST, \
             TYPE.server-name=NAME@HOST or TYPE.roots=DIGEST@HOST, nor one of TYPE.host-default, TYPE.tls-mode-default, \
             TYPE.server-name-default and TYPE.roots-default likewise; copy it from the refusal",
        );
        if connection_type.is_empty() {
            return no_approval;
        }
        let decided = match part.map(|part| part.strip_suffix("-default").unwrap_or(part)) {
            None if !value.is_empty() => return Ok(()),
            Some("host") if part == Some("host-default") && !value.is_empty() => return Ok(()),
            Some("tls-mode" | "server-name" | "roots") => value.split_once('@').filter(|(_, host)| !host.is_empty()),
            _ => None,
        };
        match (part, decided) {
            (Some("tls-mode" | "tls-mode-default"), Some((mode, _))) if TlsMode::from_name(mode).is_none() => {
                Err("its TLS mode is none of disable, require, verify-ca and verify-full; copy it from the refusal")
            }
            (Some("roots" | "roots-default"), Some((digest, _))) if !digest::is_digest(digest) => {
                Err("its digest is not `sha256:` and 64 hex digits in lower case; copy it from the refusal")
            }
            (_, Some((value, _))) if !value.is_empty() => Ok(()),
            _ => no_approval,
        }
    }

    /// Whether this is approved for a connector of this type, at this reach.
    pub(super) fn include(&self, connection_type: &str, reach: &Reach, own: &Own, when: When) -> bool {
        self.0.contains(&own.approval(when, connection_type, reach))
    }

    /// What a reach decides by itself and the operator has not approved.
    pub(in crate::connectors) fn missing(
        &self,
        connection_type: &str,
        reach: &Reach,
        schema: &Value,
    ) -> Vec<(Own, When)> {
        let own = of_its_own(reach, schema).into_iter();
        own.filter(|(own, when)| !self.include(connection_type, reach, own, *when)).collect()
    }
}

impl Own {
    /// How the operator approves it. It names the host's pattern as well, so that what was approved for one place is asked
    /// again for another; and it says when it counts, so that what was approved for a tenant who says nothing is asked again
    /// for those who say something else.
    pub(in crate::connectors) fn approval(&self, when: When, connection_type: &str, reach: &Reach) -> String {
        let host = &reach.host;
        let default = match when {
            When::Always => "",
            When::Unsaid => "-default",
        };
        match (self, when) {
            (Self::Host(own), When::Always) => format!("{connection_type}={own}"),
            (Self::Host(own), When::Unsaid) => format!("{connection_type}.host-default={own}"),
            (Self::TlsMode(mode), _) => format!("{connection_type}.tls-mode{default}={mode}@{host}"),
            (Self::ServerName(name), _) => format!("{connection_type}.server-name{default}={name}@{host}"),
            (Self::Root(root), _) => format!("{connection_type}.roots{default}={}@{host}", digest::of(root.as_bytes())),
        }
    }
}

impl fmt::Display for Own {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => write!(formatter, "the host \"{}\"", shown(host)),
            Self::TlsMode(mode) => write!(formatter, "the TLS mode {mode}"),
            Self::ServerName(name) => write!(formatter, "the server name \"{}\"", shown(name)),
            Self::Root(root) => write!(formatter, "the trusted root {}", digest::of(root.as_bytes())),
        }
    }
}

/// What of a reach is not wholly the tenant's word and needs approval: patterns with text of their own, and what the schema's
/// defaults say for a tenant who says nothing. To be stricter than the host's rule needs none.
fn of_its_own(reach: &Reach, schema: &Value) -> Vec<(Own, When)> {
    let words = Words { sent: &Value::Null, schema };
    let elements = elements(reach, &words);
    let said = |text: &str, decided: fn(String) -> Option<Own>| -> Vec<(Own, When)> {
        let (values, when) = match Pattern::parse(text) {
            Ok(pattern) if pattern.is_whole_value() => {
                ((0..elements).filter_map(|element| pattern.value(&words, element)).collect(), When::Unsaid)
            }
            _ => (vec![text.to_owned()], When::Always),
        };
        values.into_iter().filter_map(decided).map(|own| (own, when)).collect()
    };
    let mut own = said(&reach.host, |host| Some(Own::Host(host)));
    let modes = said(&reach.tls_mode, |name| TlsMode::from_name(&name).map(Own::TlsMode)).into_iter();
    let is_looser = |own: &Own| matches!(own, Own::TlsMode(mode) if *mode < TlsMode::unsaid(&reach.host));
    own.extend(modes.filter(|(own, _)| is_looser(own)));
    own.extend(other_name(reach).into_iter().flat_map(|text| said(text, |name| Some(Own::ServerName(name)))));
    own.extend(reach.roots.iter().flat_map(|text| said(text, |root| Some(Own::Root(root)))));
    let mut seen = HashSet::new();
    own.retain(|decided| seen.insert(decided.clone()));
    own
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reach() -> Reach {
        Reach {
            endpoint_role: "data".to_owned(),
            host: "{/host}".to_owned(),
            port: "1".to_owned(),
            tls_mode: "{/mode}".to_owned(),
            server_name: None,
            roots: vec!["{/root}".to_owned()],
        }
    }

    type Change = fn(&mut Reach);

    #[test]
    fn knows_what_is_not_the_tenants_word() {
        let schema = json!({"properties": {
            "host": {"type": "string"}, "server": {"default": "db.example.com"}, "number": {"default": 7},
            "hosts": {"default": [{"host": "a", "mode": "require"}, {"host": "b"}, {"host": "a", "mode": "disable"}]},
            "loose": {"default": "disable"}, "strict": {"default": "verify-full"}, "ca": {"default": "PEM"}}});
        let pem = &digest::of(b"PEM");
        let root = format!("t.roots={pem}@{{/host}}");
        let default_root = format!("t.roots-default={pem}@{{/host}}");
        let cases: &[(Change, &[&str])] = &[
            (|_| (), &[]),
            (|it| it.host = "{/absent}".to_owned(), &[]),
            (|it| it.host = "db.example.com".to_owned(), &["t=db.example.com"]),
            (|it| it.host = "{/host}.example.com".to_owned(), &["t={/host}.example.com"]),
            (|it| it.host = "{/server}".to_owned(), &["t.host-default=db.example.com"]),
            (|it| it.host = "{/hosts/*/host}".to_owned(), &["t.host-default=a", "t.host-default=b"]),
            (|it| it.tls_mode = "disable".to_owned(), &["t.tls-mode=disable@{/host}"]),
            (|it| it.tls_mode = "require".to_owned(), &["t.tls-mode=require@{/host}"]),
            (|it| it.tls_mode = "verify-ca".to_owned(), &["t.tls-mode=verify-ca@{/host}"]),
            // To be stricter is free, and so is what the host itself would do.
            (|it| it.tls_mode = "verify-full".to_owned(), &[]),
            (|it| it.tls_mode = "{/strict}".to_owned(), &[]),
            (|it| (it.host, it.tls_mode) = ("localhost".to_owned(), "disable".to_owned()), &["t=localhost"]),
            (|it| it.tls_mode = "{/loose}".to_owned(), &["t.tls-mode-default=disable@{/host}"]),
            (
                |it| it.tls_mode = "{/hosts/*/mode}".to_owned(),
                &["t.tls-mode-default=require@{/host}", "t.tls-mode-default=disable@{/host}"],
            ),
            (|it| it.server_name = Some("{/name}".to_owned()), &[]),
            (|it| it.server_name = Some("{/host}".to_owned()), &[]),
            (|it| it.server_name = Some("db".to_owned()), &["t.server-name=db@{/host}"]),
            (|it| it.server_name = Some("{/host}.db".to_owned()), &["t.server-name={/host}.db@{/host}"]),
            (|it| it.server_name = Some("{/number}".to_owned()), &["t.server-name-default=7@{/host}"]),
            (|it| it.roots = vec!["PEM".to_owned(), "{/root}".to_owned()], &[&root]),
            (|it| it.roots = vec!["{/ca}".to_owned(), "PEM".to_owned()], &[&default_root, &root]),
        ];
        for (change, expected) in cases {
            let mut reach = reach();
            change(&mut reach);
            let own = of_its_own(&reach, &schema);
            let asked: Vec<String> = own.iter().map(|(own, when)| own.approval(*when, "t", &reach)).collect();
            assert_eq!(asked, *expected, "{reach:?}");
            assert!(asked.iter().all(|approval| Approvals::check(approval).is_ok()), "{asked:?}");
            assert_eq!(Approvals::new(asked).missing("t", &reach, &schema), []);
        }
    }

    #[test]
    fn an_approval_is_of_a_known_form() {
        let root = format!("{}@db", digest::of(b"PEM"));
        let of_roots = [format!("a.roots={root}"), format!("a.roots-default={root}")];
        let others = [
            "a=b",
            "a={/x}.example.com",
            "a.host-default=db.example.com",
            "a.tls-mode=disable@{/host}",
            "a.tls-mode-default=verify-ca@{/host}",
            "a.server-name={/host}.db@{/host}",
            "a.server-name-default=db@{/host}",
        ];
        for text in of_roots.iter().map(String::as_str).chain(others) {
            assert_eq!(Approvals::check(text), Ok(()), "{text}");
        }
        for (text, part) in [
            ("", "TYPE=HOST"),
            ("a", "TYPE=HOST"),
            ("=b", "TYPE=HOST"),
            ("a=", "TYPE=HOST"),
            ("a.host=b", "TYPE=HOST"),
            ("a.host-default=", "TYPE=HOST"),
            ("a.mode=disable@{/host}", "TYPE=HOST"),
            ("a.tls-mode=disable", "TYPE=HOST"),
            ("a.tls-mode=disable@", "TYPE=HOST"),
            ("a.server-name=@x", "TYPE=HOST"),
            (".tls-mode=disable@b", "TYPE=HOST"),
            ("a.tls-mode=@x", "TLS mode"),
            ("a.tls-mode=prefer@{/host}", "TLS mode"),
            ("a.tls-mode=Disable@{/host}", "TLS mode"),
            ("a.tls-mode-default=none@{/host}", "TLS mode"),
            ("a.roots=sha256:00@db", "digest"),
            ("a.roots-default=PEM@db", "digest"),
        ] {
            let refusal = Approvals::check(text).unwrap_err();
            assert!(refusal.contains(part), "{text}: {refusal}");
        }
    }
}
