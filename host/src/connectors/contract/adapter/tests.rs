//! The contract can grow: a second version is a second adapter, and what was built for the first goes on loading.

mod draft;

use std::sync::Arc;

use serde_json::json;
use test_support::guests;
use wasmtime::Engine;

use super::*;
use crate::connectors::admission::cache;
use crate::connectors::guest::{self, Allocator, Limits, engine};
use crate::statement::Level;
use draft::Draft;
use draft::bindings::exports::patchpanel::connector as exports;

const GOLDEN: &[u8] = include_bytes!("../../../../../tests/golden/connector-1.0.0.wasm");

/// What a host speaks that has one version more.
const SPOKEN_LATER: &[Contract] = &[
    Contract { version: "1.0.0", link: |component| Ok(Box::new(Version1::link(component)?)) },
    Contract { version: "1.1.0", link: |component| Ok(Box::new(Draft::link(component)?)) },
];

/// A connector of the draft with a manual of one page; whether it logs that is asked of the host.
fn with_manual() -> Vec<u8> {
    let enabled =
        r#"(import "patchpanel:connector/log@1.1.0" "enabled" (func $enabled (param i32 i32 i32) (result i32)))"#;
    let fields = r#"
        (memory (export "memory") 1)
        (export "cabi_realloc" (func $realloc))
        (export "patchpanel:connector/connector@1.1.0#validate" (func $validate))
        (data (i32.const 2048) (i32 1 2064 26))
        (data (i32.const 2064) "https://example.com/manual")
        (func (export "patchpanel:connector/manual@1.1.0#page") (param $code i32) (param $length i32) (result i32)
            ;; Errors are kept, debugging is not.
            (if (i32.or
                    (i32.eqz (call $enabled (i32.const 0) (i32.const 0) (i32.const 0)))
                    (call $enabled (i32.const 3) (i32.const 0) (i32.const 0)))
                (then unreachable))
            (if (result i32) (local.get $length) (then (i32.const 2048)) (else (i32.const 3072))))"#;
    guests::draft("connector-with-manual", "with-manual", enabled, fields).unwrap()
}

/// Components as admission has them, and a store for each call.
struct Host {
    engine: Engine,
    limits: Limits,
}

impl Host {
    fn new() -> Self {
        let limits = Limits::default();
        Self { engine: engine::runner(Allocator::OnDemand, &limits).unwrap(), limits }
    }

    fn load(&self, bytes: &[u8]) -> Component {
        let code = engine::compiler().unwrap().precompile_component(bytes).unwrap();
        cache::deserialize(&self.engine, &code).unwrap()
    }

    fn store(&self) -> Store<State> {
        guest::store(&self.engine, &Arc::from("golden"), &self.limits, 0)
    }
}

fn configuration(config: &str) -> Configuration {
    Configuration {
        config: config.to_owned(),
        auth_method: "basic".to_owned(),
        credentials_set: vec!["password".to_owned(), "username".to_owned()],
        written_by: None,
    }
}

const CONTEXT: Context = Context { purpose: Purpose::Check };
const CONFIG: &str = r#"{"host":"db.example.com","database":"sales","ssl_mode":"disable"}"#;

/// Every answer of a connector, as text.
fn answers(host: &Host, adapter: &dyn Adapter) -> Vec<String> {
    let configuration = configuration(CONFIG);
    let page = Page { level: Level::Tables, parents: Vec::new(), pattern: None, after: Vec::new(), limit: 7 };
    let fault = Fault {
        stage: "authenticate".to_owned(),
        code: "password_rejected".to_owned(),
        native_code: Some("28P01".to_owned()),
        message: "The server does not accept the password.".to_owned(),
    };
    vec![
        format!("{:?}", adapter.manifest(&mut host.store()).unwrap()),
        format!("{:?}", adapter.validate(&mut host.store(), CONTEXT, &configuration).unwrap()),
        format!("{:?}", adapter.describe(&mut host.store(), CONTEXT, &configuration).unwrap()),
        format!("{:?}", adapter.plan(&mut host.store(), CONTEXT, &configuration, &page).unwrap()),
        format!("{:?}", adapter.diagnose(&mut host.store(), CONTEXT, &configuration, &fault).unwrap()),
    ]
}

/// The lines of a contract that are not documentation, without its version.
fn lines(contract: &str) -> Vec<String> {
    let lines = contract.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.trim().starts_with("///"));
    lines.map(|line| line.replace("@1.1.0", "@1.0.0")).collect()
}

#[test]
fn the_draft_adds_to_the_published_contract_and_changes_nothing() {
    let draft = lines(include_str!("../../../../../tests/golden/draft-1.1.0.wit"));
    let mut published = lines(include_str!("../../../../../wit/connector.wit")).into_iter().peekable();
    let added: Vec<String> = draft.into_iter().filter(|line| published.next_if_eq(line).is_none()).collect();
    assert_eq!(published.next(), None, "after this, the draft has other lines");
    assert_eq!(added.iter().filter(|line| line.contains("func(")).count(), 2, "{added:#?}");
}

#[test]
fn a_component_speaks_the_newest_version_that_is_not_newer_than_its_own() {
    let chosen = |spoken, built_for: &str| choose(spoken, built_for).map(|contract: &Contract| contract.version);
    for (built_for, now, later) in [
        ("1.0.0", Some("1.0.0"), Some("1.0.0")),
        ("1.0.7", Some("1.0.0"), Some("1.0.0")),
        ("1.1.0", Some("1.0.0"), Some("1.1.0")),
        ("1.20.0", Some("1.0.0"), Some("1.1.0")),
        ("1.1.0-rc.1", None, None),
        ("1.1", None, None),
        ("0.9.0", None, None),
        ("2.0.0", None, None),
        ("10.0.0", None, None),
    ] {
        assert_eq!((chosen(SPOKEN, built_for), chosen(SPOKEN_LATER, built_for)), (now, later), "{built_for}");
    }
    for spoken in SPOKEN {
        let component = Host::new().load(GOLDEN);
        assert_eq!((spoken.link)(&component).unwrap().contract(), spoken.version);
    }
}

#[test]
fn a_component_of_1_0_0_links_and_answers_by_the_draft_too() {
    let host = Host::new();
    let component = host.load(GOLDEN);
    let published = Version1::link(&component).unwrap();
    let draft = Draft::link(&component).unwrap();
    assert_eq!(draft.capabilities(), ["catalog", "diagnosis", "migration"], "it has no manual");
    assert_eq!(draft.page(&mut host.store(), "password_rejected").unwrap(), None);
    assert_eq!(answers(&host, &draft), answers(&host, &published));

    // Not by what the adapter has in common with 1.0, but by bindings that were generated from the draft alone.
    let instance = draft::instance(&component).unwrap();
    let indices = exports::connector::GuestIndices::new(&instance).unwrap();
    assert!(draft::manual::GuestIndices::new(&instance).is_err());
    let mut store = host.store();
    let loaded = instance.instantiate(&mut store).unwrap();
    let manifest = indices.load(&mut store, &loaded).unwrap().call_get_manifest(&mut store).unwrap();
    assert_eq!((manifest.type_name.as_str(), manifest.version.as_str()), ("golden", "1.2.3-rc.4+5"));
}

#[test]
fn a_component_of_1_0_0_migrates() {
    let host = Host::new();
    let adapter = Version1::link(&host.load(GOLDEN)).unwrap();
    for (written_by, config, findings, normalised) in [
        (
            "1.0.0",
            r#"{"host":"h","database":"d"}"#,
            1,
            json!({"host": "h", "port": 5432, "database": "d", "ssl_mode": "disable"}),
        ),
        ("1.2.2", r#"{"host":"h","port":1,"database":"d"}"#, 0, json!({"host": "h", "port": 1, "database": "d"})),
    ] {
        let configuration = Configuration { written_by: Some(written_by.to_owned()), ..configuration(config) };
        let verdict = adapter.migrate(&mut host.store(), CONTEXT, &configuration).unwrap().unwrap();
        assert_eq!((verdict.findings.len(), verdict.normalised), (findings, Some(normalised)));
    }
}

#[test]
fn a_component_of_the_draft_links_there_and_its_new_interface_is_called() {
    let host = Host::new();
    let component = host.load(&with_manual());
    let adapter = (choose(SPOKEN_LATER, "1.1.0").unwrap().link)(&component).unwrap();
    assert_eq!((adapter.contract(), adapter.capabilities()), ("1.1.0", vec!["manual"]));
    assert_eq!(adapter.manifest(&mut host.store()).unwrap().connection_type, "with-manual");
    let draft = Draft::link(&component).unwrap();
    assert_eq!(draft.page(&mut host.store(), "x").unwrap().as_deref(), Some("https://example.com/manual"));
    assert_eq!(draft.page(&mut host.store(), "").unwrap(), None);
    // The host of today does not have what it asks for.
    let error = Version1::link(&component).unwrap_err();
    assert!(format!("{error:#}").contains("enabled"), "{error:#}");
}
