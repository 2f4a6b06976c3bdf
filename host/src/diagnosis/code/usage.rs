//! Codes of the stages `privileges` and `discover`.

use super::Code;
use crate::diagnosis::{Blame, Stage};

pub(super) const ALL: &[&Code] = &[
    &PRIVILEGES_TIMEOUT,
    &PRIVILEGES_FAILED,
    &UNKNOWN_SCHEMA,
    &NO_SCHEMA_USAGE,
    &SUPERUSER,
    &CAN_WRITE,
    &REACHES_BEYOND,
    &DISCOVER_TIMEOUT,
    &LISTING_TOO_LARGE,
    &DISCOVERY_FAILED,
    &DISCOVERY_UNSUPPORTED,
    &STATEMENT_REFUSED,
    &UNEXPECTED_COLUMNS,
    &TABLE_NOT_FOUND,
    &TABLE_NOT_READABLE,
    &NAME_NOT_IN_ENCODING,
];

/// The server did not say in time what the user may do.
pub const PRIVILEGES_TIMEOUT: Code = Code {
    name: "privileges_timeout",
    stages: &[Stage::Privileges],
    blame: Blame::Server,
    retryable: true,
    message: "The server did not say in time what the user may do.",
    remedy: "Try again. If it stays, check the load of the server.",
};

/// The server would not say what the user may do.
pub const PRIVILEGES_FAILED: Code = Code {
    name: "privileges_failed",
    stages: &[Stage::Privileges],
    blame: Blame::Server,
    retryable: false,
    message: "The server would not say what the user may do.",
    remedy: "Check that the server is PostgreSQL 10 or later and that the user may read its catalog.",
};

/// The schema does not exist in the database.
pub const UNKNOWN_SCHEMA: Code = Code {
    name: "unknown_schema",
    stages: &[Stage::Privileges],
    blame: Blame::Config,
    retryable: false,
    message: "The schema does not exist in the database.",
    remedy: "Check the schema's name; capital and small letters count.",
};

/// The user may not use the schema.
pub const NO_SCHEMA_USAGE: Code = Code {
    name: "no_schema_usage",
    stages: &[Stage::Privileges],
    blame: Blame::Server,
    retryable: false,
    message: "The user may not use the schema.",
    remedy: "Grant it: GRANT USAGE ON SCHEMA … TO ….",
};

/// The user is a superuser: whoever uses this connection could read and change everything on the server.
pub const SUPERUSER: Code = Code {
    name: "superuser",
    stages: &[Stage::Privileges],
    blame: Blame::Server,
    retryable: false,
    message: "The user is a superuser: whoever uses this connection could read and change everything on the server.",
    remedy: "Create a user for this connection that may only read what is needed.",
};

/// The user can write.
pub const CAN_WRITE: Code = Code {
    name: "can_write",
    stages: &[Stage::Privileges],
    blame: Blame::Server,
    retryable: false,
    message: "The user can write.",
    remedy: "Take its write privileges away, or use one that may only read.",
};

/// The user has a way around what is granted on tables, such as files of the server or statements to other servers.
pub const REACHES_BEYOND: Code = Code {
    name: "reaches_beyond",
    stages: &[Stage::Privileges],
    blame: Blame::Server,
    retryable: false,
    message: "The user has a way around what is granted on tables.",
    remedy: "Take these rights away from it, from PUBLIC or from the roles that it belongs to, or use a user without them.",
};

/// The connector's listing did not end in time. Whether it asks for too much or the server is slow cannot be told; the
/// server has just answered the host's own questions in time, and who wrote the statement shall not explain it away.
pub const DISCOVER_TIMEOUT: Code = Code {
    name: "discover_timeout",
    stages: &[Stage::Discover],
    blame: Blame::Connector,
    retryable: true,
    message: "The connector's statement that lists the contents did not end in time.",
    remedy: "Try again. If it stays, either the server is slow: check its load; or the connector's statement asks for too \
             much: narrow the listing by selected_tables, or ask the connector's author.",
};

/// The connector's listing is larger than is accepted. For the blame see [`DISCOVER_TIMEOUT`].
pub const LISTING_TOO_LARGE: Code = Code {
    name: "listing_too_large",
    stages: &[Stage::Discover],
    blame: Blame::Connector,
    retryable: false,
    message: "The connector's statement that lists the contents gives more than is accepted.",
    remedy: "Either the connector's statement asks for too much: narrow the listing by selected_tables, or ask the \
             connector's author; or the server sends more than it is asked for: check that host and port lead to the \
             database itself.",
};

/// The server would not list its contents.
pub const DISCOVERY_FAILED: Code = Code {
    name: "discovery_failed",
    stages: &[Stage::Discover],
    blame: Blame::Server,
    retryable: false,
    message: "The server would not list its contents.",
    remedy: "Check that the user may read the server's catalog. If it may, ask the connector's author about its statement.",
};

/// This connector does not list the contents of a data source.
pub const DISCOVERY_UNSUPPORTED: Code = Code {
    name: "discovery_unsupported",
    stages: &[Stage::Discover],
    blame: Blame::Connector,
    retryable: false,
    message: "This connector does not list the contents of a data source.",
    remedy: "Nothing is wrong with the connection; it can be used without the listing.",
};

/// The connector's statement cannot be run here.
pub const STATEMENT_REFUSED: Code = Code {
    name: "statement_refused",
    stages: &[Stage::Discover],
    blame: Blame::Connector,
    retryable: false,
    message: "The connector's statement cannot be run here.",
    remedy: "Ask the connector's author; whoever runs this installation can go back to its last version.",
};

/// The connector's statement gives other columns than agreed.
pub const UNEXPECTED_COLUMNS: Code = Code {
    name: "unexpected_columns",
    stages: &[Stage::Discover],
    blame: Blame::Connector,
    retryable: false,
    message: "The connector's statement gives other columns than agreed.",
    remedy: "Ask the connector's author; whoever runs this installation can go back to its last version.",
};

/// Tables that the configuration selects are not in the database.
pub const TABLE_NOT_FOUND: Code = Code {
    name: "table_not_found",
    stages: &[Stage::Discover],
    blame: Blame::Config,
    retryable: false,
    message: "Tables that the configuration selects are not in the database.",
    remedy: "Check the names; capital and small letters count. A name without a schema is looked for in the schema of the \
             connection.",
};

/// The user may not read tables that the connection is about.
pub const TABLE_NOT_READABLE: Code = Code {
    name: "table_not_readable",
    stages: &[Stage::Discover],
    blame: Blame::Server,
    retryable: false,
    message: "The user may not read tables that the connection is about.",
    remedy: "Grant it: GRANT USAGE ON SCHEMA … TO …; GRANT SELECT ON … TO ….",
};

/// A name that the configuration selects has a character that the database's encoding does not have.
pub const NAME_NOT_IN_ENCODING: Code = Code {
    name: "name_not_in_encoding",
    stages: &[Stage::Discover],
    blame: Blame::Config,
    retryable: false,
    message: "A name that the configuration selects cannot be in this database, whose encoding has no such character.",
    remedy: "Check the names that are selected.",
};
