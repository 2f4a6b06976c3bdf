//! Contract 1.x: its functions as an adapter, and its log; `model` has its types.

mod model;

use std::fmt;

use wasmtime::component::{Component, HasSelf, InstancePre, Linker};
use wasmtime::{Engine, Store};

use super::adapter::{Adapter, Configuration, Context, Failure, Verdict};
use super::{Advice, Answer, Manifest, Page};
use crate::connectors::guest::{State, wasi};
use crate::descriptor::Descriptor;
use crate::statement::Statement;

pub(super) mod bindings {
    wasmtime::component::bindgen!({ path: "../wit", world: "full-connector" });
}

use bindings::exports::patchpanel::connector::{catalog, connector, diagnosis, migration};
use bindings::patchpanel::connector::log;

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

    /// Speaks with a component that is linked already, as a later version does for what it has in common with this one.
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
        Ok(model::manifest(self.connector(store)?.call_get_manifest(store)?)?)
    }

    fn validate(
        &self,
        store: &mut Store<State>,
        context: Context,
        configuration: &Configuration,
    ) -> Result<Verdict, Failure> {
        Ok(model::verdict(self.connector(store)?.call_validate(store, &context.into(), &configuration.into())?)?)
    }

    fn describe(
        &self,
        store: &mut Store<State>,
        context: Context,
        configuration: &Configuration,
    ) -> Result<Answer<Descriptor>, Failure> {
        match self.connector(store)?.call_describe(store, &context.into(), &configuration.into())? {
            Ok(descriptor) => Ok(Answer::Given(model::descriptor(descriptor)?)),
            Err(findings) => Ok(model::refused(findings)),
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
            Ok(statement) => Ok(Some(Answer::Given(model::statement(statement)?))),
            Err(findings) => Ok(Some(model::refused(findings))),
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
        Ok(Some(model::verdict(guest.call_migrate(store, &context.into(), &configuration.into())?)?))
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
