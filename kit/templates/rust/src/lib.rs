//! The Example Database connector: checks configurations and describes connections; it never sees a credential.

mod config;
/// The contract, generated from wit/ by `patchpanel connector build`.
#[path = "../bindings/connector_plugin.rs"]
#[rustfmt::skip]
mod contract;

use config::Config;
use contract::exports::patchpanel::connector::connector::Guest;
use contract::patchpanel::connector::types::{
    AuthMethod, Authentication, Configuration, Context, Descriptor, Endpoint, Finding, Instruction,
    Manifest, Parameter, Reach, Tls, TlsMode, Value, Verdict,
};

struct Connector;

contract::export!(Connector with_types_in contract);

impl Guest for Connector {
    fn get_manifest() -> Manifest {
        Manifest {
            type_name: "example-database".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            title: "Example Database".to_owned(),
            description: "Databases that speak the PostgreSQL protocol.".to_owned(),
            config_member: "database_config".to_owned(),
            config_schema: include_str!("config.schema.json").to_owned(),
            auth_member: None,
            auth_methods: vec![AuthMethod {
                name: "basic".to_owned(),
                title: "User and password".to_owned(),
                credential_schema: include_str!("credentials.schema.json").to_owned(),
                extras: Vec::new(),
            }],
            // Where connections may lead: exactly where the tenant says.
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
            examples: vec![
                r#"{"host": "db.example.com", "database": "sales"}"#.to_owned(),
                r#"{"host": "203.0.113.7", "port": 5433, "database": "sales", "ssl_mode": "verify-ca"}"#.to_owned(),
            ],
            setup: vec![Instruction {
                title: "Create a user that may only read".to_owned(),
                language: "sql".to_owned(),
                text: "create role patchpanel_reader login password 'CHANGE-ME';\n".to_owned(),
                extras: Vec::new(),
            }],
            extras: Vec::new(),
        }
    }

    fn validate(_context: Context, configuration: Configuration) -> Verdict {
        let (findings, config) = config::check(&configuration.config);
        Verdict {
            findings,
            normalised: config.map(|config| config.to_json()),
            extras: Vec::new(),
        }
    }

    fn describe(
        _context: Context,
        configuration: Configuration,
    ) -> Result<Descriptor, Vec<Finding>> {
        let (findings, config) = config::check(&configuration.config);
        config.map(|config| descriptor(&config)).ok_or(findings)
    }
}

fn descriptor(config: &Config) -> Descriptor {
    let tls = Tls {
        mode: match config.ssl_mode.as_str() {
            "disable" => TlsMode::Disable,
            "require" => TlsMode::Require,
            "verify-ca" => TlsMode::VerifyCa,
            _ => TlsMode::VerifyFull,
        },
        server_name: None,
        roots: Vec::new(),
        identity: None,
        extras: Vec::new(),
    };
    Descriptor {
        driver: "postgres".to_owned(),
        endpoints: vec![Endpoint {
            role: "data".to_owned(),
            host: config.host.clone(),
            port: config.port,
            tls,
            extras: Vec::new(),
        }],
        // The host puts the credentials in, once this has returned.
        authentications: vec![Authentication {
            endpoint_role: "data".to_owned(),
            scheme: "password".to_owned(),
            parameters: ["username", "password"]
                .map(|name| Parameter {
                    name: name.to_owned(),
                    value: Value::Credential(name.to_owned()),
                })
                .to_vec(),
            extras: Vec::new(),
        }],
        parameters: vec![Parameter {
            name: "database".to_owned(),
            value: Value::Text(config.database.clone()),
        }],
        extras: Vec::new(),
    }
}
