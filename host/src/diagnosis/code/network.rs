//! Codes of the stages `config`, `policy`, `resolve` and `connect`.

use super::Code;
use crate::diagnosis::{Blame, Stage};

pub(super) const ALL: &[&Code] = &[
    &CONFIG_REJECTED,
    &CONNECTOR_FAILED,
    &DESCRIPTOR_UNSUPPORTED,
    &CONTROL_CHARACTER,
    &CREDENTIAL_INVALID,
    &CREDENTIAL_MISSING,
    &HOST_MALFORMED,
    &PORT_REFUSED,
    &ADDRESS_REFUSED,
    &NAME_NOT_FOUND,
    &RESOLVE_FAILED,
    &RESOLVE_TIMEOUT,
    &CONNECTION_REFUSED,
    &CONNECT_TIMEOUT,
    &HOST_UNREACHABLE,
    &CONNECT_FAILED,
    &NO_DATABASE,
    &CONNECTION_LOST,
    &NOT_POSTGRES,
    &PROTOCOL_VIOLATION,
    &RESPONSE_TOO_LARGE,
    &RESPONSE_TOO_SLOW,
];

/// The connector no longer accepts the stored configuration.
pub const CONFIG_REJECTED: Code = Code {
    name: "config_rejected",
    stages: &[Stage::Config],
    blame: Blame::Config,
    retryable: false,
    message: "The connector no longer accepts the stored configuration.",
    remedy: "Correct the configuration and save it again.",
};

/// The connector did not do its part.
pub const CONNECTOR_FAILED: Code = Code {
    name: "connector_failed",
    stages: &[Stage::Config, Stage::Discover],
    blame: Blame::Connector,
    retryable: false,
    message: "The connector did not do its part.",
    remedy: "Ask whoever runs this installation to look at the connector, or to go back to its last version.",
};

/// The connector asks for something that the driver does not know.
pub const DESCRIPTOR_UNSUPPORTED: Code = Code {
    name: "descriptor_unsupported",
    stages: &[Stage::Config, Stage::Tls],
    blame: Blame::Connector,
    retryable: false,
    message: "The connector asks for something that the driver does not know.",
    remedy: "Ask the connector's author; whoever runs this installation can go back to its last version.",
};

/// A text that would be sent to the server has a control character.
pub const CONTROL_CHARACTER: Code = Code {
    name: "control_character",
    stages: &[Stage::Config],
    blame: Blame::Config,
    retryable: false,
    message: "A text that would be sent to the server has a control character.",
    remedy: "Take line breaks, tabs and other control characters out of the names of database, schema and application.",
};

/// A credential cannot be used as it is.
pub const CREDENTIAL_INVALID: Code = Code {
    name: "credential_invalid",
    stages: &[Stage::Config],
    blame: Blame::Credential,
    retryable: false,
    message: "A credential cannot be used as it is.",
    remedy: "Set it again.",
};

/// A credential that is needed is not set.
pub const CREDENTIAL_MISSING: Code = Code {
    name: "credential_missing",
    stages: &[Stage::Config, Stage::Tls, Stage::Authenticate],
    blame: Blame::Credential,
    retryable: false,
    message: "A credential that is needed is not set.",
    remedy: "Set it and test again.",
};

/// The host is neither a DNS name nor an IP address.
pub const HOST_MALFORMED: Code = Code {
    name: "host_malformed",
    stages: &[Stage::Policy],
    blame: Blame::Config,
    retryable: false,
    message: "The host is neither a DNS name nor an IP address.",
    remedy: "Write the host alone, such as db.example.com, 192.0.2.10 or 2001:db8::10, without scheme, port, user or path.",
};

/// This installation does not connect to that port.
pub const PORT_REFUSED: Code = Code {
    name: "port_refused",
    stages: &[Stage::Policy],
    blame: Blame::Config,
    retryable: false,
    message: "This installation does not connect to that port: it is not a database's.",
    remedy: "Use the port of the data source. If it is this one, whoever runs this installation can allow \
             it (--egress-allowed-targets for this one, --egress-refused-ports for all).",
};

/// This installation does not connect to that address.
pub const ADDRESS_REFUSED: Code = Code {
    name: "address_refused",
    stages: &[Stage::Policy],
    blame: Blame::Config,
    retryable: false,
    message: "This installation does not connect to that address.",
    remedy: "Use a host with an address that is allowed here, or ask whoever runs this installation to allow it.",
};

/// The host's name does not resolve to an address.
pub const NAME_NOT_FOUND: Code = Code {
    name: "name_not_found",
    stages: &[Stage::Resolve],
    blame: Blame::Config,
    retryable: false,
    message: "The host's name does not resolve to an address.",
    remedy: "Check the spelling of the host, and that its name is known to the DNS that this installation uses.",
};

/// The name service could not answer for the host's name.
pub const RESOLVE_FAILED: Code = Code {
    name: "resolve_failed",
    stages: &[Stage::Resolve],
    blame: Blame::Network,
    retryable: true,
    message: "The name service could not answer for the host's name.",
    remedy: "Try again. If it stays, check the DNS that this installation uses.",
};

/// The name service did not answer in time.
pub const RESOLVE_TIMEOUT: Code = Code {
    name: "resolve_timeout",
    stages: &[Stage::Resolve],
    blame: Blame::Network,
    retryable: true,
    message: "The name service did not answer in time.",
    remedy: "Try again. If it stays, check the DNS that this installation uses.",
};

/// Nothing accepts connections at that host and port.
pub const CONNECTION_REFUSED: Code = Code {
    name: "connection_refused",
    stages: &[Stage::Connect],
    blame: Blame::Network,
    retryable: true,
    message: "Nothing accepts connections at that host and port.",
    remedy: "Check host and port, that the server runs, that it listens on that address (listen_addresses in PostgreSQL), and that no firewall refuses the connection.",
};

/// The host did not answer in time.
pub const CONNECT_TIMEOUT: Code = Code {
    name: "connect_timeout",
    stages: &[Stage::Connect],
    blame: Blame::Network,
    retryable: true,
    message: "The host did not answer in time.",
    remedy: "Check host and port, and that firewalls and security groups let this installation's addresses in. A slow network may need a larger connect_timeout_ms.",
};

/// There is no way to the host.
pub const HOST_UNREACHABLE: Code = Code {
    name: "host_unreachable",
    stages: &[Stage::Connect],
    blame: Blame::Network,
    retryable: true,
    message: "There is no way to the host.",
    remedy: "Check the host's address, and the route and firewalls between this installation and it.",
};

/// The connection could not be opened.
pub const CONNECT_FAILED: Code = Code {
    name: "connect_failed",
    stages: &[Stage::Connect],
    blame: Blame::Network,
    retryable: true,
    message: "The connection could not be opened.",
    remedy: "Try again. If it stays, check host, port and the network between this installation and the server.",
};

/// No database answered at a private address of which no more is told.
pub const NO_DATABASE: Code = Code {
    name: "no_database",
    stages: &[Stage::Connect],
    blame: Blame::Network,
    retryable: true,
    message: "No database answered.",
    remedy: "Check host and port, that the server runs and listens on that address, that firewalls let this installation \
             in, and that it speaks the protocol of this type. More is not told of private addresses; whoever runs this \
             installation can see the reason in its log, or name the target (--egress-allowed-targets).",
};

/// The server closed the connection.
pub const CONNECTION_LOST: Code = Code {
    name: "connection_lost",
    stages: &[Stage::Tls, Stage::Authenticate, Stage::Session, Stage::Privileges, Stage::Discover],
    blame: Blame::Network,
    retryable: true,
    message: "The server closed the connection.",
    remedy: "Try again. If it stays, read the server's log, and check for a proxy or firewall that cuts connections.",
};

/// What answers at that host and port is not PostgreSQL.
pub const NOT_POSTGRES: Code = Code {
    name: "not_postgres",
    stages: &[Stage::Tls, Stage::Authenticate],
    blame: Blame::Config,
    retryable: false,
    message: "What answers at that host and port is not PostgreSQL.",
    remedy: "Check host and port; PostgreSQL usually listens on 5432.",
};

/// The server does not keep to its protocol.
pub const PROTOCOL_VIOLATION: Code = Code {
    name: "protocol_violation",
    stages: &[Stage::Tls, Stage::Authenticate, Stage::Session, Stage::Privileges, Stage::Discover],
    blame: Blame::Server,
    retryable: false,
    message: "The server does not keep to its protocol.",
    remedy: "Check that host and port lead to the database itself, and that nothing on the way changes the traffic.",
};

/// The server sent more than is accepted.
pub const RESPONSE_TOO_LARGE: Code = Code {
    name: "response_too_large",
    stages: &[Stage::Tls, Stage::Authenticate, Stage::Session, Stage::Privileges, Stage::Discover],
    blame: Blame::Server,
    retryable: false,
    message: "The server sent more than is accepted.",
    remedy: "Check that host and port lead to the database itself.",
};

/// The server's answer came too slowly.
pub const RESPONSE_TOO_SLOW: Code = Code {
    name: "response_too_slow",
    stages: &[Stage::Authenticate, Stage::Session, Stage::Privileges, Stage::Discover],
    blame: Blame::Network,
    retryable: true,
    message: "The server's answer came too slowly.",
    remedy: "Try again. If it stays, check the load of the server and the network between this installation and it.",
};
