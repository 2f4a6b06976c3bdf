//! The connectors: Wasm components that validate configurations and describe connections. They never see the network,
//! the store or a secret value.

pub mod contract;

use std::sync::Arc;

use serde_json::Value;

use crate::descriptor::Descriptor;
use contract::{Advice, Finding, Manifest, Page, Purpose, Statement};

/// The loaded connectors, by type name.
#[derive(Debug)]
pub struct Connectors {}

/// One loaded connector version.
#[derive(Debug)]
pub struct Connector {}

/// Who asks, and for what.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The organisation on whose behalf, for fairness and limits.
    pub organization: &'a str,
    /// What the answer is for.
    pub purpose: Purpose,
}

/// A configuration that the connector accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// As the tenant sent it; decides where the connection may lead.
    pub sent: Value,
    /// As the connector normalised it; what is stored and shown.
    pub normalised: Value,
    /// One of the manifest's methods.
    pub auth_method: String,
    /// The names of the credentials that are set, sorted.
    pub credentials_set: Vec<String>,
    /// The connector version that normalised it.
    pub written_by: String,
}

/// A descriptor that the host has judged, and what each credential is bound to by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What to connect to.
    pub descriptor: Descriptor,
    /// Where each credential goes, sorted.
    pub bindings: Vec<Binding>,
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

/// A connector's failure to answer, which is never the user's mistake. `Display` is fit for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// A limit was exceeded; 504 for time, 502 else.
    #[error("the connector {connector} exceeded its limit: {limit}")]
    Limit {
        /// Name and version.
        connector: String,
        /// Which limit, its value and the setting.
        limit: String,
        /// Whether it was a limit of time.
        time: bool,
    },
    /// It trapped.
    #[error("the connector {connector} failed")]
    Trap {
        /// Name and version.
        connector: String,
    },
    /// Its answer breaks the contract.
    #[error("the connector {connector} gave an answer that breaks the contract: {reason}")]
    Nonsense {
        /// Name and version.
        connector: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It describes a connection to somewhere else than the tenant said.
    #[error("the connector {connector} tried to lead the connection astray: {reason}")]
    Astray {
        /// Name and version.
        connector: String,
        /// What it tried.
        reason: String,
    },
    /// Too many calls wait.
    #[error("too many connector calls are waiting; try again in a moment")]
    Busy,
}

impl Connectors {
    /// All connectors, sorted by type name.
    pub fn list(&self) -> Vec<Arc<Connector>> {
        todo!()
    }

    /// The connector of this type.
    pub fn find(&self, type_name: &str) -> Option<Arc<Connector>> {
        let _ = type_name;
        todo!()
    }
}

impl Connector {
    /// What it says of itself.
    pub fn manifest(&self) -> &Manifest {
        todo!()
    }

    /// `sha256:` and 64 hex digits of the component's bytes.
    pub fn digest(&self) -> &str {
        todo!()
    }

    /// The optional interfaces it has: `catalog`, `diagnosis`, `migration`.
    pub fn capabilities(&self) -> Vec<&'static str> {
        todo!()
    }

    /// Checks the credentials against the method's schema. Pointers start at the credentials' object; values never appear.
    pub fn check_credentials(&self, auth_method: &str, credentials: &Value) -> Vec<Finding> {
        let _ = (auth_method, credentials);
        todo!()
    }

    /// The authentication method that this configuration chooses; a finding if it is not one of the manifest's.
    pub fn auth_method(&self, config: &Value) -> Result<String, Finding> {
        let _ = config;
        todo!()
    }

    /// Checks a configuration against the schema and by the connector's `validate`: every finding at once, and the
    /// accepted configuration when none is an error. Pointers start at the configuration.
    pub async fn validate(
        &self,
        call: Call<'_>,
        config: &Value,
        credentials_set: &[String],
    ) -> Result<(Vec<Finding>, Option<Accepted>), CallError> {
        let _ = (call, config, credentials_set);
        todo!()
    }

    /// Asks for the descriptor and judges it. Findings mean that this version no longer accepts the configuration.
    pub async fn describe(
        &self,
        call: Call<'_>,
        accepted: &Accepted,
    ) -> Result<Result<Target, Vec<Finding>>, CallError> {
        let _ = (call, accepted);
        todo!()
    }

    /// Plans one page of the catalog; none without that interface.
    pub async fn plan(
        &self,
        call: Call<'_>,
        accepted: &Accepted,
        page: &Page,
    ) -> Result<Option<Result<Statement, Vec<Finding>>>, CallError> {
        let _ = (call, accepted, page);
        todo!()
    }

    /// Better words for a fault; none without that interface or if the connector has none.
    pub async fn diagnose(
        &self,
        call: Call<'_>,
        accepted: &Accepted,
        stage: crate::diagnosis::Stage,
        fault: &crate::diagnosis::Fault,
    ) -> Result<Option<Advice>, CallError> {
        let _ = (call, accepted, stage, fault);
        todo!()
    }
}
