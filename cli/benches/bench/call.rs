//! One call of a connector: the host's own path against a bare wasmtime loop that does the same.

use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, ensure};
use patchpanel::connectors::contract::Purpose;
use patchpanel::connectors::{Call, Connectors};
use serde_json::{Value, json};
use tokio::runtime::Builder;
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

use crate::measure::Result as Measured;
use crate::program::{connector_settings, target_directory};
use crate::ratio::ratio;

mod bindings {
    wasmtime::component::bindgen!({ path: "../wit", world: "full-connector" });
}
use bindings::exports::patchpanel::connector::connector::GuestIndices;
use bindings::patchpanel::connector::{log, types};

/// A configuration of about 1 KiB.
fn config() -> Value {
    let tables: Vec<String> = (0..40).map(|index| format!("sales.table_number_{index}")).collect();
    json!({"host": "db.example.com", "database": "sales", "ssl_mode": "verify-full", "selected_tables": tables})
}

const CREDENTIALS: [&str; 2] = ["password", "username"];

pub(crate) fn run() -> Result<Vec<Measured>> {
    let connectors = Connectors::load(&connector_settings()?, &target_directory()?.join("connectors"))?;
    let connector = connectors.find("postgres").context("the PostgreSQL connector is not there")?;
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let (config, set) = (Arc::new(config()), CREDENTIALS.map(str::to_owned));
    let call = Call { organization: "acme", purpose: Purpose::Check };

    let component = std::fs::read(target_directory()?.join("connectors/postgres.wasm"))?;
    let bare = Bare::new(&component, &config).map_err(|error| anyhow!("{error:#}"))?;
    // A call that fails would be fast, and worth nothing.
    let verdict = bare.validate().map_err(|error| anyhow!("{error:#}"))?;
    ensure!(verdict.findings.is_empty(), "the configuration is not accepted");

    Ok(vec![
        ratio(
            "connector call, every check included",
            Some(1.5),
            || drop(std::hint::black_box(connector.version().validate(call.purpose, &config, &set))),
            || drop(std::hint::black_box(bare.validate())),
        ),
        ratio(
            "the same, with the hop to a guest thread",
            None,
            || drop(std::hint::black_box(runtime.block_on(connector.validate(call, &config, &set)))),
            || drop(std::hint::black_box(bare.validate())),
        ),
    ])
}

/// wasmtime alone: an engine with the same features, pooled instances, a typed call; no limits and no threads.
struct Bare {
    instance: InstancePre<Nothing>,
    indices: GuestIndices,
    context: types::Context,
    configuration: types::Configuration,
}

struct Nothing;

impl log::Host for Nothing {
    fn write(&mut self, _level: log::Level, _message: String) {}
}

impl Bare {
    fn new(component: &[u8], config: &Value) -> wasmtime::Result<Self> {
        let mut settings = Config::new();
        settings
            .concurrency_support(false)
            .allocation_strategy(InstanceAllocationStrategy::Pooling(PoolingAllocationConfig::new()));
        let engine = Engine::new(&settings)?;
        let component = Component::new(&engine, component)?;
        let mut linker = Linker::<Nothing>::new(&engine);
        log::add_to_linker::<Nothing, HasSelf<Nothing>>(&mut linker, |nothing| nothing)?;
        let instance = linker.instantiate_pre(&component)?;
        Ok(Self {
            indices: GuestIndices::new(&instance)?,
            instance,
            context: types::Context { locale: "en".to_owned(), purpose: "check".to_owned(), extras: Vec::new() },
            configuration: types::Configuration {
                config: config.to_string(),
                auth_method: "basic".to_owned(),
                credentials_set: CREDENTIALS.map(str::to_owned).to_vec(),
                written_by: None,
                extras: Vec::new(),
            },
        })
    }

    fn validate(&self) -> wasmtime::Result<types::Verdict> {
        let mut store = Store::new(self.instance.engine(), Nothing);
        let instance = self.instance.instantiate(&mut store)?;
        let guest = self.indices.load(&mut store, &instance)?;
        guest.call_validate(&mut store, &self.context, &self.configuration)
    }
}
