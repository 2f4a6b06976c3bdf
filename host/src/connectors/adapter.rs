//! The seam between the host's model of the contract and its versions: one implementation for each version, chosen at
//! load.

use std::fmt;

use serde_json::Value;
use wasmtime::Store;

use super::contract::{Advice, Finding, Manifest, Page, Purpose, Statement};
use super::instance::State;
use crate::descriptor::Descriptor;

/// Why a connector is called.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    pub(super) purpose: Purpose,
}

/// What the tenant has set, as the connector gets it.
#[derive(Debug, Clone)]
pub(super) struct Configuration {
    /// A JSON object as text.
    pub(super) config: String,
    pub(super) auth_method: String,
    pub(super) credentials_set: Vec<String>,
    pub(super) written_by: Option<String>,
}

/// What a connector says of a configuration.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    pub(super) findings: Vec<Finding>,
    pub(super) normalised: Option<Value>,
}

/// A driver's fault, as the connector gets it.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) stage: String,
    pub(super) code: String,
    pub(super) native_code: Option<String>,
    pub(super) message: String,
}

/// Why a call gave no answer that can be used.
#[derive(Debug)]
pub(super) enum Failure {
    /// The guest trapped or exceeded a limit.
    Guest(wasmtime::Error),
    /// The answer breaks the contract.
    Nonsense(String),
}

impl From<wasmtime::Error> for Failure {
    fn from(error: wasmtime::Error) -> Self {
        Self::Guest(error)
    }
}

/// One version of the contract. Each function makes a fresh instance in the store that it gets.
pub(super) trait Adapter: fmt::Debug + Send + Sync {
    fn capabilities(&self) -> Vec<&'static str>;

    fn manifest(&self, store: &mut Store<State>) -> Result<Manifest, Failure>;

    fn validate(
        &self,
        store: &mut Store<State>,
        context: Context,
        configuration: &Configuration,
    ) -> Result<Verdict, Failure>;

    fn describe(
        &self,
        store: &mut Store<State>,
        context: Context,
        configuration: &Configuration,
    ) -> Result<Result<Descriptor, Vec<Finding>>, Failure>;

    /// None when the connector has no catalog.
    fn plan(
        &self,
        store: &mut Store<State>,
        context: Context,
        configuration: &Configuration,
        page: &Page,
    ) -> Result<Option<Result<Statement, Vec<Finding>>>, Failure>;

    /// None when the connector has no migration.
    fn migrate(
        &self,
        store: &mut Store<State>,
        context: Context,
        configuration: &Configuration,
    ) -> Result<Option<Verdict>, Failure>;

    /// None when the connector has no diagnosis, or nothing better to say.
    fn diagnose(
        &self,
        store: &mut Store<State>,
        context: Context,
        configuration: &Configuration,
        fault: &Fault,
    ) -> Result<Option<Advice>, Failure>;
}
