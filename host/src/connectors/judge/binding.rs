//! What a credential is bound to: the place and the protection that its tenant has agreed to.

use aws_lc_rs::digest;

use crate::descriptor::{Descriptor, Value};
use crate::drivers::schemes::CLIENT_CERTIFICATE;
use crate::hex;

/// A descriptor that the host has judged, and what each credential is bound to by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What to connect to.
    pub descriptor: Descriptor,
    /// Where each credential goes, sorted.
    pub bindings: Vec<Binding>,
    /// What of the protection is the connector's own decision, which the operator has approved: one phrase for each, such as
    /// `the TLS mode disable`.
    pub own: Vec<String>,
}

/// Where one credential may be sent. Stored with the connection; another one needs the credential anew.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Binding {
    /// The credential's name.
    pub credential: String,
    /// The driver that gets it.
    pub driver: String,
    /// The scheme that uses it; `client-certificate` for a key.
    pub scheme: String,
    /// The endpoint's role, host and port.
    pub endpoint_role: String,
    /// In lower case.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The TLS mode's name.
    pub tls_mode: String,
    /// The name that the certificate is checked against.
    pub server_name: String,
    /// SHA-256 of the roots, hex; empty for the system's.
    pub roots_digest: String,
}

/// Where each credential goes, sorted.
pub(super) fn bindings(descriptor: &Descriptor) -> Vec<Binding> {
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
            bind(&identity.key, CLIENT_CERTIFICATE.name);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_roots_has_a_digest_of_its_own() {
        let digest = |roots: &[&str]| roots_digest(&roots.iter().map(|&root| root.to_owned()).collect::<Vec<_>>());
        assert_eq!(digest(&[]), "");
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
    }
}
