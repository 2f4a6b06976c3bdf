//! Contract 1.x: from the host's model to the generated types and back, and nothing else.

use std::fmt;

use wasmtime::component::{Component, HasSelf, InstancePre, Linker};
use wasmtime::{Engine, Store};

use super::adapter::{Adapter, Configuration, Context, Failure, Verdict};
use super::{Advice, Answer, AuthMethod, Instruction, Manifest, Nonsense, Page, Reach};
use crate::connectors::guest::{State, wasi};
use crate::descriptor::{Authentication, ClientIdentity, Descriptor, Endpoint, Parameter, Tls, TlsMode, Value};
use crate::finding::{Finding, Severity};
use crate::json;
use crate::statement::Statement;
use crate::stranger::shown;

pub(super) mod bindings {
    wasmtime::component::bindgen!({ path: "../wit", world: "full-connector" });
}

use bindings::exports::patchpanel::connector::{catalog, connector, diagnosis, migration};
use bindings::patchpanel::connector::{log, types};

/// A component built for contract 1.x, linked and ready.
pub(super) struct Version1 {
    instance: InstancePre<State>,
    connector: connector::GuestIndices,
    catalog: Option<catalog::GuestIndices>,
    diagnosis: Option<diagnosis::GuestIndices>,
    migration: Option<migration::GuestIndices>,
}

impl fmt::Debug for Version1 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Version1").field("capabilities", &self.capabilities()).finish_non_exhaustive()
    }
}

impl Version1 {
    /// Links the component; the optional interfaces are looked up here, once. What it imports has been checked.
    pub(super) fn link(component: &Component) -> wasmtime::Result<Self> {
        Self::of(linker(component.engine())?.instantiate_pre(component)?)
    }

    /// The same for one that is linked already, as a later version does to speak what it has in common with this one.
    pub(super) fn of(instance: InstancePre<State>) -> wasmtime::Result<Self> {
        Ok(Self {
            connector: connector::GuestIndices::new(&instance)?,
            catalog: catalog::GuestIndices::new(&instance).ok(),
            diagnosis: diagnosis::GuestIndices::new(&instance).ok(),
            migration: migration::GuestIndices::new(&instance).ok(),
            instance,
        })
    }

    fn connector(&self, store: &mut Store<State>) -> wasmtime::Result<connector::Guest> {
        let instance = self.instance.instantiate(&mut *store)?;
        self.connector.load(store, &instance)
    }
}

/// What the host offers to a connector.
pub(super) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    log::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    wasi::link(&mut linker)?;
    Ok(linker)
}

impl Adapter for Version1 {
    fn contract(&self) -> &'static str {
        "1.0.0"
    }

    fn capabilities(&self) -> Vec<&'static str> {
        let has = [
            ("catalog", self.catalog.is_some()),
            ("diagnosis", self.diagnosis.is_some()),
            ("migration", self.migration.is_some()),
        ];
        has.into_iter().filter_map(|(name, has)| has.then_some(name)).collect()
    }

    fn manifest(&self, store: &mut Store<State>) -> Result<Manifest, Failure> {
        Ok(manifest(self.connector(store)?.call_get_manifest(store)?)?)
    }

    fn validate(
        &self,
        store: &mut Store<State>,
        context: Context,
        configuration: &Configuration,
    ) -> Result<Verdict, Failure> {
        Ok(verdict(self.connector(store)?.call_validate(store, &context.into(), &configuration.into())?)?)
    }

    fn describe(
        &self,
        store: &mut Store<State>,
        context: Context,
        configuration: &Configuration,
    ) -> Result<Answer<Descriptor>, Failure> {
        match self.connector(store)?.call_describe(store, &context.into(), &configuration.into())? {
            Ok(descriptor) => Ok(Answer::Given(self::descriptor(descriptor)?)),
            Err(findings) => Ok(refused(findings)),
        }
    }

    fn plan(
        &self,
        store: &mut Store<State>,
        context: Context,
        configuration: &Configuration,
        page: &Page,
    ) -> Result<Option<Answer<Statement>>, Failure> {
        let Some(catalog) = &self.catalog else { return Ok(None) };
        let instance = self.instance.instantiate(&mut *store)?;
        let guest = catalog.load(&mut *store, &instance)?;
        match guest.call_plan(store, &context.into(), &configuration.into(), &page.into())? {
            Ok(statement) => Ok(Some(Answer::Given(self::statement(statement)?))),
            Err(findings) => Ok(Some(refused(findings))),
        }
    }

    fn migrate(
        &self,
        store: &mut Store<State>,
        context: Context,
        configuration: &Configuration,
    ) -> Result<Option<Verdict>, Failure> {
        let Some(migration) = &self.migration else { return Ok(None) };
        let instance = self.instance.instantiate(&mut *store)?;
        let guest = migration.load(&mut *store, &instance)?;
        Ok(Some(verdict(guest.call_migrate(store, &context.into(), &configuration.into())?)?))
    }

    fn diagnose(
        &self,
        store: &mut Store<State>,
        context: Context,
        configuration: &Configuration,
        fault: &super::Fault,
    ) -> Result<Option<Advice>, Failure> {
        let Some(diagnosis) = &self.diagnosis else { return Ok(None) };
        let instance = self.instance.instantiate(&mut *store)?;
        let guest = diagnosis.load(&mut *store, &instance)?;
        let fault = diagnosis::Fault {
            stage: fault.stage.clone(),
            code: fault.code.clone(),
            native_code: fault.native_code.clone(),
            message: fault.message.clone(),
            extras: Vec::new(),
        };
        let advice = guest.call_diagnose(store, &context.into(), &configuration.into(), &fault)?;
        Ok(advice.map(|advice| Advice { message: advice.message, remedy: advice.remedy }))
    }
}

impl log::Host for State {
    fn write(&mut self, level: log::Level, message: String) {
        let level = match level {
            log::Level::Error => tracing::Level::ERROR,
            log::Level::Warn => tracing::Level::WARN,
            log::Level::Info | log::Level::Other(_) => tracing::Level::INFO,
            log::Level::Debug => tracing::Level::DEBUG,
        };
        self.say(level, &message);
    }
}

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

fn refused<T>(findings: Vec<types::Finding>) -> Answer<T> {
    Answer::Refused(findings.into_iter().map(Into::into).collect())
}

fn verdict(verdict: types::Verdict) -> Result<Verdict, Nonsense> {
    Ok(Verdict {
        findings: verdict.findings.into_iter().map(Into::into).collect(),
        normalised: verdict.normalised.map(|text| parse("the normalised configuration", &text)).transpose()?,
    })
}

fn manifest(manifest: types::Manifest) -> Result<Manifest, Nonsense> {
    Ok(Manifest {
        config_schema: parse("the configuration's schema", &manifest.config_schema)?,
        auth_methods: manifest.auth_methods.into_iter().map(auth_method).collect::<Result<_, _>>()?,
        examples: manifest.examples.iter().map(|text| parse("an example", text)).collect::<Result<_, _>>()?,
        reaches: manifest.reaches.into_iter().map(Into::into).collect(),
        setup: manifest.setup.into_iter().map(Into::into).collect(),
        type_name: manifest.type_name,
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

fn descriptor(descriptor: types::Descriptor) -> Result<Descriptor, Nonsense> {
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

fn statement(statement: catalog::Statement) -> Result<Statement, Nonsense> {
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
