//! A connector as a server calls it: on guest threads, so that nothing of the connector's holds up a serving thread.

use std::sync::Arc;

use serde_json::Value;

use super::contract::{Advice, AuthMethod, Finding, Manifest, Page, Statement};
use super::guests::{Key, Unfinished};
use super::version::Version;
use super::{Accepted, Call, CallError, Target};
use crate::diagnosis;

/// A loaded connector.
#[derive(Debug, Clone)]
pub struct Connector(pub(super) Arc<Version>);

impl Connector {
    /// The version, to be called on the calling thread.
    pub fn version(&self) -> &Version {
        &self.0
    }

    /// What it says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// `sha256:` and 64 hex digits of the component's bytes.
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// The optional interfaces it has: `catalog`, `diagnosis`, `migration`.
    pub fn capabilities(&self) -> Vec<&'static str> {
        self.0.adapter.capabilities()
    }

    /// See [`Version::auth_method`].
    pub fn auth_method(&self, config: &Value) -> Result<&AuthMethod, Finding> {
        self.0.auth_method(config)
    }

    /// See [`Version::check_credentials`].
    pub fn check_credentials(&self, auth_method: &str, credentials: &Value) -> Vec<Finding> {
        self.0.check_credentials(auth_method, credentials)
    }

    /// See [`Version::validate`].
    pub async fn validate(
        &self,
        call: Call<'_>,
        config: &Value,
        credentials_set: &[String],
    ) -> Result<(Vec<Finding>, Option<Accepted>), CallError> {
        let (config, credentials_set) = (config.clone(), credentials_set.to_vec());
        self.on_guest_thread(call, move |version| version.validate(call.purpose, &config, &credentials_set)).await
    }

    /// See [`Version::describe`].
    pub async fn describe(
        &self,
        call: Call<'_>,
        accepted: &Accepted,
    ) -> Result<Result<Target, Vec<Finding>>, CallError> {
        let accepted = accepted.clone();
        self.on_guest_thread(call, move |version| version.describe(call.purpose, &accepted)).await
    }

    /// See [`Version::plan`].
    pub async fn plan(
        &self,
        call: Call<'_>,
        accepted: &Accepted,
        page: &Page,
    ) -> Result<Option<Result<Statement, Vec<Finding>>>, CallError> {
        let (accepted, page) = (accepted.clone(), page.clone());
        self.on_guest_thread(call, move |version| version.plan(call.purpose, &accepted, &page)).await
    }

    /// See [`Version::diagnose`].
    pub async fn diagnose(
        &self,
        call: Call<'_>,
        accepted: &Accepted,
        stage: diagnosis::Stage,
        fault: &diagnosis::Fault,
    ) -> Result<Option<Advice>, CallError> {
        let (accepted, fault) = (accepted.clone(), fault.clone());
        self.on_guest_thread(call, move |version| version.diagnose(call.purpose, &accepted, stage, &fault)).await
    }

    async fn on_guest_thread<T: Send + 'static>(
        &self,
        call: Call<'_>,
        work: impl FnOnce(&Version) -> Result<T, CallError> + Send + 'static,
    ) -> Result<T, CallError> {
        let key = Key { organization: call.organization.to_owned(), connector: self.0.manifest.type_name.clone() };
        let (version, span) = (Arc::clone(&self.0), tracing::Span::current());
        // In the span of the request, so that what is logged over there can be found from here.
        let job = move || span.in_scope(|| work(&version));
        match self.0.runtime.guests.run(key, job).await {
            Ok(answer) => answer,
            Err(Unfinished::Busy) => Err(CallError::Busy),
            Err(Unfinished::Panicked) => Err(CallError::Trap { connector: self.0.label.to_string() }),
        }
    }
}
