//! Codes of the stages `authenticate` and `session`.

use super::Code;
use crate::diagnosis::{Blame, Stage};

pub(super) const ALL: &[&Code] = &[
    &AUTHENTICATE_TIMEOUT,
    &PASSWORD_REJECTED,
    &UNKNOWN_USER,
    &LOGIN_NOT_PERMITTED,
    &AUTHENTICATION_FAILED,
    &TLS_REQUIRED,
    &NO_PG_HBA_ENTRY,
    &PG_HBA_REJECTED,
    &WEAK_AUTHENTICATION,
    &WEAK_HASHING,
    &COSTLY_HASHING,
    &AUTHENTICATION_UNSUPPORTED,
    &SERVER_NOT_PROVEN,
    &SESSION_TIMEOUT,
    &SESSION_FAILED,
    &UNKNOWN_DATABASE,
    &DATABASE_NOT_ACCEPTING,
    &NO_CONNECT_PRIVILEGE,
    &TOO_MANY_CONNECTIONS,
    &SERVER_STARTING,
];

/// The server did not finish the login in time.
pub const AUTHENTICATE_TIMEOUT: Code = Code {
    name: "authenticate_timeout",
    stages: &[Stage::Authenticate],
    blame: Blame::Network,
    retryable: true,
    message: "The server did not finish the login in time.",
    remedy: "Try again. If it stays, check the load of the server, and that host and port lead to the database.",
};

/// The server rejected the login; it does not say whether the user or the password is wrong.
pub const PASSWORD_REJECTED: Code = Code {
    name: "password_rejected",
    stages: &[Stage::Authenticate],
    blame: Blame::Credential,
    retryable: false,
    message: "The server rejected the login; it does not say whether the user or the password is wrong.",
    remedy: "Check the user name and the password. The server's log says more.",
};

/// The server does not know the user.
pub const UNKNOWN_USER: Code = Code {
    name: "unknown_user",
    stages: &[Stage::Authenticate],
    blame: Blame::Credential,
    retryable: false,
    message: "The server does not know the user.",
    remedy: "Check the user name, or create the user.",
};

/// The user may not log in.
pub const LOGIN_NOT_PERMITTED: Code = Code {
    name: "login_not_permitted",
    stages: &[Stage::Authenticate],
    blame: Blame::Server,
    retryable: false,
    message: "The user may not log in.",
    remedy: "Let the user log in: ALTER ROLE … LOGIN.",
};

/// The server rejected the login.
pub const AUTHENTICATION_FAILED: Code = Code {
    name: "authentication_failed",
    stages: &[Stage::Authenticate],
    blame: Blame::Credential,
    retryable: false,
    message: "The server rejected the login.",
    remedy: "Check the user name, the password and how the server checks this user (pg_hba.conf).",
};

/// The server does not let this user in without TLS.
pub const TLS_REQUIRED: Code = Code {
    name: "tls_required",
    stages: &[Stage::Authenticate],
    blame: Blame::Config,
    retryable: false,
    message: "The server does not let this user in without TLS.",
    remedy: "Set ssl_mode to require or stricter. If it is still refused, the server needs a pg_hba.conf line for this connection.",
};

/// The server's `pg_hba.conf` has no line for this connection.
pub const NO_PG_HBA_ENTRY: Code = Code {
    name: "no_pg_hba_entry",
    stages: &[Stage::Authenticate],
    blame: Blame::Server,
    retryable: false,
    message: "The server's pg_hba.conf has no line for this connection.",
    remedy: "Add a line for this user, database and client address to pg_hba.conf, and reload the server.",
};

/// A line of the server's `pg_hba.conf` rejects this connection.
pub const PG_HBA_REJECTED: Code = Code {
    name: "pg_hba_rejected",
    stages: &[Stage::Authenticate],
    blame: Blame::Server,
    retryable: false,
    message: "A line of the server's pg_hba.conf rejects this connection.",
    remedy: "Add a line that lets this connection in above the one that rejects it, and reload the server.",
};

/// The server asks for the password in a form that can be read or replayed, so it was not sent.
pub const WEAK_AUTHENTICATION: Code = Code {
    name: "weak_authentication",
    stages: &[Stage::Authenticate],
    blame: Blame::Server,
    retryable: false,
    message: "The server asks for the password in a form that can be read or replayed, so it was not sent.",
    remedy: "Set password_encryption = 'scram-sha-256', set the user's password again, and use scram-sha-256 in pg_hba.conf.",
};

/// The server asks for a proof of the password from which it could be found out with little work, so nothing was proven.
pub const WEAK_HASHING: Code = Code {
    name: "weak_hashing",
    stages: &[Stage::Authenticate],
    blame: Blame::Server,
    retryable: false,
    message: "The server asks for a proof of the password from which it could be found out with little work, so nothing \
              was proven to it.",
    remedy: "Check that host and port lead to the database itself. If they do, set scram_iterations to 4096 or more at the \
             server (PostgreSQL 16 and later) and set the user's password again. Whoever runs this installation can accept \
             fewer rounds by --postgres-scram-min-iterations.",
};

/// The server asks for more rounds of hashing the password than are accepted.
pub const COSTLY_HASHING: Code = Code {
    name: "costly_hashing",
    stages: &[Stage::Authenticate],
    blame: Blame::Server,
    retryable: false,
    message: "The server asks for more rounds of hashing the password than are accepted.",
    remedy: "Set scram_iterations to 4096 at the server (PostgreSQL 16 and later) and set the user's password again.",
};

/// The server asks for a way to authenticate that is not supported.
pub const AUTHENTICATION_UNSUPPORTED: Code = Code {
    name: "authentication_unsupported",
    stages: &[Stage::Authenticate],
    blame: Blame::Server,
    retryable: false,
    message: "The server asks for a way to authenticate that is not supported.",
    remedy: "Use scram-sha-256 in pg_hba.conf for this user.",
};

/// The server could not prove that it knows the password, so it may be an impostor.
pub const SERVER_NOT_PROVEN: Code = Code {
    name: "server_not_proven",
    stages: &[Stage::Authenticate],
    blame: Blame::Server,
    retryable: false,
    message: "The server could not prove that it knows the password, so it may be an impostor.",
    remedy: "Check host and port and who answers there. Set ssl_mode to verify-full.",
};

/// The server did not open the session in time.
pub const SESSION_TIMEOUT: Code = Code {
    name: "session_timeout",
    stages: &[Stage::Session],
    blame: Blame::Network,
    retryable: true,
    message: "The server did not open the session in time.",
    remedy: "Try again. If it stays, check the load of the server.",
};

/// The server accepted the credentials but opened no session.
pub const SESSION_FAILED: Code = Code {
    name: "session_failed",
    stages: &[Stage::Session],
    blame: Blame::Server,
    retryable: false,
    message: "The server accepted the credentials but opened no session.",
    remedy: "Read the server's log.",
};

/// The database does not exist.
pub const UNKNOWN_DATABASE: Code = Code {
    name: "unknown_database",
    stages: &[Stage::Session],
    blame: Blame::Config,
    retryable: false,
    message: "The database does not exist.",
    remedy: "Check the database's name; capital and small letters count.",
};

/// The database does not accept connections.
pub const DATABASE_NOT_ACCEPTING: Code = Code {
    name: "database_not_accepting",
    stages: &[Stage::Session],
    blame: Blame::Server,
    retryable: false,
    message: "The database does not accept connections.",
    remedy: "Use another database, or let this one accept connections: ALTER DATABASE … ALLOW_CONNECTIONS true.",
};

/// The user may not connect to the database.
pub const NO_CONNECT_PRIVILEGE: Code = Code {
    name: "no_connect_privilege",
    stages: &[Stage::Session],
    blame: Blame::Server,
    retryable: false,
    message: "The user may not connect to the database.",
    remedy: "Grant it: GRANT CONNECT ON DATABASE … TO ….",
};

/// The server has no connection left for this user.
pub const TOO_MANY_CONNECTIONS: Code = Code {
    name: "too_many_connections",
    stages: &[Stage::Authenticate, Stage::Session],
    blame: Blame::Server,
    retryable: true,
    message: "The server has no connection left for this user.",
    remedy: "Try again later, close connections that nobody needs, or raise the limit of the server, the database or the role.",
};

/// The server is starting, stopping or recovering.
pub const SERVER_STARTING: Code = Code {
    name: "server_starting",
    stages: &[Stage::Authenticate, Stage::Session],
    blame: Blame::Server,
    retryable: true,
    message: "The server is starting, stopping or recovering.",
    remedy: "Try again in a moment.",
};
