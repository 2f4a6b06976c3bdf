//! Judges an endpoint of a descriptor: where it leads, and how the connection there is protected.

use super::authentication::Uses;
use super::descriptor::{Case, Refusal};
use super::reach::{Allowed, Own};
use super::{Astray, Wrong};
use crate::connectors::contract::Nonsense;
use crate::descriptor::{Endpoint, TlsMode, Value};
use crate::drivers::schemes::CLIENT_CERTIFICATE;
use crate::stranger::shown;

impl Case<'_> {
    /// Judges an endpoint, and says what the connector decides about it by itself. A client certificate whose key is not set
    /// is left out.
    pub(super) fn endpoint(
        &self,
        endpoint: &mut Endpoint,
        allowed: &[Allowed],
        uses: &mut Uses,
    ) -> Result<Vec<String>, Refusal> {
        let mut here = allowed.iter().filter(|allowed| {
            allowed.endpoint_role == endpoint.role
                && allowed.host.eq_ignore_ascii_case(&endpoint.host)
                && allowed.port == endpoint.port
        });
        let fitting = here.clone().filter(|allowed| protects(endpoint, allowed).is_ok());
        // Of several places that allow it, the one that is the tenant's word most of all.
        let Some(own) = fitting.map(|allowed| decided(endpoint, allowed)).min_by_key(Vec::len) else {
            let loosened = here.next_back().and_then(|allowed| protects(endpoint, allowed).err());
            let place = format!("{} endpoint {}:{}", shown(&endpoint.role), shown(&endpoint.host), endpoint.port);
            return Err(Astray::Endpoint { place, wrong: loosened.unwrap_or(Wrong::Elsewhere) }.into());
        };
        let key = endpoint.tls.identity.as_ref().map(|identity| identity.key.clone());
        match key {
            Some(Value::Text(_)) => Err(Nonsense::LiteralSecret("the key of a client certificate".to_owned()).into()),
            Some(Value::Credential(name)) => {
                self.credential(&name, true)?;
                uses.only(&name, CLIENT_CERTIFICATE.name)?;
                if !self.credentials_set.contains(&name) {
                    endpoint.tls.identity = None;
                }
                Ok(own)
            }
            None => Ok(own),
        }
    }
}

/// Whether an endpoint is protected as this place demands; else how not.
fn protects(endpoint: &Endpoint, allowed: &Allowed) -> Result<(), Wrong> {
    let tls = &endpoint.tls;
    if tls.mode < allowed.tls_mode {
        return Err(Wrong::LooserTls);
    }
    let own_name = |name: &String| {
        name.eq_ignore_ascii_case(&endpoint.host)
            || allowed.server_name.as_ref().is_some_and(|allowed| allowed.eq_ignore_ascii_case(name))
    };
    if !tls.server_name.iter().all(own_name) {
        return Err(Wrong::AnotherName);
    }
    if tls.mode != TlsMode::Disable && tls.roots != allowed.roots {
        return Err(Wrong::OtherRoots);
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
