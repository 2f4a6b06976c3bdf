//! Contract 1.x: what is said in its generated types, and in those of the host's model.

use super::bindings::exports::patchpanel::connector::catalog;
use super::bindings::patchpanel::connector::types;
use crate::connectors::contract::{
    Answer, AuthMethod, Configuration, Context, Instruction, Manifest, Nonsense, Page, Reach, Verdict,
};
use crate::descriptor::{Authentication, ClientIdentity, Descriptor, Endpoint, Parameter, Tls, TlsMode, Value};
use crate::finding::{Finding, Severity};
use crate::json;
use crate::statement::Statement;
use crate::stranger::shown;

fn parse(what: &'static str, text: &str) -> Result<serde_json::Value, Nonsense> {
    json::parse(text.as_bytes()).map_err(|error| Nonsense::BadJson { what, error: error.to_string() })
}

impl From<Context> for types::Context {
    fn from(context: Context) -> Self {
        Self { locale: "en".to_owned(), purpose: context.purpose.name().to_owned(), extras: Vec::new() }
    }
}

impl From<&Configuration> for types::Configuration {
    fn from(configuration: &Configuration) -> Self {
        Self {
            config: configuration.config.clone(),
            auth_method: configuration.auth_method.clone(),
            credentials_set: configuration.credentials_set.clone(),
            written_by: configuration.written_by.clone(),
            extras: Vec::new(),
        }
    }
}

impl From<&Page> for catalog::Page {
    fn from(page: &Page) -> Self {
        Self {
            level: page.level.name().to_owned(),
            parents: page.parents.clone(),
            pattern: page.pattern.clone(),
            after: page.after.clone(),
            limit: page.limit,
            extras: Vec::new(),
        }
    }
}

impl From<types::Finding> for Finding {
    fn from(finding: types::Finding) -> Self {
        Self {
            severity: match finding.severity {
                types::Severity::Warning => Severity::Warning,
                types::Severity::Error | types::Severity::Other(_) => Severity::Error,
            },
            code: finding.code,
            pointer: finding.pointer,
            message: finding.message,
            hint: finding.hint,
        }
    }
}

pub(super) fn refused<T>(findings: Vec<types::Finding>) -> Answer<T> {
    Answer::Refused(findings.into_iter().map(Into::into).collect())
}

pub(super) fn verdict(verdict: types::Verdict) -> Result<Verdict, Nonsense> {
    Ok(Verdict {
        findings: verdict.findings.into_iter().map(Into::into).collect(),
        normalised: verdict.normalised.map(|text| parse("the normalised configuration", &text)).transpose()?,
    })
}

pub(super) fn manifest(manifest: types::Manifest) -> Result<Manifest, Nonsense> {
    Ok(Manifest {
        config_schema: parse("the configuration's schema", &manifest.config_schema)?,
        auth_methods: manifest.auth_methods.into_iter().map(auth_method).collect::<Result<_, _>>()?,
        examples: manifest.examples.iter().map(|text| parse("an example", text)).collect::<Result<_, _>>()?,
        reaches: manifest.reaches.into_iter().map(Into::into).collect(),
        setup: manifest.setup.into_iter().map(Into::into).collect(),
        connection_type: manifest.type_name,
        version: manifest.version,
        title: manifest.title,
        description: manifest.description,
        config_member: manifest.config_member,
        auth_member: manifest.auth_member,
        drivers: manifest.drivers,
    })
}

fn auth_method(method: types::AuthMethod) -> Result<AuthMethod, Nonsense> {
    let credential_schema = parse("a credential schema", &method.credential_schema)?;
    Ok(AuthMethod { name: method.name, title: method.title, credential_schema })
}

impl From<types::Reach> for Reach {
    fn from(reach: types::Reach) -> Self {
        Self {
            endpoint_role: reach.endpoint_role,
            host: reach.host,
            port: reach.port,
            tls_mode: reach.tls_mode,
            server_name: reach.server_name,
            roots: reach.roots,
        }
    }
}

impl From<types::Instruction> for Instruction {
    fn from(instruction: types::Instruction) -> Self {
        Self { title: instruction.title, language: instruction.language, text: instruction.text }
    }
}

pub(super) fn descriptor(descriptor: types::Descriptor) -> Result<Descriptor, Nonsense> {
    let authentications = descriptor.authentications.into_iter().map(|authentication| {
        Ok(Authentication {
            endpoint_role: authentication.endpoint_role,
            scheme: authentication.scheme,
            parameters: parameters(authentication.parameters)?,
        })
    });
    Ok(Descriptor {
        driver: descriptor.driver,
        endpoints: descriptor.endpoints.into_iter().map(endpoint).collect::<Result<_, _>>()?,
        authentications: authentications.collect::<Result<_, Nonsense>>()?,
        parameters: parameters(descriptor.parameters)?,
    })
}

fn parameters(parameters: Vec<types::Parameter>) -> Result<Vec<Parameter>, Nonsense> {
    parameters
        .into_iter()
        .map(|parameter| Ok(Parameter { name: parameter.name, value: value(parameter.value)? }))
        .collect()
}

fn value(value: types::Value) -> Result<Value, Nonsense> {
    match value {
        types::Value::Text(text) => Ok(Value::Text(text)),
        types::Value::Credential(name) => Ok(Value::Credential(name)),
        types::Value::Other((kind, _)) => Err(Nonsense::UnknownKind(shown(&kind).to_string())),
    }
}

fn endpoint(endpoint: types::Endpoint) -> Result<Endpoint, Nonsense> {
    Ok(Endpoint { role: endpoint.role, host: endpoint.host, port: endpoint.port, tls: tls(endpoint.tls)? })
}

fn tls(tls: types::Tls) -> Result<Tls, Nonsense> {
    let mode = match tls.mode {
        types::TlsMode::Disable => TlsMode::Disable,
        types::TlsMode::Require => TlsMode::Require,
        types::TlsMode::VerifyCa => TlsMode::VerifyCa,
        types::TlsMode::VerifyFull => TlsMode::VerifyFull,
        types::TlsMode::Other(mode) => return Err(Nonsense::UnknownTlsMode(shown(&mode).to_string())),
    };
    let identity = tls.identity.map(|identity| -> Result<_, Nonsense> {
        Ok(ClientIdentity { certificate: identity.certificate, key: value(identity.key)? })
    });
    Ok(Tls { mode, server_name: tls.server_name, roots: tls.roots, identity: identity.transpose()? })
}

pub(super) fn statement(statement: catalog::Statement) -> Result<Statement, Nonsense> {
    let parameters = statement.parameters.into_iter().map(|parameter| match value(parameter)? {
        Value::Text(text) => Ok(text),
        Value::Credential(_) => Err(Nonsense::CredentialInStatement),
    });
    Ok(Statement {
        parameters: parameters.collect::<Result<_, Nonsense>>()?,
        language: statement.language,
        text: statement.text,
    })
}
