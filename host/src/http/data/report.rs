//! The answer of verify and test: whether the connection works, stage by stage.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::diagnosis::{Blame, EndpointReport, Fault, Outcome, ReadOnlyLevel, Report, Stage, StageReport};
use crate::http::vocabulary::EndpointOutcome;

/// Whether a connection works. A source that refuses is an answer, not an error: 200 with `success: false`.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestResult {
    /// Whether every stage passed, with warnings or without.
    pub success: bool,
    /// One sentence: the failing stage's message, if one failed.
    pub message: String,
    /// From start to end, in milliseconds.
    pub latency_ms: f64,
    /// What the test has found out.
    pub details: TestDetails,
}

/// What was found out.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestDetails {
    /// Every stage in order: config, policy, resolve, connect, tls, authenticate, session, privileges, discover.
    pub stages: Vec<StageResult>,
    /// Every endpoint that was tried, in order; the stages are about the last one. Empty when none was.
    pub endpoints: Vec<EndpointResult>,
    /// What is known of the server; null when it was not reached.
    pub server: Option<ServerFacts>,
    /// What the user may do; null when it was not found out.
    pub privileges: Option<PrivilegeFacts>,
    /// Schemas with their tables, bounded.
    pub schemas: Vec<SchemaFacts>,
    /// Whether there are more schemas or tables than listed.
    pub truncated: bool,
}

/// One stage.
#[derive(Debug, Serialize, ToSchema)]
pub struct StageResult {
    /// The stage's name.
    #[schema(value_type = Stage)]
    pub stage: &'static str,
    /// How the stage ended.
    #[schema(value_type = Outcome)]
    pub outcome: &'static str,
    /// How long the stage took, in milliseconds; null when it was skipped.
    pub latency_ms: Option<f64>,
    /// The fault, when it failed; all null else.
    #[serde(flatten)]
    pub fault: FaultFacts,
    /// What there is to say although it passed.
    pub warnings: Vec<FaultFacts>,
}

/// What came of one endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndpointResult {
    /// The endpoint's host, as the connector named it.
    #[schema(example = "db.example.com")]
    pub host: String,
    /// The endpoint's port.
    pub port: u16,
    /// What became of the endpoint.
    #[schema(value_type = EndpointOutcome)]
    pub outcome: &'static str,
    /// The stage that failed; null when it was opened.
    #[schema(value_type = Option<Stage>)]
    pub stage: Option<&'static str>,
    /// The fault, when it failed; all null else.
    #[serde(flatten)]
    pub fault: FaultFacts,
}

/// What went wrong.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct FaultFacts {
    /// Stable, for programs, such as `password_rejected`. No enum, since every kind of data source adds its own.
    pub code: Option<&'static str>,
    /// Whose fault it is.
    #[schema(value_type = Option<Blame>)]
    pub blame: Option<&'static str>,
    /// Whether trying again later, with nothing changed, can help.
    pub retryable: Option<bool>,
    /// What happened, in a sentence.
    pub message: Option<String>,
    /// What to do about the fault.
    pub remedy: Option<String>,
    /// The server's own code.
    pub sqlstate: Option<String>,
}

/// What is known of the server.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServerFacts {
    /// The server's version, as it says it.
    #[schema(example = "15.18")]
    pub version: String,
    /// The server's address and port, as dialled.
    pub address: String,
    /// TLS version and cipher; null without TLS.
    pub tls: Option<TlsFacts>,
    /// How the server checked the user, such as `scram-sha-256-plus`.
    pub authentication: String,
}

/// How the connection was protected.
#[derive(Debug, Serialize, ToSchema)]
pub struct TlsFacts {
    /// The version of TLS, such as `TLSv1.3`.
    pub version: String,
    /// The cipher suite, such as `TLS13_AES_256_GCM_SHA384`.
    pub cipher: Option<String>,
}

/// What the user may do.
#[derive(Debug, Serialize, ToSchema)]
pub struct PrivilegeFacts {
    /// Whether nothing can be written: `database` (the server is a standby, which refuses it to everybody), `role` (the
    /// user has no right to change anything in the database, can get none from another role, and has no way around that) or
    /// `none`. A setting such as `default_transaction_read_only` counts for nothing, since every user can change it. What
    /// PostgreSQL lets every user do counts for nothing either: temporary tables, large objects of its own, its own
    /// password and settings, advisory locks, and ending its own sessions. What reading a foreign table sets
    /// off elsewhere is not known.
    #[schema(value_type = ReadOnlyLevel)]
    pub read_only: &'static str,
    /// Why: `recovery` (the server is a standby) and `privileges` (the user has no right to write); empty for `none`.
    pub enforced_by: Vec<&'static str>,
    /// What goes around the rights on tables or reaches beyond the database: `superuser`, `server_files`,
    /// `server_programs`, `dblink`, `foreign_servers`, `replication`, `untrusted_languages`, `server_settings`,
    /// `stored_passwords` (of users, user mappings or subscriptions), `administration` (what PostgreSQL keeps for superusers,
    /// such as ending the sessions of others).
    pub escapes: Vec<&'static str>,
    /// How many functions there are that the user may call and that run with the rights of their owner (`SECURITY
    /// DEFINER`). What they do is not looked into.
    pub security_definer_functions: u64,
    /// Whether the user is a superuser.
    pub superuser: bool,
    /// What is more than needed.
    pub warnings: Vec<FaultFacts>,
}

/// A schema and its tables.
#[derive(Debug, Serialize, ToSchema)]
pub struct SchemaFacts {
    /// The schema's name.
    pub name: String,
    /// Names of its tables and views.
    pub tables: Vec<String>,
}

impl From<Report> for TestResult {
    fn from(report: Report) -> Self {
        let failed = report.stages.iter().find_map(|stage| match &stage.outcome {
            Outcome::Failed(fault) => Some(fault.message.clone()),
            Outcome::Passed | Outcome::Warned(_) | Outcome::Skipped => None,
        });
        let stages: Vec<StageResult> = report.stages.into_iter().map(StageResult::from).collect();
        let warnings: usize = stages.iter().map(|stage| stage.warnings.len()).sum();
        let privilege_warnings = stages
            .iter()
            .find(|stage| stage.stage == Stage::Privileges.name())
            .map(|stage| stage.warnings.clone())
            .unwrap_or_default();
        Self {
            success: failed.is_none(),
            message: failed.unwrap_or_else(|| match warnings {
                0 => "The connection works.".to_owned(),
                1 => "The connection works, with 1 warning.".to_owned(),
                _ => format!("The connection works, with {warnings} warnings."),
            }),
            latency_ms: milliseconds(report.latency),
            details: TestDetails {
                stages,
                endpoints: report.endpoints.into_iter().map(EndpointResult::from).collect(),
                server: report.server.map(|server| ServerFacts {
                    version: server.version,
                    address: server.address,
                    tls: server.tls_version.map(|version| TlsFacts { version, cipher: server.tls_cipher }),
                    authentication: server.authentication,
                }),
                privileges: report.privileges.map(|privileges| PrivilegeFacts {
                    read_only: privileges.read_only.name(),
                    enforced_by: privileges.enforced_by,
                    escapes: privileges.escapes,
                    security_definer_functions: privileges.security_definer_functions,
                    superuser: privileges.superuser,
                    warnings: privilege_warnings,
                }),
                schemas: report
                    .schemas
                    .into_iter()
                    .map(|schema| SchemaFacts { name: schema.name, tables: schema.tables })
                    .collect(),
                truncated: report.truncated,
            },
        }
    }
}

impl From<StageReport> for StageResult {
    fn from(report: StageReport) -> Self {
        let outcome = report.outcome.name();
        let (fault, warnings) = match report.outcome {
            Outcome::Passed | Outcome::Skipped => (FaultFacts::default(), Vec::new()),
            Outcome::Warned(faults) => (FaultFacts::default(), faults.into_iter().map(FaultFacts::from).collect()),
            Outcome::Failed(fault) => (fault.into(), Vec::new()),
        };
        Self { stage: report.stage.name(), outcome, latency_ms: report.latency.map(milliseconds), fault, warnings }
    }
}

impl From<EndpointReport> for EndpointResult {
    fn from(report: EndpointReport) -> Self {
        let EndpointReport { host, port, fault } = report;
        match fault {
            None => Self { host, port, outcome: "opened", stage: None, fault: FaultFacts::default() },
            Some((stage, fault)) => {
                Self { host, port, outcome: "failed", stage: Some(stage.name()), fault: fault.into() }
            }
        }
    }
}

impl From<Fault> for FaultFacts {
    fn from(fault: Fault) -> Self {
        Self {
            code: Some(fault.code),
            blame: Some(fault.blame.name()),
            retryable: Some(fault.retryable),
            message: Some(fault.message),
            remedy: Some(fault.remedy),
            sqlstate: fault.native_code,
        }
    }
}

/// Milliseconds, to the microsecond.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
