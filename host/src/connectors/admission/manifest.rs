//! What must hold of a manifest: names and texts, schemas that compile, reaches that the operator has approved.

use std::collections::HashSet;

use serde_json::Value;

use super::{Reason, secrets};
use crate::connectors::contract::{CONFIG_MEMBERS, INSTRUCTION_LANGUAGES, Manifest, Reach, text};
use crate::connectors::judge::{self, Approvals, Own, When};
use crate::drivers;
use crate::schema::Schema;
use crate::stranger::shown;

/// The schemas of a manifest, ready to check with.
#[derive(Debug)]
pub(crate) struct Schemas {
    pub(crate) config: Schema,
    /// In the order of the manifest's methods.
    pub(crate) credentials: Vec<Schema>,
}

/// What a reach decides by itself that is named; more of it helps nobody.
const MAX_NAMED: usize = 20;

/// A type, a server's name and the pattern of a host, each as long as they may be.
const MAX_APPROVAL_BYTES: usize = 1_000;

/// Checks a manifest by itself, and compiles its schemas.
pub(super) fn check(manifest: &Manifest, approvals: &Approvals) -> Result<Schemas, Vec<Reason>> {
    let mut reasons = check_counts(manifest);
    if !reasons.is_empty() {
        // Compiling and trying all of them is what they were made for.
        return Err(reasons);
    }
    check_identity(manifest, &mut reasons);
    check_reaches(manifest, approvals, &mut reasons);
    let config = compile("config-schema", &manifest.config_schema, &mut reasons);
    let credentials = check_methods(manifest, &mut reasons);
    check_setup(manifest, &mut reasons);
    secrets::check(manifest, &mut reasons);
    match config {
        Some(config) if reasons.is_empty() => Ok(Schemas { config, credentials }),
        _ => Err(reasons),
    }
}

/// Refuses lists that nobody would read, and that take the host long to look at.
fn check_counts(manifest: &Manifest) -> Vec<Reason> {
    [
        ("authentication methods", manifest.auth_methods.len(), 16),
        ("reaches", manifest.reaches.len(), 32),
        ("roots in one reach", manifest.reaches.iter().map(|reach| reach.roots.len()).max().unwrap_or_default(), 32),
        ("drivers", manifest.drivers.len(), 8),
        ("examples", manifest.examples.len(), 20),
        ("instructions", manifest.setup.len(), 32),
    ]
    .into_iter()
    .filter(|(_, count, most)| count > most)
    .map(|(what, count, most)| {
        Reason::new("too_many", format!("it has {count} {what}; at most {most} are allowed"), "Leave some of them out.")
    })
    .collect()
}

fn check_identity(manifest: &Manifest, reasons: &mut Vec<Reason>) {
    let mut wrong = |code, message: &str, remedy: &str| reasons.push(Reason::new(code, message, remedy));
    if !is_name(&manifest.connection_type) {
        wrong(
            "type_name",
            "type-name is not of lower-case letters, digits and hyphens, a letter first, at most 64 of them",
            "Use such a name, as `postgres` is.",
        );
    }
    if !is_version(&manifest.version) {
        wrong("version", "version is not a semantic version", "Write one such as 1.0.0 (semver.org).");
    }
    if !text::is_line(&manifest.title, 100) || !text::is_line(&manifest.description, 512) {
        let message = "title (100 bytes) or description (512 bytes) is absent, too long or has control characters";
        wrong("title", message, "Write one line of text for each.");
    }
    if !CONFIG_MEMBERS.contains(&manifest.config_member.as_str()) {
        let remedy = format!("Use one of {}.", CONFIG_MEMBERS.join(", "));
        wrong("config_member", "config-member is not a member of the API", &remedy);
    }
    for driver in manifest.drivers.iter().filter(|driver| drivers::find(driver).is_none()) {
        let message = format!("this host has no driver \"{}\"", shown(driver));
        wrong("unknown_driver", &message, "Name only drivers that the contract documents, such as postgres.");
    }
    if manifest.drivers.is_empty() || manifest.reaches.is_empty() || manifest.examples.is_empty() {
        wrong("incomplete", "drivers, reaches or examples are empty", "Give at least one of each.");
    }
}

fn check_reaches(manifest: &Manifest, approvals: &Approvals, reasons: &mut Vec<Reason>) {
    for reach in &manifest.reaches {
        if let Err(message) = judge::check_reach(reach) {
            let remedy = "Write patterns as the contract describes them at `reach`, such as {/host}.";
            reasons.push(Reason::new("reach", message, remedy));
            continue;
        }
        let missing = approvals.missing(&manifest.connection_type, reach, &manifest.config_schema);
        reasons.extend(missing.iter().take(MAX_NAMED).map(|(own, when)| approval_needed(manifest, reach, own, *when)));
    }
}

/// The refusal of what a connector decides by itself, with the words by which the operator approves it.
fn approval_needed(manifest: &Manifest, reach: &Reach, own: &Own, when: When) -> Reason {
    let approval = own.approval(when, &manifest.connection_type, reach);
    // Whole, to be copied.
    let approval = shown(&approval).within(MAX_APPROVAL_BYTES);
    let remedy = format!("The operator approves it in the setting connector_approved_reaches: \"{approval}\".");
    let not_approved = match when {
        When::Always => "of its own accord, and the operator has not approved that",
        When::Unsaid => "where the tenant says nothing, and the operator has not approved that",
    };
    if let Own::Host(host) = own {
        let message = format!("it leads to \"{}\" {not_approved}", shown(host));
        return Reason::new("approval_needed", message, remedy);
    }
    let message = format!("it decides {own} for \"{}\" {not_approved}", shown(&reach.host));
    let remedy = format!(
        "Take it from what the tenant sends, by a placeholder such as {{/ssl_mode}} without a default. {remedy}"
    );
    Reason::new("tls_approval_needed", message, remedy)
}

fn compile(name: &str, schema: &Value, reasons: &mut Vec<Reason>) -> Option<Schema> {
    let is_closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    if schema.get("type").and_then(Value::as_str) != Some("object") || !is_closed {
        let remedy = "Write \"type\": \"object\" and \"additionalProperties\": false.";
        reasons.push(Reason::new("schema", format!("{name} is not that of an object without other members"), remedy));
    }
    let compiled = Schema::compile(schema);
    let remedy = "Write a self-contained schema of draft 2020-12, as the contract describes it at `config-schema`.";
    compiled.map_err(|error| reasons.push(Reason::new("schema", format!("{name}: {error}"), remedy))).ok()
}

fn check_methods(manifest: &Manifest, reasons: &mut Vec<Reason>) -> Vec<Schema> {
    let (mut names, mut schemas) = (HashSet::new(), Vec::new());
    let mut wrong = |code, message: &str, remedy: &str| reasons.push(Reason::new(code, message, remedy));
    if manifest.auth_methods.is_empty() {
        wrong("auth_method", "there is no authentication method", "Give one, such as `basic`.");
    }
    for method in &manifest.auth_methods {
        if !is_name(&method.name) || !names.insert(&method.name) || !text::is_line(&method.title, 100) {
            let message = "an authentication method lacks a title, or a name of its own of lower-case letters, digits and hyphens";
            wrong("auth_method", message, "Give each a name and a title.");
        }
        let properties = method.credential_schema.get("properties").and_then(Value::as_object);
        let is_text = |schema: &Value| schema.get("type").and_then(Value::as_str) == Some("string");
        if !properties.is_some_and(|properties| properties.values().all(is_text)) {
            let message = "a credential-schema has no properties, or one that is no string";
            wrong("schema", message, "Give every property \"type\": \"string\".");
        }
    }
    let properties = manifest.config_schema.get("properties");
    let is_property = |member: &String| properties.is_some_and(|properties| properties.get(member).is_some());
    if !manifest.auth_member.iter().all(is_property) {
        let message = "auth-member is not a property of config-schema";
        wrong("auth_member", message, "Add the property, or give no auth-member.");
    }
    for method in &manifest.auth_methods {
        schemas.extend(compile("credential-schema", &method.credential_schema, reasons));
    }
    schemas
}

fn check_setup(manifest: &Manifest, reasons: &mut Vec<Reason>) {
    for instruction in &manifest.setup {
        let known = INSTRUCTION_LANGUAGES.contains(&instruction.language.as_str());
        if !known || !text::is_line(&instruction.title, 100) || !text::are_lines(&instruction.text, 16 << 10) {
            let remedy = "Give each a title, a language (sql, shell, conf, text) and at most 16 KiB of text.";
            let message = "an instruction is incomplete, too long or has control characters";
            reasons.push(Reason::new("setup", message, remedy));
        }
    }
}

fn is_name(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_version(text: &str) -> bool {
    text.len() <= 64 && semver::Version::parse(text).is_ok()
}
