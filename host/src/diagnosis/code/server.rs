//! Codes of what state a server is in, which shows whatever it is asked.

use super::Code;
use crate::diagnosis::{Blame, Stage};

pub(super) const ALL: &[&Code] = &[
    &TOO_MANY_CONNECTIONS,
    &SERVER_STARTING,
    &OUT_OF_RESOURCES,
    &INTERRUPTED,
    &SERVER_FAILING,
    &POOLER_STATEMENT_MODE,
    &POOLER_MIXES_SESSIONS,
    &TEXT_NOT_CONVERTIBLE,
];

/// The stages in which a server can answer with an error.
pub(super) const AFTER_GREETING: &[Stage] = &[Stage::Authenticate, Stage::Session, Stage::Privileges, Stage::Discover];

/// The server has no connection left for this user.
pub const TOO_MANY_CONNECTIONS: Code = Code {
    name: "too_many_connections",
    stages: AFTER_GREETING,
    blame: Blame::Server,
    retryable: true,
    message: "The server has no connection left for this user.",
    remedy: "Try again later, close connections that nobody needs, or raise the limit of the server, the database, the role or \
             the pooler in front of it.",
};

/// The server is starting, stopping or recovering.
pub const SERVER_STARTING: Code = Code {
    name: "server_starting",
    stages: AFTER_GREETING,
    blame: Blame::Server,
    retryable: true,
    message: "The server is starting, stopping or recovering.",
    remedy: "Try again in a moment. If it stays, read the server's log. A standby with hot_standby = off lets nobody in: set it \
             to on there, or connect to the primary.",
};

/// The server has run out of memory, disk or another resource.
pub const OUT_OF_RESOURCES: Code = Code {
    name: "out_of_resources",
    stages: AFTER_GREETING,
    blame: Blame::Server,
    retryable: true,
    message: "The server has run out of memory, disk or another resource.",
    remedy: "Try again later. If it stays, see to the server's memory and disk.",
};

/// The server gave the work up in the middle, for the sake of others or because of a limit of its own.
pub const INTERRUPTED: Code = Code {
    name: "interrupted",
    stages: AFTER_GREETING,
    blame: Blame::Server,
    retryable: true,
    message: "The server gave the work up in the middle, for the sake of others or because of a limit of its own.",
    remedy: "Try again. If it stays, look at the time-outs of the server and the role, and at what else the server is doing.",
};

/// The server, or what it depends on, is failing.
pub const SERVER_FAILING: Code = Code {
    name: "server_failing",
    stages: AFTER_GREETING,
    blame: Blame::Server,
    retryable: true,
    message: "The server, or what it depends on, is failing.",
    remedy: "Try again. If it stays, read the server's log; behind a pooler, the pooler's log and that of the server behind it.",
};

/// A pooler in front of the server gives each statement another session, so that there are no transactions.
pub const POOLER_STATEMENT_MODE: Code = Code {
    name: "pooler_statement_mode",
    stages: AFTER_GREETING,
    blame: Blame::Server,
    retryable: false,
    message: "A pooler in front of the server gives each statement another session, so that there are no transactions.",
    remedy: "Set pool_mode = transaction or session in the pooler for this database or user, or connect to the server itself.",
};

/// A pooler in front of the server mixes up the sessions of its clients.
pub const POOLER_MIXES_SESSIONS: Code = Code {
    name: "pooler_mixes_sessions",
    stages: AFTER_GREETING,
    blame: Blame::Server,
    retryable: true,
    message: "A pooler in front of the server mixes up the sessions of its clients: the answer is about a statement or a \
              transaction of somebody else.",
    remedy: "Try again. If it stays, set the pooler's mode to session for this database or user, bring it up to date, or \
             connect to the server itself.",
};

/// The database has text that cannot be converted to UTF-8.
pub const TEXT_NOT_CONVERTIBLE: Code = Code {
    name: "text_not_convertible",
    stages: AFTER_GREETING,
    blame: Blame::Server,
    retryable: false,
    message: "The database has text that cannot be converted to UTF-8.",
    remedy: "Find names and comments that are not in the database's encoding (SHOW server_encoding), and correct them.",
};
