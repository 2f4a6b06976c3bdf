//! What the connector says of itself.

use crate::contract::patchpanel::connector::types::{AuthMethod, Instruction, Manifest, Reach};

const CONFIG_SCHEMA: &str = include_str!("config.schema.json");
const CREDENTIAL_SCHEMA: &str = include_str!("credentials.schema.json");

/// The manifest, the same at every call.
pub fn manifest() -> Manifest {
    Manifest {
        type_name: "postgres".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        title: "PostgreSQL".to_owned(),
        description: "PostgreSQL 10 and later, and services that speak its protocol.".to_owned(),
        config_member: "database_config".to_owned(),
        config_schema: CONFIG_SCHEMA.to_owned(),
        auth_member: Some("auth_type".to_owned()),
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
            roots: vec!["{/ssl_root_cert}".to_owned()],
            extras: Vec::new(),
        }],
        drivers: vec!["postgres".to_owned()],
        examples: vec![
            r#"{"host":"db.example.com","database":"sales"}"#.to_owned(),
            r#"{"host":"203.0.113.7","port":5433,"database":"sales","db_schema":"reporting","ssl_mode":"verify-ca","selected_tables":["customers","reporting.orders"]}"#.to_owned(),
        ],
        setup: vec![
            instruction("Create a user that may only read", "sql", include_str!("read_only_user.sql")),
            instruction("Let the user in from the platform's addresses (pg_hba.conf)", "conf", include_str!("pg_hba.conf")),
        ],
        extras: Vec::new(),
    }
}

fn instruction(title: &str, language: &str, text: &str) -> Instruction {
    Instruction { title: title.to_owned(), language: language.to_owned(), text: text.to_owned(), extras: Vec::new() }
}
