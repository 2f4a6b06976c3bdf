//! Judges an authentication of a descriptor: a scheme that the driver performs, with its parameters, and credentials that are
//! used as what they are.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::Astray;
use super::descriptor::{Case, Refusal, check_parameters};
use crate::connectors::contract::Nonsense;
use crate::descriptor::{Authentication, Value};
use crate::drivers::Driver;
use crate::stranger::shown;

/// What each credential is used for, which is one thing.
#[derive(Default)]
pub(super) struct Uses(HashMap<String, String>);

impl Uses {
    /// Notes what a credential is used for, and refuses that if it is used for something else already.
    pub(super) fn only(&mut self, credential: &str, purpose: &str) -> Result<(), Astray> {
        let known = self.0.entry(credential.to_owned()).or_insert_with(|| purpose.to_owned());
        if known == purpose {
            return Ok(());
        }
        Err(Astray::CredentialUsedTwice(shown(credential).to_string()))
    }
}

impl Case<'_> {
    /// Judges an authentication. Parameters whose credential is not set are left out.
    pub(super) fn authentication(
        &self,
        driver: &Driver,
        authentication: &mut Authentication,
        uses: &mut Uses,
    ) -> Result<(), Refusal> {
        let Some(scheme) = driver.schemes.iter().find(|scheme| scheme.name == authentication.scheme) else {
            return Err(Nonsense::UnknownScheme(shown(&authentication.scheme).to_string()).into());
        };
        check_parameters(&authentication.parameters)?;
        for parameter in &authentication.parameters {
            let Some(known) = scheme.parameter(&parameter.name) else {
                let (owner, name) = (format!("scheme {}", scheme.name), shown(&parameter.name).to_string());
                return Err(Nonsense::UnknownParameter { owner, name }.into());
            };
            match &parameter.value {
                Value::Credential(name) => {
                    self.credential(name, known.secret)?;
                    uses.only(name, &parameter.name)?;
                }
                Value::Text(_) if known.secret => {
                    return Err(Nonsense::LiteralSecret(format!("a {}", known.name)).into());
                }
                Value::Text(_) => {}
            }
        }
        let is_set = |value: &Value| match value {
            Value::Credential(name) => self.credentials_set.contains(name),
            Value::Text(_) => true,
        };
        authentication.parameters.retain(|parameter| is_set(&parameter.value));
        Ok(())
    }

    /// Whether this is a credential of the method, and no secret where the protocol shows it openly.
    pub(super) fn credential(&self, name: &str, secret_place: bool) -> Result<(), Refusal> {
        let Some(schema) = self.method.credential_schema.get("properties").and_then(|them| them.get(name)) else {
            return Err(Nonsense::UnknownCredential(shown(name).to_string()).into());
        };
        let is_secret = schema.get("x-secret").and_then(Json::as_bool).unwrap_or(true);
        if is_secret && !secret_place {
            return Err(Astray::SecretSentOpenly(shown(name).to_string()).into());
        }
        Ok(())
    }
}
