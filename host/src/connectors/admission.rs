//! Admission: what must hold before a component becomes a connector. Every reason for a refusal is named at once.

use std::collections::HashSet;

use serde_json::Value;
use wasmtime::component::Component;

use super::contract::{Manifest, Purpose, Severity};
use super::reach;
use super::version::Version;
use crate::drivers;
use crate::schema::Schema;

/// A component has at most this many bytes.
pub(super) const MAX_COMPONENT_BYTES: u64 = 32 << 20;

/// The package of the contract, and the versions that this host speaks.
const CONTRACT: &str = "patchpanel:connector/";
const IMPORTS: [&str; 2] = ["types", "log"];

const CONFIG_MEMBERS: [&str; 3] = ["database_config", "storage_config", "filesystem_config"];

/// Why a component is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Stable, such as `unexpected_import`.
    pub code: &'static str,
    /// What is wrong, and what its author can do.
    pub message: String,
}

/// Checks a component's imports and exports.
pub(super) fn check_component(component: &Component) -> Result<(), Vec<Reason>> {
    let engine = component.engine();
    let component_type = component.component_type();
    let mut reasons = Vec::new();
    for (name, _) in component_type.imports(engine) {
        if !IMPORTS.iter().any(|import| is_contract(name, import)) {
            let name: String = name.chars().take(200).flat_map(char::escape_debug).collect();
            reasons.push(reason(
                "unexpected_import",
                format!("it imports {name}, which a connector does not get; build it for wasm32-unknown-unknown or without WASI"),
            ));
        }
    }
    if !component_type.exports(engine).any(|(name, _)| is_contract(name, "connector")) {
        let message = format!("it does not export {CONTRACT}connector@1.0.0, so it is not a connector of contract 1");
        reasons.push(reason("no_contract", message));
    }
    none(reasons)
}

fn none(reasons: Vec<Reason>) -> Result<(), Vec<Reason>> {
    if reasons.is_empty() { Ok(()) } else { Err(reasons) }
}

fn is_contract(name: &str, interface: &str) -> bool {
    let version = name
        .strip_prefix(CONTRACT)
        .and_then(|rest| rest.strip_prefix(interface))
        .and_then(|rest| rest.strip_prefix('@'));
    version.is_some_and(|version| version.starts_with("1."))
}

/// The schemas of a manifest, ready to check with.
#[derive(Debug)]
pub(super) struct Schemas {
    pub(super) config: Schema,
    /// In the order of the manifest's methods.
    pub(super) credentials: Vec<Schema>,
}

/// Checks a manifest by itself, and compiles its schemas.
pub(super) fn check_manifest(manifest: &Manifest) -> Result<Schemas, Vec<Reason>> {
    let mut reasons = Vec::new();
    let mut wrong = |code, message: String| reasons.push(reason(code, message));
    if !is_name(&manifest.type_name) {
        wrong("type_name", "type-name must be [a-z][a-z0-9-]* of at most 64 bytes".to_owned());
    }
    if !is_version(&manifest.version) {
        wrong("version", "version must be a semantic version such as 1.0.0".to_owned());
    }
    if !is_text(&manifest.title, 100) || !is_text(&manifest.description, 512) {
        wrong(
            "title",
            "title (100 bytes) and description (512 bytes) must be there, without control characters".to_owned(),
        );
    }
    if !CONFIG_MEMBERS.contains(&manifest.config_member.as_str()) {
        wrong("config_member", format!("config-member must be one of {}", CONFIG_MEMBERS.join(", ")));
    }
    let unknown = manifest.drivers.iter().filter(|driver| drivers::parameters(driver).is_none());
    for driver in unknown {
        wrong(
            "unknown_driver",
            format!(
                "this host has no driver \"{}\"",
                driver.chars().take(64).flat_map(char::escape_debug).collect::<String>()
            ),
        );
    }
    if manifest.drivers.is_empty() || manifest.reaches.is_empty() || manifest.examples.is_empty() {
        wrong("incomplete", "drivers, reaches and examples must not be empty".to_owned());
    }
    for reach in &manifest.reaches {
        if let Err(message) = reach::check(reach) {
            wrong("reach", message);
        }
    }
    let config = compile("config-schema", &manifest.config_schema, &mut reasons);
    let credentials = check_methods(manifest, &mut reasons);
    check_setup(manifest, &mut reasons);
    none(reasons)?;
    // Without a reason against it, every schema has been compiled.
    config.map(|config| Schemas { config, credentials }).ok_or_else(Vec::new)
}

fn compile(name: &str, schema: &Value, reasons: &mut Vec<Reason>) -> Option<Schema> {
    let is_closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    if schema.get("type").and_then(Value::as_str) != Some("object") || !is_closed {
        let message = format!("{name} must have \"type\": \"object\" and \"additionalProperties\": false");
        reasons.push(reason("schema", message));
    }
    let compiled = Schema::compile(schema);
    compiled.map_err(|error| reasons.push(reason("schema", format!("{name}: {error}")))).ok()
}

fn check_methods(manifest: &Manifest, reasons: &mut Vec<Reason>) -> Vec<Schema> {
    let (mut names, mut schemas) = (HashSet::new(), Vec::new());
    for method in &manifest.auth_methods {
        if !is_name(&method.name) || !names.insert(&method.name) || !is_text(&method.title, 100) {
            let message = "every authentication method has a name [a-z][a-z0-9-]* of its own and a title";
            reasons.push(reason("auth_method", message.to_owned()));
        }
        let properties = method.credential_schema.get("properties").and_then(Value::as_object);
        let is_text = |schema: &Value| schema.get("type").and_then(Value::as_str) == Some("string");
        if !properties.is_some_and(|properties| properties.values().all(is_text)) {
            let message = "a credential-schema has properties, and every one has \"type\": \"string\"";
            reasons.push(reason("schema", message.to_owned()));
        }
        schemas.extend(compile("credential-schema", &method.credential_schema, reasons));
    }
    if manifest.auth_methods.is_empty() {
        reasons.push(reason("auth_method", "there is no authentication method".to_owned()));
    }
    let properties = manifest.config_schema.get("properties");
    let is_property = |member: &String| properties.is_some_and(|properties| properties.get(member).is_some());
    if !manifest.auth_member.iter().all(is_property) {
        reasons.push(reason("auth_member", "auth-member is not a property of config-schema".to_owned()));
    }
    schemas
}

fn check_setup(manifest: &Manifest, reasons: &mut Vec<Reason>) {
    for instruction in &manifest.setup {
        let known = ["sql", "shell", "conf", "text"].contains(&instruction.language.as_str());
        if !known || !is_text(&instruction.title, 100) || instruction.text.len() > 16 << 10 {
            let message =
                "every instruction has a title, a language (sql, shell, conf, text) and at most 16 KiB of text";
            reasons.push(reason("setup", message.to_owned()));
        }
    }
}

/// Tries the manifest's examples, as a tenant would send them, up to the judged descriptor.
pub(super) fn check_examples(version: &Version) -> Result<(), Vec<Reason>> {
    let mut reasons = Vec::new();
    for (index, example) in version.manifest.examples.iter().enumerate() {
        let answer = version.validate(Purpose::Check, example, &[]).and_then(|(findings, accepted)| match accepted {
            Some(accepted) => Ok(version.describe(Purpose::Check, &accepted)?.err()),
            None => Ok(Some(findings)),
        });
        match answer {
            Ok(None) => {}
            Ok(Some(findings)) => {
                let first = findings.iter().find(|finding| finding.severity == Severity::Error);
                let what = first.map_or_else(String::new, |it| format!(": {} {}", it.pointer, it.message));
                reasons.push(reason("example", format!("it does not accept its own example {index}{what}")));
            }
            Err(error) => reasons.push(reason("self_check", error.to_string())),
        }
    }
    none(reasons)
}

pub(super) fn reason(code: &'static str, message: String) -> Reason {
    Reason { code, message }
}

fn is_name(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    text.len() <= 64
        && core.split('.').count() == 3
        && core.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte))
}

fn is_text(text: &str, most: usize) -> bool {
    !text.is_empty() && text.len() <= most && !text.chars().any(char::is_control)
}
