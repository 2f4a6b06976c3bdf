//! What of a descriptor the driver takes. It refuses whatever it does not know.

use std::time::Duration;

use super::privileges::DEFAULT_SCHEMA;
use crate::descriptor::{Descriptor, Parameter, Value};
use crate::diagnosis::{Fault, code};
use crate::secrets::{Credentials, Secret};

/// How long opening a session may take when the connection does not say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// So many tables can be named.
const MAX_TABLES: usize = 1000;

/// The parameters of a descriptor that the driver takes; the contract documents them.
pub(super) const PARAMETERS: &[&str] = &[
    "database",
    "schema",
    "tables",
    "application_name",
    "connect_timeout_ms",
    "pool_max_connections",
    "pool_idle_timeout_ms",
];

/// What to connect to, and as whom.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) user: String,
    pub(super) password: Option<Secret>,
    pub(super) database: String,
    pub(super) schema: String,
    pub(super) tables: Vec<String>,
    pub(super) application_name: String,
    pub(super) connect_timeout: Duration,
}

/// A fault of the connector, in words.
fn unsupported(message: impl Into<String>) -> Fault {
    Fault::new(&code::DESCRIPTOR_UNSUPPORTED).message(message)
}

impl Target {
    /// Reads the descriptor, and puts the credentials in.
    pub(super) fn read(descriptor: &Descriptor, credentials: &Credentials) -> Result<Self, Fault> {
        if descriptor.endpoints.iter().any(|endpoint| endpoint.role != "data") {
            return Err(unsupported("The connector names an endpoint of another role than data."));
        }
        let (user, password) = read_authentication(descriptor, credentials)?;
        let mut target = Self {
            database: user.clone(),
            user,
            password,
            schema: DEFAULT_SCHEMA.to_owned(),
            tables: Vec::new(),
            application_name: "patchpanel".to_owned(),
            connect_timeout: CONNECT_TIMEOUT,
        };
        for parameter in &descriptor.parameters {
            target.set(parameter)?;
        }
        Ok(target)
    }

    fn set(&mut self, parameter: &Parameter) -> Result<(), Fault> {
        let name = parameter.name.as_str();
        let Value::Text(value) = &parameter.value else {
            return Err(unsupported(format!("The connector puts a credential into the parameter {}.", quoted(name))));
        };
        match name {
            "database" => self.database = text(name, value)?,
            "schema" => self.schema = text(name, value)?,
            "tables" => self.tables = names(name, value)?,
            "application_name" => self.application_name = text(name, value)?,
            "connect_timeout_ms" => self.connect_timeout = Duration::from_millis(number(name, value)?.max(1)),
            // For pools of sessions; a session itself has no use for them.
            "pool_max_connections" | "pool_idle_timeout_ms" => {
                number(name, value)?;
            }
            _ => {
                return Err(unsupported(format!(
                    "The connector sets the parameter {}, which is not known.",
                    quoted(name)
                )));
            }
        }
        Ok(())
    }
}

/// The scheme `password` at the endpoints of the role `data`.
fn read_authentication(descriptor: &Descriptor, credentials: &Credentials) -> Result<(String, Option<Secret>), Fault> {
    let [authentication] = descriptor.authentications.as_slice() else {
        return Err(unsupported("The connector must name exactly one way to authenticate."));
    };
    if authentication.endpoint_role != "data" || authentication.scheme != "password" {
        return Err(unsupported("The connector asks for a way to authenticate that this driver does not have."));
    }
    let (mut user, mut password) = (None, None);
    for Parameter { name, value } in &authentication.parameters {
        match (name.as_str(), value) {
            ("username", Value::Text(text)) => user = Some(Secret::new(text.as_bytes())),
            ("username", Value::Credential(credential)) => user = credentials.get(credential).cloned(),
            ("password", Value::Credential(credential)) => password = credentials.get(credential).cloned(),
            ("password", Value::Text(_)) => {
                return Err(unsupported("The connector gives a password as text; it has to be a credential."));
            }
            _ => {
                return Err(unsupported(format!(
                    "The connector sets {} for the login, which is not known.",
                    quoted(name)
                )));
            }
        }
    }
    let user = user.filter(|user| !user.expose().is_empty());
    let user = user.ok_or_else(|| Fault::new(&code::CREDENTIAL_MISSING).message("The user name is not set."))?;
    let user = str::from_utf8(user.expose()).ok().filter(|user| !has_control_character(user));
    let user = user.ok_or_else(|| {
        Fault::new(&code::CREDENTIAL_INVALID).message("The user name is not UTF-8 text without control characters.")
    })?;
    Ok((user.to_owned(), password))
}

fn text(name: &str, value: &str) -> Result<String, Fault> {
    if value.len() > 64 * 1024 {
        return Err(unsupported(format!("The connector's parameter {name} is too long.")));
    }
    if has_control_character(value) {
        return Err(Fault::new(&code::CONTROL_CHARACTER)
            .message(format!("There is a control character in the {name} of the connection.")));
    }
    Ok(value.to_owned())
}

fn names(name: &str, value: &str) -> Result<Vec<String>, Fault> {
    let names: Option<Vec<String>> = serde_json::from_str(value).ok();
    let names = names.filter(|names| names.len() <= MAX_TABLES).ok_or_else(|| {
        unsupported(format!("The connector's parameter {name} is not a JSON array of at most {MAX_TABLES} texts."))
    })?;
    names.iter().map(|one| text(name, one)).collect()
}

/// What is sent before anybody knows who listens must say nothing to anybody else: with a line break in it, it is a command
/// to every server that reads lines.
fn has_control_character(text: &str) -> bool {
    text.chars().any(char::is_control)
}

fn number(name: &str, value: &str) -> Result<u64, Fault> {
    value.parse().map_err(|_| unsupported(format!("The connector's parameter {name} is not a whole number.")))
}

/// A name that a connector chose.
fn quoted(name: &str) -> String {
    crate::diagnosis::ServerText::default().clean(name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::{Authentication, Endpoint, Tls, TlsMode};

    fn parameter(name: &str, value: Value) -> Parameter {
        Parameter { name: name.to_owned(), value }
    }

    fn text(value: &str) -> Value {
        Value::Text(value.to_owned())
    }

    fn credential(name: &str) -> Value {
        Value::Credential(name.to_owned())
    }

    fn descriptor() -> Descriptor {
        let tls = Tls { mode: TlsMode::Disable, server_name: None, roots: vec![], identity: None };
        Descriptor {
            driver: "postgres".to_owned(),
            endpoints: vec![Endpoint { role: "data".to_owned(), host: "db".to_owned(), port: 5432, tls }],
            authentications: vec![Authentication {
                endpoint_role: "data".to_owned(),
                scheme: "password".to_owned(),
                parameters: vec![parameter("username", credential("user")), parameter("password", credential("pass"))],
            }],
            parameters: vec![parameter("database", text("sales")), parameter("connect_timeout_ms", text("2500"))],
        }
    }

    fn credentials() -> Credentials {
        let mut credentials = Credentials::default();
        credentials.set("user".to_owned(), Secret::new("alice"));
        credentials.set("pass".to_owned(), Secret::new("s3cret"));
        credentials
    }

    #[test]
    fn takes_what_it_knows() {
        let target = Target::read(&descriptor(), &credentials()).unwrap();
        assert_eq!(
            (target.user.as_str(), target.database.as_str(), target.schema.as_str()),
            ("alice", "sales", "public")
        );
        assert_eq!(target.connect_timeout, Duration::from_millis(2500));
        assert_eq!(target.password, Some(Secret::new("s3cret")));
    }

    #[test]
    fn takes_every_parameter_that_it_names() {
        let mut descriptor = descriptor();
        descriptor.parameters = PARAMETERS
            .iter()
            .map(|name| parameter(name, text(if *name == "tables" { "[\"7\"]" } else { "7" })))
            .collect();
        Target::read(&descriptor, &credentials()).unwrap();
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let refused = |change: fn(&mut Descriptor), code: &str| {
            let mut descriptor = descriptor();
            change(&mut descriptor);
            assert_eq!(Target::read(&descriptor, &credentials()).unwrap_err().code, code);
        };
        refused(|d| d.endpoints[0].role = "hop".to_owned(), "descriptor_unsupported");
        refused(|d| d.parameters.push(parameter("options", text("-c x=y"))), "descriptor_unsupported");
        refused(|d| d.parameters.push(parameter("schema", credential("pass"))), "descriptor_unsupported");
        refused(|d| d.parameters.push(parameter("connect_timeout_ms", text("1e9"))), "descriptor_unsupported");
        refused(|d| d.parameters.push(parameter("tables", text("a, b"))), "descriptor_unsupported");
        refused(|d| d.authentications.clear(), "descriptor_unsupported");
        refused(|d| d.authentications[0].scheme = "gss".to_owned(), "descriptor_unsupported");
        refused(|d| d.authentications[0].parameters[1].value = text("mine"), "descriptor_unsupported");
        refused(|d| d.authentications[0].parameters.push(parameter("realm", text("x"))), "descriptor_unsupported");
        refused(|d| d.authentications[0].parameters[0].value = credential("absent"), "credential_missing");
    }
    #[test]
    fn refuses_control_characters_in_every_text_that_is_sent() {
        for control in ['\0', '\n', '\r', '\t', '\u{1b}', '\u{7f}', '\u{80}', '\u{85}', '\u{9f}'] {
            for name in ["database", "schema", "application_name"] {
                let mut descriptor = descriptor();
                descriptor.parameters = vec![parameter(name, text(&format!("a{control}b")))];
                let fault = Target::read(&descriptor, &credentials()).unwrap_err();
                assert_eq!(fault.code, "control_character", "{name} {control:?}");
                assert!(fault.message.contains(name), "{}", fault.message);
            }
            let mut credentials = credentials();
            credentials.set("user".to_owned(), Secret::new(format!("a{control}b")));
            let fault = Target::read(&descriptor(), &credentials).unwrap_err();
            assert_eq!(fault.code, "credential_invalid", "{control:?}");
        }
        let mut descriptor = descriptor();
        descriptor.parameters = vec![parameter("database", text("Größe \u{a0}\u{1f600} \"x\""))];
        Target::read(&descriptor, &credentials()).unwrap();
    }
}
