//! The seam between the host's model of the contract and its versions: one implementation for each version, chosen at
//! load.

use std::fmt;

use serde_json::Value;
use wasmtime::Store;
use wasmtime::component::Component;

use super::v1::Version1;
use super::{Advice, Answer, Manifest, Nonsense, Page, Purpose};
use crate::connectors::guest::State;
use crate::descriptor::Descriptor;
use crate::finding::Finding;
use crate::statement::Statement;

/// A version of the contract that the host speaks.
pub(in crate::connectors) struct Contract {
    /// Such as `1.0.0`.
    pub(in crate::connectors) version: &'static str,
    /// Links a component by the version's adapter.
    pub(in crate::connectors) link: fn(&Component) -> wasmtime::Result<Box<dyn Adapter>>,
}

/// Every version that the host speaks, the oldest first.
pub(in crate::connectors) const SPOKEN: &[Contract] =
    &[Contract { version: "1.0.0", link: |component| Ok(Box::new(Version1::link(component)?)) }];

/// The version to speak with a component that was built for another: the newest that is not newer, since a minor version
/// only adds. None if it is not of contract 1.
pub(in crate::connectors) fn choose<'a>(spoken: &'a [Contract], built_for: &str) -> Option<&'a Contract> {
    let built_for = minor(built_for)?;
    spoken.iter().rev().find(|contract| minor(contract.version).is_some_and(|minor| minor <= built_for))
}

/// The versions that the host speaks, for people.
pub(in crate::connectors) fn spoken_versions() -> String {
    SPOKEN.iter().map(|contract| contract.version).collect::<Vec<_>>().join(", ")
}

/// MINOR of `1.MINOR.PATCH`. A version before a release is none: the contract does not bind it.
fn minor(version: &str) -> Option<u64> {
    let (minor, patch) = version.strip_prefix("1.")?.split_once('.')?;
    patch.parse::<u64>().ok().and(minor.parse().ok())
}

/// Why a connector is called.
#[derive(Debug, Clone, Copy)]
pub(in crate::connectors) struct Context {
    pub(in crate::connectors) purpose: Purpose,
}

/// What the tenant has set, as the connector gets it.
#[derive(Debug, Clone)]
pub(in crate::connectors) struct Configuration {
    /// A JSON object as text.
    pub(in crate::connectors) config: String,
    pub(in crate::connectors) auth_method: String,
    pub(in crate::connectors) credentials_set: Vec<String>,
    pub(in crate::connectors) written_by: Option<String>,
}

/// What a connector says of a configuration.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::connectors) struct Verdict {
    pub(in crate::connectors) findings: Vec<Finding>,
    pub(in crate::connectors) normalised: Option<Value>,
}

/// A driver's fault, as the connector gets it.
#[derive(Debug, Clone)]
pub(in crate::connectors) struct Fault {
    pub(in crate::connectors) stage: String,
    pub(in crate::connectors) code: String,
    pub(in crate::connectors) native_code: Option<String>,
    pub(in crate::connectors) message: String,
}

/// Why a call gave no answer that can be used.
#[derive(Debug)]
pub(in crate::connectors) enum Failure {
    /// The guest trapped or exceeded a limit.
    Guest(wasmtime::Error),
    /// The answer breaks the contract.
    Nonsense(Nonsense),
}

impl From<Nonsense> for Failure {
    fn from(nonsense: Nonsense) -> Self {
        Self::Nonsense(nonsense)
    }
}

impl From<wasmtime::Error> for Failure {
    fn from(error: wasmtime::Error) -> Self {
        Self::Guest(error)
    }
}

/// One version of the contract. Each function makes a fresh instance in the store that it gets.
pub(in crate::connectors) trait Adapter: fmt::Debug + Send + Sync {
    /// The contract's version, such as `1.0.0`.
    fn contract(&self) -> &'static str;

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
    ) -> Result<Answer<Descriptor>, Failure>;

    /// None when the connector has no catalog.
    fn plan(
        &self,
        store: &mut Store<State>,
        context: Context,
        configuration: &Configuration,
        page: &Page,
    ) -> Result<Option<Answer<Statement>>, Failure>;

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

#[cfg(test)]
mod tests;
