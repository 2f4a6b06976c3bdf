//! The contract: the host's one model of it, and the seam to its versions. Each version that the host speaks is a thin adapter
//! to the model.
//!
//! It knows how a guest is linked and what it is given, and nothing of who asks or of what becomes of the answers.

mod adapter;
mod nonsense;
pub(super) mod text;
mod v1;

use serde_json::Value;

pub(super) use adapter::{Adapter, Configuration, Context, Failure, Fault, SPOKEN, Verdict, choose, spoken_versions};
pub use nonsense::Nonsense;

use crate::finding::Finding;
use crate::statement::Level;

/// The members of a request that can hold a configuration; a manifest says which one is its connector's.
pub const CONFIG_MEMBERS: [&str; 3] = ["database_config", "storage_config", "filesystem_config"];

/// What the text of a set-up instruction can be written in.
pub const INSTRUCTION_LANGUAGES: [&str; 4] = ["sql", "shell", "conf", "text"];

/// Why the host calls a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The configuration is only tried.
    Check,
    /// A connection is registered.
    Create,
    /// A connection is changed.
    Update,
    /// A connection is tested or queried.
    Use,
    /// A version is compared with the one that serves a stored connection.
    Shadow,
}

impl Purpose {
    /// The name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Create => "create",
            Self::Update => "update",
            Self::Use => "use",
            Self::Shadow => "shadow",
        }
    }
}

/// A connector's answer about a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T> {
    /// What was asked for.
    Given(T),
    /// It cannot be given for this configuration, for these reasons; at least one is an error.
    Refused(Vec<Finding>),
}

impl<T> Answer<T> {
    /// What was given, made into something else.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Answer<U> {
        match self {
            Self::Given(given) => Answer::Given(change(given)),
            Self::Refused(findings) => Answer::Refused(findings),
        }
    }

    /// What was given, if anything was.
    pub fn given(self) -> Option<T> {
        match self {
            Self::Given(given) => Some(given),
            Self::Refused(_) => None,
        }
    }

    /// Whether it is a refusal.
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

/// What a connector says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The value of `connection_type`.
    pub connection_type: String,
    /// A semantic version.
    pub version: String,
    /// For people.
    pub title: String,
    /// For people.
    pub description: String,
    /// `database_config`, `storage_config` or `filesystem_config`.
    pub config_member: String,
    /// JSON Schema of the configuration.
    pub config_schema: Value,
    /// The configuration's member that names the authentication method.
    pub auth_member: Option<String>,
    /// At least one; the first is the default.
    pub auth_methods: Vec<AuthMethod>,
    /// Where endpoints may lead.
    pub reaches: Vec<Reach>,
    /// The drivers that `describe` may answer.
    pub drivers: Vec<String>,
    /// Configurations that `validate` accepts.
    pub examples: Vec<Value>,
    /// What the owner of the data source does first.
    pub setup: Vec<Instruction>,
}

/// A way to authenticate.
#[derive(Debug, Clone, PartialEq)]
pub struct AuthMethod {
    /// Its name.
    pub name: String,
    /// For people.
    pub title: String,
    /// JSON Schema of the credentials.
    pub credential_schema: Value,
}

/// Where endpoints of one role may lead; patterns as the contract describes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The role.
    pub endpoint_role: String,
    /// Pattern of the host.
    pub host: String,
    /// Pattern of the port.
    pub port: String,
    /// Pattern or name of the least strict TLS mode.
    pub tls_mode: String,
    /// Pattern of the name to verify instead of the host.
    pub server_name: Option<String>,
    /// Patterns of roots.
    pub roots: Vec<String>,
}

/// A step that the owner of the data source takes once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// What it is for.
    pub title: String,
    /// `sql`, `shell`, `conf` or `text`.
    pub language: String,
    /// `{egress_addresses}` stands for the platform's addresses.
    pub text: String,
}

/// One page of one level of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The level.
    pub level: Level,
    /// The names above it.
    pub parents: Vec<String>,
    /// Keeps only names that contain this text.
    pub pattern: Option<String>,
    /// The key of the last row before.
    pub after: Vec<String>,
    /// 1 to 10,000.
    pub limit: u32,
}

/// Better words for a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// What happened.
    pub message: String,
    /// What to do.
    pub remedy: String,
}
