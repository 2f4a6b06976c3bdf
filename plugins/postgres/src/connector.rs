//! The exported functions: each reads its arguments, asks the part that knows, and answers in the contract's types.

use crate::config::{self, Config};
use crate::contract::exports::patchpanel::connector::catalog::{Guest as Catalog, Page, Statement};
use crate::contract::exports::patchpanel::connector::connector::Guest as Connector;
use crate::contract::exports::patchpanel::connector::diagnosis::{Advice, Fault, Guest as Diagnosis};
use crate::contract::exports::patchpanel::connector::migration::Guest as Migration;
use crate::contract::patchpanel::connector::types::{
    Configuration, Context, Descriptor, Finding, Manifest, Severity, Verdict,
};
use crate::{advice, catalog, descriptor, manifest};

/// The type that carries the exports.
#[derive(Debug)]
pub struct PostgresConnector;

impl Connector for PostgresConnector {
    fn get_manifest() -> Manifest {
        manifest::manifest()
    }

    fn validate(_context: Context, configuration: Configuration) -> Verdict {
        verdict(config::check(&configuration.config, &configuration.credentials_set))
    }

    fn describe(_context: Context, configuration: Configuration) -> Result<Descriptor, Vec<Finding>> {
        let config = Config::from_normalised(&configuration.config)?;
        Ok(descriptor::describe(&config))
    }
}

impl Catalog for PostgresConnector {
    fn plan(_context: Context, configuration: Configuration, page: Page) -> Result<Statement, Vec<Finding>> {
        let config = Config::from_normalised(&configuration.config)?;
        catalog::plan(&config, &page)
    }
}

impl Diagnosis for PostgresConnector {
    fn diagnose(_context: Context, configuration: Configuration, fault: Fault) -> Option<Advice> {
        let config = Config::from_normalised(&configuration.config).ok()?;
        advice::advise(&config, &fault)
    }
}

impl Migration for PostgresConnector {
    /// There is no older form yet, so a configuration that is valid is already of this version.
    fn migrate(_context: Context, configuration: Configuration) -> Verdict {
        verdict(config::check(&configuration.config, &configuration.credentials_set))
    }
}

fn verdict((findings, config): (Vec<Finding>, Config)) -> Verdict {
    let refused = findings.iter().any(|finding| !matches!(finding.severity, Severity::Warning));
    Verdict { findings, normalised: (!refused).then(|| config.to_json()), extras: Vec::new() }
}
