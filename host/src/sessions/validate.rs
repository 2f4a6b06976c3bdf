//! What can be said of a connection without a credential, a look-up or a socket: what its schema and its connector find, where it
//! would lead, and what this installation has against that.

use serde_json::Value;

use super::Sessions;
use super::open::of_connector;
use crate::auth::Permission;
use crate::connections::{Described, Error, Outline, Request};
use crate::connectors::contract::Purpose;
use crate::connectors::{Call, Origin};
use crate::descriptor::Endpoint;
use crate::diagnosis::{Fault, code};
use crate::finding::{Finding, Severity};
use crate::json;

/// What there is to say of a connection before anything is opened.
#[derive(Debug)]
pub struct Validation {
    /// Everything at once, with pointers into the request's body, those of credentials below `/credentials`. What a test would
    /// stumble over is a warning, since it refuses nothing here.
    pub findings: Vec<Finding>,
    /// The configuration as its connector would have it stored; none when a finding is an error.
    pub normalised: Option<Value>,
    /// Where it would lead, in the order of trying; empty when a finding is an error.
    pub endpoints: Vec<Endpoint>,
}

impl Sessions {
    /// Looks at a connection without dialling, and without a credential.
    pub async fn validate(&self, request: Request<'_>, outline: Outline) -> Result<Validation, Error> {
        request.authorize(Permission::Create)?;
        let call = Call { organization: &request.tenant.organization, purpose: Purpose::Check };
        let (mut findings, described) = self.connections.reviewer().outline(call, &outline).await?;
        let Some(described) = described else {
            return Ok(Validation { findings, normalised: None, endpoints: Vec::new() });
        };
        findings.extend(self.foresee(&described, &outline.config_member));
        let Described { accepted, target, .. } = described;
        Ok(Validation { findings, normalised: Some(accepted.normalised), endpoints: target.descriptor.endpoints })
    }

    /// What a test would stumble over, each at the member that leads there.
    fn foresee(&self, described: &Described, config_member: &str) -> Vec<Finding> {
        let Described { connector, accepted, target } = described;
        let top = json::member("", config_member);
        let of_connector = of_connector(target).map(|fault| warning(&fault, &top, None));
        let of_endpoints = target.descriptor.endpoints.iter().flat_map(|endpoint| {
            let origin = Origin::of(endpoint, &connector.manifest().reaches, &accepted.sent);
            let faults = self.drivers.foresee(endpoint).into_iter();
            faults.map(|fault| warning(&fault, &top, origin_of(&fault, &origin))).collect::<Vec<_>>()
        });
        of_connector.into_iter().chain(of_endpoints).collect()
    }
}

/// The member that a fault is about.
fn origin_of<'a>(fault: &Fault, origin: &'a Origin) -> Option<&'a str> {
    let of = |code: &code::Code| fault.code == code.name;
    if of(&code::PORT_REFUSED) {
        origin.port.as_deref()
    } else if of(&code::HOST_MALFORMED) || of(&code::ADDRESS_REFUSED) {
        origin.host.as_deref()
    } else {
        origin.tls_mode.as_deref()
    }
}

fn warning(fault: &Fault, top: &str, member: Option<&str>) -> Finding {
    Finding {
        severity: Severity::Warning,
        code: fault.code.to_owned(),
        pointer: format!("{top}{}", member.unwrap_or_default()),
        message: fault.message.clone(),
        hint: Some(fault.remedy.clone()),
    }
}
