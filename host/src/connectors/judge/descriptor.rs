//! Judges a connector's descriptor: it may lead only where the tenant's own words lead, protect the connection no less
//! than the tenant asked, and use credentials only as what they are.

use std::collections::{HashMap, HashSet};

use aws_lc_rs::digest;
use serde_json::Value as Json;

use super::reach::{self, Allowed, Approvals, Own};
use crate::connectors::contract::{AuthMethod, Manifest};
use crate::connectors::{Binding, Target};
use crate::descriptor::{Authentication, Descriptor, Endpoint, Parameter, TlsMode, Value};
use crate::stranger::shown;
use crate::{drivers, hex};

/// Endpoints of a descriptor.
pub(super) const MAX_ENDPOINTS: usize = 16;
const MAX_AUTHENTICATIONS: usize = 8;
const MAX_PARAMETERS: usize = 64;

/// Why a descriptor is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::connectors) enum Refusal {
    /// It breaks the contract.
    Nonsense(String),
    /// It leads, or loosens, or reveals.
    Astray(String),
}

/// A descriptor together with what the host knows of the connection.
pub(in crate::connectors) struct Case<'a> {
    pub(in crate::connectors) manifest: &'a Manifest,
    pub(in crate::connectors) approvals: &'a Approvals,
    pub(in crate::connectors) method: &'a AuthMethod,
    /// The configuration as the tenant sent it.
    pub(in crate::connectors) sent: &'a Json,
    pub(in crate::connectors) credentials_set: &'a [String],
}

impl Case<'_> {
    /// Judges the descriptor and says what each credential is bound to by it. Parameters whose credential is not set
    /// are left out.
    pub(in crate::connectors) fn judge(&self, mut descriptor: Descriptor) -> Result<Target, Refusal> {
        self.driver(&descriptor)?;
        let allowed = reach::fill(self.manifest, self.approvals, self.sent);
        if descriptor.endpoints.len() > MAX_ENDPOINTS || !descriptor.endpoints.iter().any(|it| it.role == "data") {
            return nonsense(format!("a descriptor has 1 to {MAX_ENDPOINTS} endpoints, one of them for data"));
        }
        let (mut uses, mut own) = (Uses::default(), Vec::new());
        for endpoint in &mut descriptor.endpoints {
            own.extend(self.endpoint(endpoint, &allowed, &mut uses)?);
        }
        let mut seen = HashSet::new();
        own.retain(|decided| seen.insert(decided.clone()));
        let mut roles = HashSet::new();
        let own_role = |authentication: &Authentication| roles.insert(authentication.endpoint_role.clone());
        if descriptor.authentications.len() > MAX_AUTHENTICATIONS || !descriptor.authentications.iter().all(own_role) {
            return nonsense(format!(
                "a descriptor has at most {MAX_AUTHENTICATIONS} authentications, one for each role"
            ));
        }
        for authentication in &mut descriptor.authentications {
            self.authentication(authentication, &mut uses)?;
        }
        let bindings = bindings(&descriptor);
        Ok(Target { descriptor, bindings, own })
    }

    fn driver(&self, descriptor: &Descriptor) -> Result<(), Refusal> {
        let driver = &descriptor.driver;
        let Some(known) = drivers::parameters(driver).filter(|_| self.manifest.drivers.contains(driver)) else {
            return nonsense(format!("the driver \"{}\" is not in its manifest", shown(driver)));
        };
        unique(&descriptor.parameters)?;
        for parameter in &descriptor.parameters {
            if !known.contains(&parameter.name.as_str()) {
                return nonsense(format!("the driver {driver} has no parameter \"{}\"", shown(&parameter.name)));
            }
            if let Value::Credential(name) = &parameter.value {
                return astray(format!("the credential \"{}\" is given to a driver's parameter", shown(name)));
            }
        }
        Ok(())
    }

    /// Judges an endpoint; what the connector decides about it by itself, in words.
    fn endpoint(&self, endpoint: &mut Endpoint, allowed: &[Allowed], uses: &mut Uses) -> Result<Vec<String>, Refusal> {
        let place = format!("{} endpoint {}:{}", shown(&endpoint.role), shown(&endpoint.host), endpoint.port);
        let mut here = allowed.iter().filter(|allowed| {
            allowed.endpoint_role == endpoint.role
                && allowed.host.eq_ignore_ascii_case(&endpoint.host)
                && allowed.port == endpoint.port
        });
        let fitting = here.clone().filter(|allowed| protects(endpoint, allowed).is_ok());
        // Of several places that allow it, the one that is the tenant's word most of all.
        let Some(own) = fitting.map(|allowed| decided(endpoint, allowed)).min_by_key(Vec::len) else {
            let loosened = here.next_back().and_then(|allowed| protects(endpoint, allowed).err());
            return astray(format!("the {place} {}", loosened.unwrap_or("is not where the configuration leads")));
        };
        let key = endpoint.tls.identity.as_ref().map(|identity| identity.key.clone());
        match key {
            Some(Value::Text(_)) => nonsense("the key of a client certificate must be a credential".to_owned()),
            Some(Value::Credential(name)) => {
                self.credential(&name, true)?;
                uses.only(&name, "client-certificate")?;
                if !self.credentials_set.contains(&name) {
                    endpoint.tls.identity = None;
                }
                Ok(own)
            }
            None => Ok(own),
        }
    }

    fn authentication(&self, authentication: &mut Authentication, uses: &mut Uses) -> Result<(), Refusal> {
        if authentication.scheme != "password" {
            return nonsense(format!("the scheme \"{}\" is not known", shown(&authentication.scheme)));
        }
        unique(&authentication.parameters)?;
        for parameter in &authentication.parameters {
            let secret = match parameter.name.as_str() {
                "username" => false,
                "password" => true,
                name => return nonsense(format!("the scheme password has no parameter \"{}\"", shown(name))),
            };
            match &parameter.value {
                Value::Credential(name) => {
                    self.credential(name, secret)?;
                    uses.only(name, &parameter.name)?;
                }
                Value::Text(_) if secret => return nonsense("a password must be a credential".to_owned()),
                Value::Text(_) => {}
            }
        }
        let is_set = |value: &Value| match value {
            Value::Credential(name) => self.credentials_set.contains(name),
            Value::Text(_) => true,
        };
        authentication.parameters.retain(|parameter| is_set(&parameter.value));
        Ok(())
    }

    /// Whether this is a credential of the method, and no secret where the protocol shows it openly.
    fn credential(&self, name: &str, secret_place: bool) -> Result<(), Refusal> {
        let Some(schema) = self.method.credential_schema.get("properties").and_then(|them| them.get(name)) else {
            return nonsense(format!("there is no credential \"{}\"", shown(name)));
        };
        let is_secret = schema.get("x-secret").and_then(Json::as_bool).unwrap_or(true);
        if is_secret && !secret_place {
            return astray(format!("the secret \"{}\" is used where it would be sent openly", shown(name)));
        }
        Ok(())
    }
}

/// What each credential is used for, which is one thing.
#[derive(Default)]
struct Uses(HashMap<String, String>);

impl Uses {
    fn only(&mut self, credential: &str, purpose: &str) -> Result<(), Refusal> {
        let known = self.0.entry(credential.to_owned()).or_insert_with(|| purpose.to_owned());
        if known == purpose {
            return Ok(());
        }
        astray(format!("the credential \"{}\" is used for two things", shown(credential)))
    }
}

/// Whether an endpoint is protected as this place demands; else how not.
fn protects(endpoint: &Endpoint, allowed: &Allowed) -> Result<(), &'static str> {
    let tls = &endpoint.tls;
    if tls.mode < allowed.tls_mode {
        return Err("has a looser TLS mode than the configuration");
    }
    let own_name = |name: &String| {
        name.eq_ignore_ascii_case(&endpoint.host)
            || allowed.server_name.as_ref().is_some_and(|allowed| allowed.eq_ignore_ascii_case(name))
    };
    if !tls.server_name.iter().all(own_name) {
        return Err("is verified against another name than the configuration's");
    }
    if tls.mode != TlsMode::Disable && tls.roots != allowed.roots {
        return Err("trusts other roots than the configuration's");
    }
    Ok(())
}

/// What of an endpoint's protection is the connector's own decision, by this place that allows it.
fn decided(endpoint: &Endpoint, allowed: &Allowed) -> Vec<String> {
    let tls = &endpoint.tls;
    let counts = |own: &&Own| match own {
        Own::Host(_) => false,
        Own::TlsMode(_) => tls.mode < TlsMode::unsaid(&endpoint.host),
        Own::ServerName(_) => tls.server_name.iter().any(|name| !name.eq_ignore_ascii_case(&endpoint.host)),
        Own::Root(_) => tls.mode != TlsMode::Disable,
    };
    allowed.own.iter().filter(counts).map(Own::to_string).collect()
}

fn unique(parameters: &[Parameter]) -> Result<(), Refusal> {
    let mut names = HashSet::new();
    if parameters.len() > MAX_PARAMETERS || !parameters.iter().all(|parameter| names.insert(&parameter.name)) {
        return nonsense(format!("parameters are at most {MAX_PARAMETERS} and have different names"));
    }
    Ok(())
}

/// Where each credential goes, sorted.
fn bindings(descriptor: &Descriptor) -> Vec<Binding> {
    let mut bindings = Vec::new();
    for endpoint in &descriptor.endpoints {
        let mut bind = |value: &Value, scheme: &str| {
            if let Value::Credential(credential) = value {
                bindings.push(Binding {
                    credential: credential.clone(),
                    driver: descriptor.driver.clone(),
                    scheme: scheme.to_owned(),
                    endpoint_role: endpoint.role.clone(),
                    host: endpoint.host.to_ascii_lowercase(),
                    port: endpoint.port,
                    tls_mode: endpoint.tls.mode.name().to_owned(),
                    server_name: endpoint.tls.server_name.as_ref().unwrap_or(&endpoint.host).to_ascii_lowercase(),
                    roots_digest: roots_digest(&endpoint.tls.roots),
                });
            }
        };
        for authentication in descriptor.authentications.iter().filter(|it| it.endpoint_role == endpoint.role) {
            for parameter in &authentication.parameters {
                bind(&parameter.value, &authentication.scheme);
            }
        }
        if let Some(identity) = &endpoint.tls.identity {
            bind(&identity.key, "client-certificate");
        }
    }
    bindings.sort();
    bindings.dedup();
    bindings
}

fn roots_digest(roots: &[String]) -> String {
    if roots.is_empty() {
        return String::new();
    }
    let mut context = digest::Context::new(&digest::SHA256);
    for root in roots {
        // With its length, so that no two lists look alike.
        context.update(&(root.len() as u64).to_be_bytes());
        context.update(root.as_bytes());
    }
    hex::encode(context.finish().as_ref())
}

fn nonsense<T>(reason: String) -> Result<T, Refusal> {
    Err(Refusal::Nonsense(reason))
}

fn astray<T>(reason: String) -> Result<T, Refusal> {
    Err(Refusal::Astray(reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::code_of;
    use crate::connectors::contract::Reach;
    use crate::descriptor::{ClientIdentity, Tls};
    use serde_json::json;

    fn manifest() -> Manifest {
        let pattern = |text: &str| text.to_owned();
        Manifest {
            type_name: "postgres".to_owned(),
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
        let bound: Vec<_> =
            target.bindings.iter().map(|it| (it.credential.as_str(), it.host.as_str(), it.port)).collect();
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
        let changes: &[(&str, Change)] = &[
            ("another host", |it| it.endpoints[0].host = "evil.example.net".to_owned()),
            ("another port", |it| it.endpoints[0].port = 5433),
            ("another role", |it| it.endpoints.push(Endpoint { role: "token".to_owned(), ..it.endpoints[0].clone() })),
            ("looser TLS", |it| it.endpoints[0].tls.mode = TlsMode::VerifyCa),
            ("another name", |it| it.endpoints[0].tls.server_name = Some("evil.example.net".to_owned())),
            ("other roots", |it| it.endpoints[0].tls.roots = vec!["EVIL".to_owned()]),
            ("no roots", |it| it.endpoints[0].tls.roots.clear()),
            ("a secret as user name", |it| it.authentications[0].parameters[0].value = credential("password")),
            ("a credential twice", |it| it.authentications[0].parameters[1].value = credential("username")),
            ("a password as a key", |it| {
                let key = credential("password");
                it.endpoints[0].tls.identity = Some(ClientIdentity { certificate: String::new(), key });
            }),
            ("a credential to a driver", |it| it.parameters[0].value = credential("password")),
        ];
        for (what, change) in changes {
            let refusal = judge(&sent, SET, |it| {
                good(it);
                change(it);
            });
            let Err(Refusal::Astray(reason)) = refusal else { panic!("{what}: {refusal:?}") };
            assert!(code_of(&reason).is_some(), "an author is not told what to do about {reason:?}");
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
        let changes: &[(&str, Change)] = &[
            ("an unknown driver", |it| it.driver = "mysql".to_owned()),
            ("no endpoint", |it| it.endpoints.clear()),
            ("a driver's unknown parameter", |it| it.parameters[0].name = "options".to_owned()),
            ("a parameter twice", |it| it.parameters.push(it.parameters[0].clone())),
            ("a second authentication", |it| it.authentications.push(it.authentications[0].clone())),
            ("an unknown scheme", |it| it.authentications[0].scheme = "trust".to_owned()),
            ("a scheme's unknown parameter", |it| it.authentications[0].parameters[0].name = "user".to_owned()),
            ("a literal password", |it| it.authentications[0].parameters[1].value = Value::Text("x".to_owned())),
            ("an unknown credential", |it| it.authentications[0].parameters[1].value = credential("token")),
        ];
        for (what, change) in changes {
            let refusal = judge(&json!({"host": "db.example.com"}), SET, change);
            let Err(Refusal::Nonsense(reason)) = refusal else { panic!("{what}: {refusal:?}") };
            assert!(code_of(&reason).is_some(), "an author is not told what to do about {reason:?}");
        }
    }

    #[test]
    fn a_list_of_roots_has_a_digest_of_its_own() {
        let digest = |roots: &[&str]| roots_digest(&roots.iter().map(|&root| root.to_owned()).collect::<Vec<_>>());
        assert_eq!(digest(&[]), "");
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
    }
}
