//! What a connection test says: stages, each with an outcome, a time and, when it failed, a fault that names a stable
//! code, who is to blame, whether a retry can help and what to do.

use std::time::Duration;

pub mod code;
mod server_text;
mod stages;

use crate::finding::Finding;
pub use code::Code;
pub use server_text::ServerText;
pub use stages::{Halted, Stages};

/// The stages of a connection test, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The stored configuration is still accepted by its connector.
    Config,
    /// The deployment allows the address.
    Policy,
    /// The host's name resolves.
    Resolve,
    /// TCP connects.
    Connect,
    /// TLS is agreed and the server verified.
    Tls,
    /// The server accepts the credentials.
    Authenticate,
    /// A session on the database is open.
    Session,
    /// The user may do what is needed, and not much more.
    Privileges,
    /// Schemas and tables are listed.
    Discover,
}

impl Stage {
    /// All stages, in their order.
    pub const ALL: [Self; 9] = [
        Self::Config,
        Self::Policy,
        Self::Resolve,
        Self::Connect,
        Self::Tls,
        Self::Authenticate,
        Self::Session,
        Self::Privileges,
        Self::Discover,
    ];

    /// The name in the HTTP API and the contract, such as `authenticate`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Policy => "policy",
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Authenticate => "authenticate",
            Self::Session => "session",
            Self::Privileges => "privileges",
            Self::Discover => "discover",
        }
    }
}

/// Whose fault a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The configuration.
    Config,
    /// A credential.
    Credential,
    /// The way to the server.
    Network,
    /// The server or its set-up.
    Server,
    /// The connector.
    Connector,
    /// Patchpanel itself or its set-up.
    Host,
}

impl Blame {
    /// Everything that can be at fault.
    pub const ALL: [Self; 6] =
        [Self::Config, Self::Credential, Self::Network, Self::Server, Self::Connector, Self::Host];

    /// The name in the HTTP API, such as `credential`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Credential => "credential",
            Self::Network => "network",
            Self::Server => "server",
            Self::Connector => "connector",
            Self::Host => "host",
        }
    }
}

/// What went wrong in one stage. Its texts never carry a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Stable, such as `password_rejected`.
    pub code: &'static str,
    /// Whose fault it is.
    pub blame: Blame,
    /// Whether trying again later, with nothing changed, can help.
    pub retryable: bool,
    /// What happened.
    pub message: String,
    /// What to do.
    pub remedy: String,
    /// The server's own code for it, such as PostgreSQL's SQLSTATE `28P01`; none where the server gave none.
    pub native_code: Option<String>,
}

impl Fault {
    /// A fault with the words that the table of codes has for it.
    pub fn new(code: &Code) -> Self {
        Self {
            code: code.name,
            blame: code.blame,
            retryable: code.retryable,
            message: code.message.to_owned(),
            remedy: code.remedy.to_owned(),
            native_code: None,
        }
    }

    /// Says what happened in words of its own.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// Says what to do in words of its own.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// Says both in the words of a finding: its sentence, and its hint if it has one.
    #[must_use]
    pub fn found(self, finding: &Finding) -> Self {
        let fault = self.message(finding.to_string());
        match &finding.hint {
            Some(hint) => fault.remedy(hint),
            None => fault,
        }
    }

    /// Adds the server's own code, if it looks like one: 1 to 32 letters, digits, `_`, `-` or `.` of ASCII. A driver that
    /// knows better what its servers' codes look like is stricter.
    #[must_use]
    pub fn native_code(mut self, code: &str) -> Self {
        let is_mark = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        let is_code = (1..=32).contains(&code.len()) && code.bytes().all(is_mark);
        self.native_code = is_code.then(|| code.to_owned());
        self
    }
}

/// How a stage ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All is well.
    Passed,
    /// It works, and there is something to say.
    Warned(Vec<Fault>),
    /// It does not; the test ends here.
    Failed(Fault),
    /// It did not run: an earlier stage failed, or there was nothing to do (`tls` of a connection without TLS).
    Skipped,
}

impl Outcome {
    /// The names of all outcomes in the HTTP API.
    pub const NAMES: [&str; 4] = ["passed", "warned", "failed", "skipped"];

    /// The name in the HTTP API, such as `passed`.
    pub fn name(&self) -> &'static str {
        let [passed, warned, failed, skipped] = Self::NAMES;
        match self {
            Self::Passed => passed,
            Self::Warned(_) => warned,
            Self::Failed(_) => failed,
            Self::Skipped => skipped,
        }
    }
}

/// One line of the stage table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageReport {
    /// Which stage.
    pub stage: Stage,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took; none when skipped.
    pub latency: Option<Duration>,
}

/// An endpoint that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointReport {
    /// As the connector named it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What went wrong there, and in which stage; none where a session was opened.
    pub fault: Option<(Stage, Fault)>,
}

/// Everything that a connection test found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// All stages, in order: what became of the endpoint that was tried last.
    pub stages: Vec<StageReport>,
    /// Every endpoint that was tried, in order.
    pub endpoints: Vec<EndpointReport>,
    /// From start to end.
    pub latency: Duration,
    /// What is known of the server.
    pub server: Option<Server>,
    /// What the user may do.
    pub privileges: Option<Privileges>,
    /// Schemas with their tables, bounded.
    pub schemas: Vec<Schema>,
    /// Whether there are more schemas or tables than listed.
    pub truncated: bool,
}

/// What is known of the server. Texts are cut to 512 bytes, control characters escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Such as `15.18`.
    pub version: String,
    /// Such as `TLSv1.3`; none without TLS.
    pub tls_version: Option<String>,
    /// Such as `TLS13_AES_256_GCM_SHA384`.
    pub tls_cipher: Option<String>,
    /// The address that was dialled, with the port.
    pub address: String,
    /// How the server checked the user: `scram-sha-256-plus`, `scram-sha-256`, `certificate`, `trust`, …
    pub authentication: String,
}

/// What the user may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Privileges {
    /// Whether the user is a superuser.
    pub superuser: bool,
    /// Whether it is known that nothing can be written.
    pub read_only: ReadOnlyLevel,
    /// Why, in the words of the HTTP API.
    pub enforced_by: Vec<&'static str>,
    /// Ways around what is granted on tables, in the words of the HTTP API.
    pub escapes: Vec<&'static str>,
    /// Functions that the user may call and that run with their owner's rights. What they do is not known.
    pub security_definer_functions: u64,
}

/// Whether it is known that nothing can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadOnlyLevel {
    /// Nobody can write to the server.
    Database,
    /// The user cannot, nor go around that.
    Role,
    /// It is not known, or known not to be so.
    None,
}

impl ReadOnlyLevel {
    /// Every level.
    pub const ALL: [Self; 3] = [Self::Database, Self::Role, Self::None];

    /// The name in the HTTP API, such as `role`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Role => "role",
            Self::None => "none",
        }
    }
}

/// A schema and its tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// Its name.
    pub name: String,
    /// Names of its tables and views.
    pub tables: Vec<String>,
}
