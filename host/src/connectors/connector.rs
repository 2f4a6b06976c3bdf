//! One loaded connector version: what it says of itself, and calls of it whose answers have been judged.

use std::sync::Arc;

use serde_json::Value;
use wasmtime::Store;

use super::adapter::{Adapter, Configuration, Context, Failure, Fault, Verdict};
use super::contract::{Advice, AuthMethod, Finding, Manifest, Page, Purpose, Severity, Statement};
use super::guests::{Key, Unfinished};
use super::instance::State;
use super::judge::{Case, Refusal};
use super::runtime::Runtime;
use super::{Accepted, Call, CallError, Target, verdict};
use crate::diagnosis;
use crate::schema::Schema;

/// A connector version, ready to be called.
#[derive(Debug)]
pub struct Connector {
    pub(super) runtime: Arc<Runtime>,
    pub(super) adapter: Arc<dyn Adapter>,
    pub(super) manifest: Manifest,
    pub(super) digest: String,
    /// Name and version, for errors and logs.
    pub(super) label: Arc<str>,
    pub(super) config_schema: Schema,
    /// In the order of the manifest's methods.
    pub(super) credential_schemas: Vec<Schema>,
}

impl Connector {
    /// What it says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// `sha256:` and 64 hex digits of the component's bytes.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The optional interfaces it has: `catalog`, `diagnosis`, `migration`.
    pub fn capabilities(&self) -> Vec<&'static str> {
        self.adapter.capabilities()
    }

    /// The authentication method that a configuration chooses; a finding if it is not one of the manifest's.
    pub fn auth_method(&self, config: &Value) -> Result<&AuthMethod, Finding> {
        let methods = &self.manifest.auth_methods;
        let member = self.manifest.auth_member.as_deref().unwrap_or_default();
        match config.get(member) {
            None => Ok(&methods[0]),
            Some(chosen) => methods.iter().find(|method| chosen == method.name.as_str()).ok_or_else(|| {
                let names = methods.iter().map(|method| method.name.as_str()).collect::<Vec<_>>().join(", ");
                let pointer = crate::schema::member("", member);
                Finding::error("unknown_value", &pointer, &format!("It must be one of: {names}."))
            }),
        }
    }

    /// Checks credentials, a JSON object, against the method's schema. Pointers start at the credentials; values never
    /// appear.
    pub fn check_credentials(&self, auth_method: &str, credentials: &Value) -> Vec<Finding> {
        let schemas = self.manifest.auth_methods.iter().zip(&self.credential_schemas);
        let schema = schemas.into_iter().find(|(method, _)| method.name == auth_method);
        schema.map_or_else(Vec::new, |(_, schema)| schema.check(credentials))
    }

    /// Checks a configuration, a JSON object as the tenant sent it, against the schema and by the connector: every
    /// finding at once, and the accepted configuration when none is an error. Pointers start at the configuration.
    pub async fn validate(
        &self,
        call: Call<'_>,
        config: &Value,
        credentials_set: &[String],
    ) -> Result<(Vec<Finding>, Option<Accepted>), CallError> {
        if !config.is_object() {
            return Ok((vec![Finding::error("wrong_type", "", "It must be an object.")], None));
        }
        let mut findings = self.config_schema.check(config);
        let auth_method = match self.auth_method(config) {
            Ok(method) => method.name.clone(),
            Err(finding) => {
                add(&mut findings, vec![finding]);
                self.manifest.auth_methods[0].name.clone()
            }
        };
        let configuration = Configuration {
            config: config.to_string(),
            auth_method: auth_method.clone(),
            credentials_set: credentials_set.to_vec(),
            written_by: None,
        };
        let verdict = self.call(call, move |adapter, store, context| adapter.validate(store, context, &configuration));
        let Verdict { findings: found, normalised } = self.judge_verdict(config, verdict.await?)?;
        add(&mut findings, found);
        let refused = findings.iter().any(|finding| finding.severity == Severity::Error);
        let accepted = normalised.filter(|_| !refused).map(|normalised| Accepted {
            sent: config.clone(),
            normalised,
            auth_method,
            credentials_set: credentials_set.to_vec(),
            written_by: self.manifest.version.clone(),
        });
        Ok((findings, accepted))
    }

    /// Asks for the descriptor and judges it. Findings mean that this version no longer accepts the configuration.
    pub async fn describe(
        &self,
        call: Call<'_>,
        accepted: &Accepted,
    ) -> Result<Result<Target, Vec<Finding>>, CallError> {
        let configuration = configuration(accepted);
        let answer = self.call(call, move |adapter, store, context| adapter.describe(store, context, &configuration));
        let descriptor = match answer.await? {
            Ok(descriptor) => descriptor,
            Err(findings) => {
                verdict::check_findings(&accepted.normalised, &findings).map_err(|reason| self.nonsense(reason))?;
                return Ok(Err(findings));
            }
        };
        let method = self.auth_method(&accepted.sent).map_err(|_| self.nonsense("the method is gone".to_owned()))?;
        let case =
            Case { manifest: &self.manifest, method, sent: &accepted.sent, credentials_set: &accepted.credentials_set };
        case.judge(descriptor).map(Ok).map_err(|refusal| self.refused(refusal))
    }

    /// Plans one page of the catalog; none without that interface.
    pub async fn plan(
        &self,
        call: Call<'_>,
        accepted: &Accepted,
        page: &Page,
    ) -> Result<Option<Result<Statement, Vec<Finding>>>, CallError> {
        let (configuration, page) = (configuration(accepted), page.clone());
        let plan = self.call(call, move |adapter, store, context| adapter.plan(store, context, &configuration, &page));
        let plan = plan.await?;
        match &plan {
            Some(Ok(statement)) => verdict::check_statement(statement),
            Some(Err(findings)) => verdict::check_findings(&accepted.normalised, findings),
            None => Ok(()),
        }
        .map_err(|reason| self.nonsense(reason))?;
        Ok(plan)
    }

    /// Better words for a fault; none without that interface or if the connector has none.
    pub async fn diagnose(
        &self,
        call: Call<'_>,
        accepted: &Accepted,
        stage: diagnosis::Stage,
        fault: &diagnosis::Fault,
    ) -> Result<Option<Advice>, CallError> {
        let configuration = configuration(accepted);
        let fault = Fault {
            stage: stage.name().to_owned(),
            code: fault.code.to_owned(),
            native_code: fault.sqlstate.clone(),
            message: fault.message.clone(),
        };
        let advice =
            self.call(call, move |adapter, store, context| adapter.diagnose(store, context, &configuration, &fault));
        let advice = advice.await?;
        advice.iter().try_for_each(verdict::check_advice).map_err(|reason| self.nonsense(reason))?;
        Ok(advice)
    }

    /// One call in a fresh instance on a guest thread.
    async fn call<T: Send + 'static>(
        &self,
        call: Call<'_>,
        work: impl FnOnce(&dyn Adapter, &mut Store<State>, Context) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, CallError> {
        let key = Key { organization: call.organization.to_owned(), connector: self.manifest.type_name.clone() };
        let context = Context { purpose: call.purpose };
        let (runtime, adapter, label) = (Arc::clone(&self.runtime), Arc::clone(&self.adapter), Arc::clone(&self.label));
        let job = move || runtime.call(&label, |store| work(&*adapter, store, context));
        match self.runtime.guests.run(key, job).await {
            Ok(answer) => {
                answer.inspect_err(|error| tracing::warn!(connector = &*self.label, %error, "a connector call failed"))
            }
            Err(Unfinished::Busy) => Err(CallError::Busy),
            Err(Unfinished::Panicked) => Err(CallError::Trap { connector: self.label.to_string() }),
        }
    }

    fn judge_verdict(&self, config: &Value, verdict: Verdict) -> Result<Verdict, CallError> {
        verdict::check_verdict(config, &verdict, &self.config_schema).map_err(|reason| self.nonsense(reason))?;
        Ok(verdict)
    }

    fn nonsense(&self, reason: String) -> CallError {
        tracing::warn!(connector = &*self.label, reason, "a connector's answer breaks the contract");
        CallError::Nonsense { connector: self.label.to_string(), reason }
    }

    fn refused(&self, refusal: Refusal) -> CallError {
        match refusal {
            Refusal::Nonsense(reason) => self.nonsense(reason),
            Refusal::Astray(reason) => {
                tracing::error!(connector = &*self.label, reason, "a connector tried to lead a connection astray");
                CallError::Astray { connector: self.label.to_string(), reason }
            }
        }
    }

    /// Tries the manifest's examples, as a tenant would send them.
    pub(super) fn try_example(&self, example: &Value) -> Result<Vec<Finding>, CallError> {
        let mut findings = self.config_schema.check(example);
        let method = match self.auth_method(example) {
            Ok(method) => method.name.clone(),
            Err(finding) => return Ok(vec![finding]),
        };
        let context = Context { purpose: Purpose::Check };
        let sent = Configuration {
            config: example.to_string(),
            auth_method: method,
            credentials_set: Vec::new(),
            written_by: None,
        };
        let verdict = self.runtime.call(&self.label, |store| self.adapter.validate(store, context, &sent))?;
        let Verdict { findings: found, normalised } = self.judge_verdict(example, verdict)?;
        add(&mut findings, found);
        if let Some(normalised) = normalised.filter(|_| findings.is_empty()) {
            let normalised = Configuration {
                config: normalised.to_string(),
                written_by: Some(self.manifest.version.clone()),
                ..sent
            };
            let described =
                self.runtime.call(&self.label, |store| self.adapter.describe(store, context, &normalised))?;
            let method = self.auth_method(example).map_err(|_| self.nonsense("the method is gone".to_owned()))?;
            let case = Case { manifest: &self.manifest, method, sent: example, credentials_set: &[] };
            match described {
                Ok(descriptor) => drop(case.judge(descriptor).map_err(|refusal| self.refused(refusal))?),
                Err(found) => add(&mut findings, found),
            }
        }
        Ok(findings)
    }
}

fn configuration(accepted: &Accepted) -> Configuration {
    Configuration {
        config: accepted.normalised.to_string(),
        auth_method: accepted.auth_method.clone(),
        credentials_set: accepted.credentials_set.clone(),
        written_by: Some(accepted.written_by.clone()),
    }
}

/// Adds findings about members that nothing has been said about yet.
fn add(findings: &mut Vec<Finding>, more: Vec<Finding>) {
    for finding in more {
        if !findings.iter().any(|known| known.pointer == finding.pointer) {
            findings.push(finding);
        }
    }
}
