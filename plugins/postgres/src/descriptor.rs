//! The configuration as a descriptor.

use crate::config::Config;
use crate::contract::patchpanel::connector::types::{
    Authentication, ClientIdentity, Descriptor, Endpoint, Parameter, Tls, TlsMode, Value,
};

/// What to connect to, and how.
pub fn describe(config: &Config) -> Descriptor {
    Descriptor {
        driver: "postgres".to_owned(),
        endpoints: vec![Endpoint {
            role: "data".to_owned(),
            host: config.host.clone(),
            port: config.port,
            tls: tls(config),
            extras: Vec::new(),
        }],
        authentications: vec![Authentication {
            endpoint_role: "data".to_owned(),
            scheme: "password".to_owned(),
            parameters: vec![credential("username"), credential("password")],
            extras: Vec::new(),
        }],
        parameters: parameters(config),
        extras: Vec::new(),
    }
}

fn tls(config: &Config) -> Tls {
    Tls {
        mode: match config.ssl_mode.as_str() {
            "disable" => TlsMode::Disable,
            "require" => TlsMode::Require,
            "verify-ca" => TlsMode::VerifyCa,
            // The strictest one also for a word that the check let through: an error in it must not loosen anything.
            _ => TlsMode::VerifyFull,
        },
        server_name: None,
        roots: config.ssl_root_cert.iter().cloned().collect(),
        identity: config.ssl_client_cert.clone().map(|certificate| ClientIdentity {
            certificate,
            key: Value::Credential("ssl_client_key".to_owned()),
            extras: Vec::new(),
        }),
        extras: Vec::new(),
    }
}

fn parameters(config: &Config) -> Vec<Parameter> {
    let mut parameters = vec![
        text("database", config.database.clone()),
        text("schema", config.db_schema.clone()),
        text("application_name", config.application_name.clone()),
        text("connect_timeout_ms", config.connect_timeout_ms.to_string()),
        text("pool_max_connections", config.pool_max_connections.to_string()),
        text("pool_idle_timeout_ms", config.pool_idle_timeout_ms.to_string()),
    ];
    if !config.selected_tables.is_empty() {
        parameters.push(text("tables", config.selected_tables_json()));
    }
    parameters
}

fn text(name: &str, value: String) -> Parameter {
    Parameter { name: name.to_owned(), value: Value::Text(value) }
}

fn credential(name: &str) -> Parameter {
    Parameter { name: name.to_owned(), value: Value::Credential(name.to_owned()) }
}
