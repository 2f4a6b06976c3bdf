//! A connector that does what it should.

use crate::behaviour::Request;
use crate::{
    AuthMethod, Authentication, Descriptor, Endpoint, Finding, Manifest, Page, Parameter, Reach, Severity, Statement,
    Tls, TlsMode, Value, Verdict,
};

/// The schema of the configuration.
pub const CONFIG_SCHEMA: &str = r#"{
    "type": "object",
    "properties": {
        "host": {"type": "string", "minLength": 1, "title": "Host"},
        "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 5432, "title": "Port"},
        "database": {"type": "string", "minLength": 1, "maxLength": 1000, "title": "Database"},
        "ssl_mode": {"enum": ["disable", "require", "verify-ca", "verify-full"], "title": "TLS"},
        "trigger": {"type": "string", "title": "Trigger", "examples": ["on", "177"]}
    },
    "required": ["host", "database"],
    "additionalProperties": false
}"#;

/// The schema of the credentials.
pub const CREDENTIAL_SCHEMA: &str = r#"{
    "type": "object",
    "properties": {
        "username": {"type": "string", "minLength": 1, "title": "User name", "x-secret": false},
        "password": {"type": "string", "title": "Password"}
    },
    "required": ["username"],
    "additionalProperties": false
}"#;

/// The manifest of the type `zoo-` and this name.
pub fn manifest(name: &str) -> Manifest {
    Manifest {
        type_name: format!("zoo-{name}"),
        version: "1.0.0".to_owned(),
        title: name.to_owned(),
        description: "A connector for tests.".to_owned(),
        config_member: "database_config".to_owned(),
        config_schema: CONFIG_SCHEMA.to_owned(),
        auth_member: None,
        auth_methods: vec![AuthMethod {
            name: "basic".to_owned(),
            title: "User and password".to_owned(),
            credential_schema: CREDENTIAL_SCHEMA.to_owned(),
            extras: Vec::new(),
        }],
        reaches: vec![Reach {
            endpoint_role: "data".to_owned(),
            host: "{/host}".to_owned(),
            port: "{/port}".to_owned(),
            tls_mode: "{/ssl_mode}".to_owned(),
            server_name: None,
            roots: Vec::new(),
            extras: Vec::new(),
        }],
        drivers: vec!["postgres".to_owned()],
        examples: vec![r#"{"host": "db.example.com", "database": "sales"}"#.to_owned()],
        setup: Vec::new(),
        extras: Vec::new(),
    }
}

/// Accepts the configuration.
pub fn validate(request: &Request) -> Verdict {
    Verdict { findings: Vec::new(), normalised: Some(request.config.write()), extras: Vec::new() }
}

/// Accepts the configuration with something to say about it.
pub fn warn(request: &Request, message: impl Into<String>) -> Verdict {
    Verdict { findings: vec![finding(Severity::Warning, message)], ..validate(request) }
}

/// Refuses a configuration that the schema refuses, or that has escapes.
pub fn refuse() -> Verdict {
    let message = "Only host, port, database, ssl_mode and trigger are taken, in plain characters.";
    Verdict { findings: vec![finding(Severity::Error, message)], normalised: None, extras: Vec::new() }
}

/// Something to say about the configuration as a whole.
pub fn finding(severity: Severity, message: impl Into<String>) -> Finding {
    Finding {
        severity,
        code: "zoo".to_owned(),
        pointer: String::new(),
        message: message.into(),
        hint: None,
        extras: Vec::new(),
    }
}

/// Leads where the configuration leads.
pub fn describe(request: &Request) -> Descriptor {
    let config = &request.config;
    Descriptor {
        driver: "postgres".to_owned(),
        endpoints: vec![Endpoint {
            role: "data".to_owned(),
            host: config.host.clone(),
            port: config.port,
            tls: Tls {
                mode: match config.ssl_mode.as_str() {
                    "disable" => TlsMode::Disable,
                    "" if config.host == "127.0.0.1" => TlsMode::Disable,
                    "require" => TlsMode::Require,
                    "verify-ca" => TlsMode::VerifyCa,
                    _ => TlsMode::VerifyFull,
                },
                server_name: None,
                roots: Vec::new(),
                identity: None,
                extras: Vec::new(),
            },
            extras: Vec::new(),
        }],
        authentications: vec![Authentication {
            endpoint_role: "data".to_owned(),
            scheme: "password".to_owned(),
            parameters: vec![credential("username", "username"), credential("password", "password")],
            extras: Vec::new(),
        }],
        // Of all schemas, this is the one that everybody may use.
        parameters: vec![text("database", &config.database), text("schema", "pg_catalog")],
        extras: Vec::new(),
    }
}

/// A parameter that is a credential.
pub fn credential(name: &str, credential: &str) -> Parameter {
    Parameter { name: name.to_owned(), value: Value::Credential(credential.to_owned()) }
}

/// A parameter that is text.
pub fn text(name: &str, text: &str) -> Parameter {
    Parameter { name: name.to_owned(), value: Value::Text(text.to_owned()) }
}

/// Lists the tables; knows no other level.
pub fn plan(page: &Page) -> Result<Statement, Vec<Finding>> {
    if page.level != "tables" {
        return Err(vec![finding(Severity::Error, "There are only tables.")]);
    }
    let text = tables("schemaname::text", "tablename::text");
    Ok(statement(&format!(
        r#"{text} FROM pg_catalog.pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
        ORDER BY schemaname::text COLLATE "C", tablename::text COLLATE "C" LIMIT {}"#,
        page.limit
    )))
}

/// The start of a statement whose columns are those of the level `tables`, with these as the first two.
pub fn tables(schema_name: &str, table_name: &str) -> String {
    format!(
        "SELECT {schema_name} AS schema_name, {table_name} AS table_name, 'table'::text AS table_kind,
        NULL::text AS comment, NULL::text AS estimated_rows"
    )
}

/// An SQL statement without parameters.
pub fn statement(text: &str) -> Statement {
    Statement { language: "sql".to_owned(), text: text.to_owned(), parameters: Vec::new(), extras: Vec::new() }
}
