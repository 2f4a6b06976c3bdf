//! The source of `connector-1.0.0.wasm`: a connector with every interface of the contract 1.0.0, which must load for
//! ever. Nothing compiles this file any more. It was an example of the package `guests`, as that was when both were added
//! here, and was built as `cargo xtask plugins` builds guests, with the machine's paths left out (`--remap-path-prefix`).

use guests::{
    Advice, AuthMethod, Behaviour, Fault, Finding, Instruction, Manifest, Page, Reach, Request, Severity, Statement, Value,
    Verdict, good, log,
};

struct Guest;

const CONFIG_SCHEMA: &str = r#"{
    "type": "object",
    "properties": {
        "host": {"type": "string", "minLength": 1, "title": "Host", "examples": ["db.example.com"]},
        "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 5432, "title": "Port"},
        "database": {"type": "string", "minLength": 1, "title": "Database"},
        "ssl_mode": {"enum": ["disable", "require", "verify-ca", "verify-full"], "title": "TLS"}
    },
    "required": ["host", "database"],
    "additionalProperties": false
}"#;

const CREDENTIAL_SCHEMA: &str = r#"{
    "type": "object",
    "properties": {
        "username": {"type": "string", "minLength": 1, "title": "User name", "x-secret": false},
        "password": {"type": "string", "minLength": 1, "title": "Password"}
    },
    "required": ["username", "password"],
    "additionalProperties": false
}"#;

/// A key of extras that no version of the contract documents, so that a host ignores it.
fn extras() -> Vec<(String, String)> {
    vec![("golden".to_owned(), "true".to_owned())]
}

impl Behaviour for Guest {
    const NAME: &'static str = "golden";

    fn triggered(_request: &Request) -> bool {
        true
    }

    fn manifest() -> Manifest {
        Manifest {
            type_name: "golden".to_owned(),
            version: "1.2.3-rc.4+5".to_owned(),
            title: "Golden PostgreSQL".to_owned(),
            description: "A connector that was built once. Höchstens ein Tag — 一日.".to_owned(),
            config_member: "database_config".to_owned(),
            config_schema: CONFIG_SCHEMA.to_owned(),
            auth_member: None,
            auth_methods: vec![AuthMethod {
                name: "basic".to_owned(),
                title: "User and password".to_owned(),
                credential_schema: CREDENTIAL_SCHEMA.to_owned(),
                extras: extras(),
            }],
            reaches: vec![Reach {
                endpoint_role: "data".to_owned(),
                host: "{/host}".to_owned(),
                port: "{/port}".to_owned(),
                tls_mode: "{/ssl_mode}".to_owned(),
                server_name: None,
                roots: Vec::new(),
                extras: extras(),
            }],
            drivers: vec!["postgres".to_owned()],
            examples: vec![
                r#"{"host": "db.example.com", "database": "sales"}"#.to_owned(),
                r#"{"host": "192.0.2.1", "port": 6432, "database": "sales", "ssl_mode": "verify-ca"}"#.to_owned(),
            ],
            setup: vec![
                Instruction {
                    title: "Create a user that may only read".to_owned(),
                    language: "sql".to_owned(),
                    text: "CREATE ROLE reader LOGIN PASSWORD '…';\n\nGRANT pg_read_all_data TO reader;".to_owned(),
                    extras: extras(),
                },
                Instruction {
                    title: "Let the platform in".to_owned(),
                    language: "conf".to_owned(),
                    text: "hostssl all reader {egress_addresses} scram-sha-256".to_owned(),
                    extras: extras(),
                },
            ],
            extras: extras(),
        }
    }

    /// A template is refused, and TLS that is off is worth a word.
    fn validate(request: &Request) -> Verdict {
        log::write(&log::Level::Info, "validates");
        let mut findings = Vec::new();
        if request.config.database.starts_with("template") {
            findings.push(Finding {
                code: "template".to_owned(),
                pointer: "/database".to_owned(),
                hint: Some("Name the database that has the tables.".to_owned()),
                extras: extras(),
                ..good::finding(Severity::Error, "A template has no data.")
            });
        }
        if request.config.ssl_mode == "disable" {
            findings.push(Finding {
                code: "open".to_owned(),
                pointer: "/ssl_mode".to_owned(),
                ..good::finding(Severity::Warning, "Everybody on the way can read what is sent.")
            });
        }
        if request.config.host.ends_with(".invalid") {
            let severity = Severity::Other("fatal".to_owned());
            findings.push(Finding { pointer: "/host".to_owned(), ..good::finding(severity, "There is no such host.") });
        }
        let refused = findings.iter().any(|finding| !matches!(finding.severity, Severity::Warning));
        let normalised = (!refused).then(|| request.config.write());
        Verdict { findings, normalised, extras: extras() }
    }

    fn describe(request: &Request) -> Result<guests::Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.parameters =
            vec![good::text("database", &request.config.database), good::text("application_name", "golden")];
        descriptor.parameters.push(good::text("schema", "public"));
        descriptor.extras = extras();
        Ok(descriptor)
    }

    /// Lists the tables; a value goes by a placeholder.
    fn plan(_request: &Request, page: &Page) -> Result<Statement, Vec<Finding>> {
        if page.level != "tables" {
            return Err(vec![good::finding(Severity::Error, "There are only tables.")]);
        }
        let text = format!(
            r#"{} FROM pg_catalog.pg_tables WHERE schemaname <> ALL (string_to_array($1, ' '))
            ORDER BY schemaname::text COLLATE "C", tablename::text COLLATE "C" LIMIT {}"#,
            good::tables("schemaname::text", "tablename::text"),
            page.limit
        );
        let hidden = Value::Text("pg_catalog information_schema".to_owned());
        Ok(Statement { parameters: vec![hidden], extras: extras(), ..good::statement(&text) })
    }

    fn diagnose(_request: &Request, fault: &Fault) -> Option<Advice> {
        (fault.code == "password_rejected").then(|| Advice {
            message: format!("At the stage {}, golden passwords only.", fault.stage),
            remedy: format!("Look up {}.", fault.native_code.as_deref().unwrap_or("nothing")),
            extras: extras(),
        })
    }

    /// Version 1.0.0 had TLS off where nothing was said of it; that stays, and is said now.
    fn migrate(request: &Request) -> Verdict {
        let mut config = guests::Config::read(&request.configuration.config).unwrap_or_default();
        if request.configuration.written_by.as_deref() != Some("1.0.0") || !config.ssl_mode.is_empty() {
            return good::validate(request);
        }
        config.ssl_mode = "disable".to_owned();
        let finding = Finding {
            code: "open".to_owned(),
            pointer: "/ssl_mode".to_owned(),
            ..good::finding(Severity::Warning, "It was off before, and still is.")
        };
        Verdict { findings: vec![finding], normalised: Some(config.write()), extras: extras() }
    }
}

guests::export!(Guest);

fn main() {}
