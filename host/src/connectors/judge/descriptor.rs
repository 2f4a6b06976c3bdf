//! Judges a connector's descriptor: it may lead only where the tenant's own words lead, protect the connection no less
//! than the tenant asked, and use credentials only as what they are.

use std::collections::HashSet;

use serde_json::Value as Json;

use super::Astray;
use super::authentication::Uses;
use super::binding::{Target, bindings};
use super::reach::{self, Approvals};
use crate::connectors::contract::{AuthMethod, Manifest, Nonsense};
use crate::descriptor::{Authentication, Descriptor, Parameter, Value};
use crate::drivers::{self, Driver};
use crate::stranger::shown;

/// Endpoints of a descriptor.
pub(super) const MAX_ENDPOINTS: usize = 16;
const MAX_AUTHENTICATIONS: usize = 8;
const MAX_PARAMETERS: usize = 64;

/// Why a descriptor is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::connectors) enum Refusal {
    /// It breaks the contract.
    Nonsense(Nonsense),
    /// It leads, or loosens, or reveals.
    Astray(Astray),
}

impl From<Nonsense> for Refusal {
    fn from(nonsense: Nonsense) -> Self {
        Self::Nonsense(nonsense)
    }
}

impl From<Astray> for Refusal {
    fn from(astray: Astray) -> Self {
        Self::Astray(astray)
    }
}

/// What the host knows of a connection whose descriptor it judges.
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
        let driver = self.driver(&descriptor)?;
        let allowed = reach::fill(self.manifest, self.approvals, self.sent);
        if descriptor.endpoints.len() > MAX_ENDPOINTS || !descriptor.endpoints.iter().any(|it| it.role == "data") {
            return Err(Nonsense::BadEndpoints(MAX_ENDPOINTS).into());
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
            return Err(Nonsense::BadAuthentications(MAX_AUTHENTICATIONS).into());
        }
        for authentication in &mut descriptor.authentications {
            self.authentication(driver, authentication, &mut uses)?;
        }
        let bindings = bindings(&descriptor);
        Ok(Target { descriptor, bindings, own })
    }

    /// The driver of a descriptor that has only parameters of that driver, and no credential among them.
    fn driver(&self, descriptor: &Descriptor) -> Result<&'static Driver, Refusal> {
        let driver = &descriptor.driver;
        let Some(known) = drivers::find(driver).filter(|_| self.manifest.drivers.contains(driver)) else {
            return Err(Nonsense::UnknownDriver(shown(driver).to_string()).into());
        };
        check_parameters(&descriptor.parameters)?;
        for Parameter { name, value } in &descriptor.parameters {
            if !known.parameters.contains(&name.as_str()) {
                let (owner, name) = (format!("driver {driver}"), shown(name).to_string());
                return Err(Nonsense::UnknownParameter { owner, name }.into());
            }
            if let Value::Credential(name) = value {
                return Err(Astray::CredentialInParameter(shown(name).to_string()).into());
            }
        }
        Ok(known)
    }
}

/// Whether parameters are few, and each is there once.
pub(super) fn check_parameters(parameters: &[Parameter]) -> Result<(), Nonsense> {
    let mut names = HashSet::new();
    if parameters.len() > MAX_PARAMETERS || !parameters.iter().all(|parameter| names.insert(&parameter.name)) {
        return Err(Nonsense::BadParameters(MAX_PARAMETERS));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
