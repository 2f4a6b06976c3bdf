//! One connector version: what it says of itself, and its answers, each given by a fresh instance on the calling thread
//! and judged before anybody sees it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::Value;
use wasmtime::Store;

use super::admission::{Schemas, Surface};
use super::contract::{
    Adapter, Advice, Answer, AuthMethod, Configuration, Context, Failure, Fault, Manifest, Nonsense, Page, Purpose,
};
use super::guest::{Limits, Runtime, State};
use super::judge::{self, Approvals, Case, Refusal};
use super::{Accepted, CallError, Target, call};
use crate::diagnosis;
use crate::finding::{self, Finding};
use crate::json;
use crate::meant;
use crate::schema::listed;
use crate::statement::Statement;

/// A connector version. A call holds the calling thread until it ends or meets its deadline, so a server calls through
/// [`super::VersionInUse`], which has threads for that.
#[derive(Debug)]
pub struct Version {
    pub(super) runtime: Arc<Runtime>,
    pub(super) adapter: Box<dyn Adapter>,
    pub(super) manifest: Manifest,
    pub(super) approvals: Approvals,
    pub(super) schemas: Schemas,
    pub(super) surface: Surface,
    pub(super) digest: String,
    /// Name and version, for errors and logs.
    pub(super) label: Arc<str>,
}

impl Version {
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

    /// The contract's version that the host speaks with it, such as `1.0.0`. What it was built for can be newer.
    pub fn contract(&self) -> &'static str {
        self.adapter.contract()
    }

    /// The names at its border.
    pub fn surface(&self) -> &Surface {
        &self.surface
    }

    /// The most memory that a call has had, of this connector or of another one of the same runtime.
    pub fn peak_memory_bytes(&self) -> usize {
        self.runtime.peak_memory_bytes.load(Ordering::Relaxed)
    }

    /// From now on the clock and the randomness of WASI are those of another moment, to see whether an answer depends on
    /// them; 0 is a host's. It holds for every connector of the same runtime, so this is for an author's tools alone.
    pub fn move_to(&self, moment: u64) {
        self.runtime.moment.store(moment, Ordering::Relaxed);
    }

    /// Does this, and returns the lines that were logged meanwhile by this connector or another one of the same runtime, as
    /// they are: for an author's tools alone.
    pub fn hear<T>(&self, work: impl FnOnce() -> T) -> (T, Vec<String>) {
        self.runtime.hear(work)
    }

    /// What a call may take.
    pub fn limits(&self) -> &Limits {
        &self.runtime.limits
    }

    /// The authentication method that a configuration chooses; a finding if it is not one of the manifest's.
    pub fn auth_method(&self, config: &Value) -> Result<&AuthMethod, Finding> {
        let methods = &self.manifest.auth_methods;
        let member = self.manifest.auth_member.as_deref().unwrap_or_default();
        match config.get(member) {
            None | Some(Value::Null) => Ok(&methods[0]),
            Some(chosen) => methods.iter().find(|method| chosen == method.name.as_str()).ok_or_else(|| {
                let names: Vec<&str> = methods.iter().map(|method| method.name.as_str()).collect();
                let question = meant::question(chosen.as_str().unwrap_or_default(), names.iter().copied());
                let message = format!("It must be {}{question}", listed(&names, "or"));
                Finding::error("unknown_value", &json::member("", member), &message)
            }),
        }
    }

    /// Checks credentials, a JSON object, against the method's schema. Pointers start at the credentials; values never
    /// appear.
    pub fn check_credentials(&self, auth_method: &str, credentials: &Value) -> Vec<Finding> {
        let mut methods = self.manifest.auth_methods.iter().zip(&self.schemas.credentials);
        let schema = methods.find(|(method, _)| method.name == auth_method);
        schema.map_or_else(Vec::new, |(_, schema)| schema.check(credentials))
    }

    /// Checks a configuration, as the tenant sent it, against the schema alone. Pointers start at the configuration. A member
    /// that is null where the schema allows no null is as one that is not there.
    pub fn check_config(&self, config: &Value) -> Vec<Finding> {
        if !config.is_object() {
            return vec![Finding::error("wrong_type", "", "It must be an object.")];
        }
        let mut findings = self.schemas.config.check(&self.schemas.config.without_nulls(config));
        if let Err(finding) = self.auth_method(config) {
            add(&mut findings, vec![finding]);
        }
        findings
    }

    /// Checks a configuration, as the tenant sent it, against the schema and then by the connector, and answers every
    /// finding and the accepted configuration when none is an error. What its schema refuses never reaches the connector:
    /// what that would make of it is the tenant's doing, not its own; nor does a null where the schema allows none, which is
    /// taken out. Pointers start at the configuration.
    pub fn validate(
        &self,
        purpose: Purpose,
        config: &Value,
        credentials_set: &[String],
    ) -> Result<(Vec<Finding>, Option<Accepted>), CallError> {
        let config: &Value = &self.schemas.config.without_nulls(config);
        let mut findings = self.check_config(config);
        let Ok(method) = self.auth_method(config) else { return Ok((findings, None)) };
        if finding::refuse(&findings) {
            return Ok((findings, None));
        }
        let properties = method.credential_schema.get("properties");
        let is_credential = |name: &&String| properties.is_some_and(|properties| properties.get(name).is_some());
        let configuration = Configuration {
            config: config.to_string(),
            auth_method: method.name.clone(),
            credentials_set: credentials_set.iter().filter(is_credential).cloned().collect(),
            written_by: None,
        };
        let context = Context { purpose };
        let verdict = self.call(|store| self.adapter.validate(store, context, &configuration))?;
        self.sensible(judge::check_verdict(config, &verdict, &self.schemas.config))?;
        add(&mut findings, verdict.findings);
        let accepted = verdict.normalised.filter(|_| !finding::refuse(&findings)).map(|normalised| Accepted {
            sent: config.clone(),
            normalised,
            auth_method: configuration.auth_method,
            credentials_set: configuration.credentials_set,
            written_by: self.manifest.version.clone(),
        });
        Ok((findings, accepted))
    }

    /// Asks for the descriptor and judges it. A refusal means that this version no longer accepts the configuration.
    pub fn describe(&self, purpose: Purpose, accepted: &Accepted) -> Result<Answer<Target>, CallError> {
        let (context, configuration) = (Context { purpose }, accepted.into());
        let answer = self.call(|store| self.adapter.describe(store, context, &configuration))?;
        let descriptor = match answer {
            Answer::Given(descriptor) => descriptor,
            Answer::Refused(findings) => {
                self.sensible(judge::check_refusal(&accepted.normalised, &findings))?;
                return Ok(Answer::Refused(findings));
            }
        };
        let mut methods = self.manifest.auth_methods.iter();
        let Some(method) = methods.find(|method| method.name == accepted.auth_method) else {
            let message = format!("This version has no authentication method {}.", accepted.auth_method);
            return Ok(Answer::Refused(vec![Finding::error("unknown_value", "", &message)]));
        };
        let case = Case {
            manifest: &self.manifest,
            approvals: &self.approvals,
            method,
            sent: &accepted.sent,
            credentials_set: &accepted.credentials_set,
        };
        case.judge(descriptor).map(Answer::Given).map_err(|refusal| self.refused(refusal))
    }

    /// Brings a configuration of an earlier version to this one; none without that interface.
    pub fn migrate(&self, purpose: Purpose, stored: &Accepted) -> Result<Option<Answer<Accepted>>, CallError> {
        let (context, configuration) = (Context { purpose }, stored.into());
        let verdict = self.call(|store| self.adapter.migrate(store, context, &configuration))?;
        let Some(verdict) = verdict else { return Ok(None) };
        self.sensible(judge::check_verdict(&stored.normalised, &verdict, &self.schemas.config))?;
        let migrated = verdict.normalised.filter(|_| !finding::refuse(&verdict.findings)).map(|normalised| Accepted {
            normalised,
            written_by: self.manifest.version.clone(),
            ..stored.clone()
        });
        Ok(Some(migrated.map_or(Answer::Refused(verdict.findings), Answer::Given)))
    }

    /// Plans one page of the catalog; none without that interface.
    pub fn plan(
        &self,
        purpose: Purpose,
        accepted: &Accepted,
        page: &Page,
    ) -> Result<Option<Answer<Statement>>, CallError> {
        let (context, configuration) = (Context { purpose }, accepted.into());
        let plan = self.call(|store| self.adapter.plan(store, context, &configuration, page))?;
        self.sensible(match &plan {
            Some(Answer::Given(statement)) => judge::check_statement(statement, &self.manifest.drivers),
            Some(Answer::Refused(findings)) => judge::check_refusal(&accepted.normalised, findings),
            None => Ok(()),
        })?;
        Ok(plan)
    }

    /// Better words for a fault; none without that interface or if the connector has none.
    pub fn diagnose(
        &self,
        purpose: Purpose,
        accepted: &Accepted,
        stage: diagnosis::Stage,
        fault: &diagnosis::Fault,
    ) -> Result<Option<Advice>, CallError> {
        let (context, configuration) = (Context { purpose }, accepted.into());
        let fault = Fault {
            stage: stage.name().to_owned(),
            code: fault.code.to_owned(),
            native_code: fault.native_code.clone(),
            message: fault.message.clone(),
        };
        let advice = self.call(|store| self.adapter.diagnose(store, context, &configuration, &fault))?;
        self.sensible(advice.iter().try_for_each(judge::check_advice))?;
        Ok(advice)
    }

    fn call<T>(&self, work: impl FnOnce(&mut Store<State>) -> Result<T, Failure>) -> Result<T, CallError> {
        call::make(&self.runtime, &self.label, work)
    }

    fn sensible(&self, answer: Result<(), Nonsense>) -> Result<(), CallError> {
        answer.map_err(|nonsense| self.refused(nonsense.into()))
    }

    fn refused(&self, refusal: Refusal) -> CallError {
        call::refused(&self.label, refusal)
    }
}

impl From<&Accepted> for Configuration {
    fn from(accepted: &Accepted) -> Self {
        Self {
            config: accepted.normalised.to_string(),
            auth_method: accepted.auth_method.clone(),
            credentials_set: accepted.credentials_set.clone(),
            written_by: Some(accepted.written_by.clone()),
        }
    }
}

/// Adds what a connector found about members of which the host has not said the same sort of thing already.
fn add(findings: &mut Vec<Finding>, found: Vec<Finding>) {
    let known: Vec<String> = findings.iter().map(|finding| finding.pointer.clone()).collect();
    findings.extend(found.into_iter().filter(|finding| !known.contains(&finding.pointer)));
}
