//! An adapter for the draft 1.1.0 of the contract, `tests/golden/draft-1.1.0.wit`: all that a new minor version takes.

use wasmtime::component::{Component, HasSelf, InstancePre};

use super::super::*;
use crate::connectors::contract::v1::{self, Version1};

pub(super) mod bindings {
    wasmtime::component::bindgen!({
        path: "../tests/golden/draft-1.1.0.wit",
        world: "full-connector",
        // Records do not change within contract 1.
        with: { "patchpanel:connector/types": crate::connectors::contract::v1::bindings::patchpanel::connector::types },
    });
}

pub(super) use bindings::exports::patchpanel::connector::manual;
use bindings::patchpanel::connector::log;

/// A component of contract 1.1, linked and ready.
pub(super) struct Draft {
    /// What it has in common with 1.0.
    common: Version1,
    instance: InstancePre<State>,
    manual: Option<manual::GuestIndices>,
}

impl fmt::Debug for Draft {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Draft").finish_non_exhaustive()
    }
}

/// Links a component by what a host of 1.1 offers.
pub(super) fn instance(component: &Component) -> wasmtime::Result<InstancePre<State>> {
    let mut linker = v1::linker(component.engine())?;
    log::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    linker.instantiate_pre(component)
}

impl Draft {
    pub(super) fn link(component: &Component) -> wasmtime::Result<Self> {
        let instance = instance(component)?;
        let manual = manual::GuestIndices::new(&instance).ok();
        Ok(Self { common: Version1::of(instance.clone())?, instance, manual })
    }

    /// None when the connector has no manual, or no page about this code.
    pub(super) fn page(&self, store: &mut Store<State>, code: &str) -> Result<Option<String>, Failure> {
        let Some(manual) = &self.manual else { return Ok(None) };
        let instance = self.instance.instantiate(&mut *store)?;
        Ok(manual.load(&mut *store, &instance)?.call_page(store, code)?)
    }
}

impl log::Host for State {
    fn write(&mut self, _level: log::Level, message: String) {
        self.say(tracing::Level::INFO, &message);
    }

    fn enabled(&mut self, level: log::Level) -> bool {
        matches!(level, log::Level::Error | log::Level::Warn)
    }
}

impl Adapter for Draft {
    fn contract(&self) -> &'static str {
        "1.1.0"
    }

    fn capabilities(&self) -> Vec<&'static str> {
        self.common.capabilities().into_iter().chain(self.manual.is_some().then_some("manual")).collect()
    }

    fn manifest(&self, store: &mut Store<State>) -> Result<Manifest, Failure> {
        self.common.manifest(store)
    }

    fn validate(
        &self,
        store: &mut Store<State>,
        context: Context,
        configuration: &Configuration,
    ) -> Result<Verdict, Failure> {
        self.common.validate(store, context, configuration)
    }

    fn describe(
        &self,
        store: &mut Store<State>,
        context: Context,
        configuration: &Configuration,
    ) -> Result<Answer<Descriptor>, Failure> {
        self.common.describe(store, context, configuration)
    }

    fn plan(
        &self,
        store: &mut Store<State>,
        context: Context,
        configuration: &Configuration,
        page: &Page,
    ) -> Result<Option<Answer<Statement>>, Failure> {
        self.common.plan(store, context, configuration, page)
    }

    fn migrate(
        &self,
        store: &mut Store<State>,
        context: Context,
        configuration: &Configuration,
    ) -> Result<Option<Verdict>, Failure> {
        self.common.migrate(store, context, configuration)
    }

    fn diagnose(
        &self,
        store: &mut Store<State>,
        context: Context,
        configuration: &Configuration,
        fault: &Fault,
    ) -> Result<Option<Advice>, Failure> {
        self.common.diagnose(store, context, configuration, fault)
    }
}
