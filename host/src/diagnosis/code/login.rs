//! Codes of the stages `authenticate` and `session`.

use super::Code;
use crate::diagnosis::{Blame, Stage};

pub(super) const ALL: &[&Code] = &[
    &AUTHENTICATE_TIMEOUT,
    &HASHING_BUSY,
    &PASSWORD_REJECTED,
    &UNKNOWN_USER,
    &LOGIN_NOT_PERMITTED,
    &AUTHENTICATION_FAILED,
    &LOGIN_REFUSED,
    &PASSWORD_NOT_ASKED,
    &TLS_REQUIRED,
    &NO_PG_HBA_ENTRY,
    &PG_HBA_REJECTED,
    &WEAK_AUTHENTICATION,
    &WEAK_HASHING,
    &COSTLY_HASHING,
    &AUTHENTICATION_UNSUPPORTED,
    &SERVER_NOT_PROVEN,
    &TLS_INTERCEPTED,
    &SESSION_TIMEOUT,
    &SESSION_FAILED,
    &UNKNOWN_DATABASE,
    &DATABASE_NOT_ACCEPTING,
    &NO_CONNECT_PRIVILEGE,
    &INVALID_DATABASE,
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

/// This installation had no turn left to hash the password in.
pub const HASHING_BUSY: Code = Code {
    name: "hashing_busy",
    stages: &[Stage::Authenticate],
    blame: Blame::Host,
    retryable: true,
    message: "This installation was busy with other logins, and did not come to hashing the password in time.",
    remedy: "Try again. If it stays, look for servers of your organization that ask for many rounds of SCRAM (scram_iterations).",
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

/// The server refused the login, and does not say that anything is wrong with the credentials.
pub const LOGIN_REFUSED: Code = Code {
    name: "login_refused",
    stages: &[Stage::Authenticate],
    blame: Blame::Server,
    retryable: false,
    message: "The server refused the login, and does not say that anything is wrong with the credentials.",
    remedy: "Do what the server's words say; its log says more.",
};

/// The server let the user in without asking for the password. Without TLS that is a warning: then nothing that the server
/// says of itself is believed anyway.
pub const PASSWORD_NOT_ASKED: Code = Code {
    name: "password_not_asked",
    stages: &[Stage::Authenticate],
    blame: Blame::Server,
    retryable: false,
    message: "The server let the user in without asking for the password, so anybody can come in, and anybody can pretend to \
              be the server.",
    remedy: "Use scram-sha-256 instead of trust in pg_hba.conf, or auth_type = scram-sha-256 in PgBouncer. Who shall come in \
             by a client certificate alone needs one in the connection.",
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

/// The server's `pg_hba.conf` has no line that lets this connection in.
pub const NO_PG_HBA_ENTRY: Code = Code {
    name: "no_pg_hba_entry",
    stages: &[Stage::Authenticate],
    blame: Blame::Server,
    retryable: false,
    message: "The server's pg_hba.conf has no line that lets this connection in.",
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
    remedy: "Have the server ask this user by SCRAM: scram-sha-256 in pg_hba.conf and a password that was set with \
             password_encryption = 'scram-sha-256'. A user of LDAP, PAM, RADIUS or a cloud's tokens cannot be used; make one with \
             a password of its own.",
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
    remedy: "Set scram_iterations to 200000 or less at the server (PostgreSQL 16 and later; 4096 is its default) and set the \
             user's password again.",
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

/// The server's channel binding does not fit: TLS ends between the host and the server.
pub const TLS_INTERCEPTED: Code = Code {
    name: "tls_intercepted",
    stages: &[Stage::Authenticate],
    blame: Blame::Network,
    retryable: false,
    message: "Somebody between us and the server ends TLS: the server says that the certificate we saw is not its own.",
    remedy: "Connect to the server itself, or find out what is in between. If it is a proxy of yours, let it pass TLS \
             through, or give it the server's certificate and key.",
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
    stages: super::server::AFTER_GREETING,
    blame: Blame::Config,
    retryable: false,
    message: "The database does not exist.",
    remedy: "Check the database's name; capital and small letters count.",
};

/// The database does not accept connections.
pub const DATABASE_NOT_ACCEPTING: Code = Code {
    name: "database_not_accepting",
    stages: &[Stage::Authenticate, Stage::Session],
    blame: Blame::Server,
    retryable: false,
    message: "The database does not accept connections.",
    remedy: "Use another database, or let this one accept connections: ALTER DATABASE … ALLOW_CONNECTIONS true.",
};

/// The user may not connect to the database.
pub const NO_CONNECT_PRIVILEGE: Code = Code {
    name: "no_connect_privilege",
    stages: &[Stage::Authenticate, Stage::Session],
    blame: Blame::Server,
    retryable: false,
    message: "The user may not connect to the database.",
    remedy: "Grant it: GRANT CONNECT ON DATABASE … TO ….",
};

/// The database is broken: making or dropping it was interrupted.
pub const INVALID_DATABASE: Code = Code {
    name: "invalid_database",
    stages: &[Stage::Authenticate, Stage::Session],
    blame: Blame::Server,
    retryable: false,
    message: "The database is broken: dropping it was interrupted, and nothing can be done with what is left.",
    remedy: "Use another database. Drop this one (DROP DATABASE …), and make it again from a backup.",
};
