//! Codes of the stage `tls`, and of its absence.

use super::Code;
use crate::diagnosis::{Blame, Stage};

pub(super) const ALL: &[&Code] = &[
    &TLS_NOT_OFFERED,
    &TLS_REQUEST_FAILED,
    &TLS_TIMEOUT,
    &TLS_HANDSHAKE_FAILED,
    &CERTIFICATE_UNKNOWN_CA,
    &CERTIFICATE_WRONG_HOST,
    &CERTIFICATE_WITHOUT_SAN,
    &CERTIFICATE_EXPIRED,
    &CERTIFICATE_NOT_YET_VALID,
    &CERTIFICATE_INVALID,
    &ROOTS_INVALID,
    &CLIENT_CERTIFICATE_INVALID,
    &CLIENT_CERTIFICATE_REQUIRED,
    &CLIENT_CERTIFICATE_REFUSED,
    &UNENCRYPTED,
    &SERVER_UNVERIFIED,
    &NAME_UNVERIFIED,
];

/// The server does not offer TLS, and the connection asks for it.
pub const TLS_NOT_OFFERED: Code = Code {
    name: "tls_not_offered",
    stages: &[Stage::Tls],
    blame: Blame::Server,
    retryable: false,
    message: "The server does not offer TLS, and the connection asks for it.",
    remedy: "Turn TLS on at the server (ssl = on in postgresql.conf). Only where the network is trusted, set ssl_mode to disable.",
};

/// The server answered the request for TLS with an error.
pub const TLS_REQUEST_FAILED: Code = Code {
    name: "tls_request_failed",
    stages: &[Stage::Tls],
    blame: Blame::Server,
    retryable: true,
    message: "The server answered the request for TLS with an error.",
    remedy: "Try again. If it stays, read the server's log.",
};

/// TLS was not agreed in time.
pub const TLS_TIMEOUT: Code = Code {
    name: "tls_timeout",
    stages: &[Stage::Tls],
    blame: Blame::Network,
    retryable: true,
    message: "TLS was not agreed in time.",
    remedy: "Try again. If it stays, check that host and port lead to the database, and the network in between.",
};

/// Server and host could not agree on TLS.
pub const TLS_HANDSHAKE_FAILED: Code = Code {
    name: "tls_handshake_failed",
    stages: &[Stage::Tls],
    blame: Blame::Server,
    retryable: false,
    message: "Server and host could not agree on TLS.",
    remedy: "Check that the server offers TLS 1.2 or 1.3 with usual ciphers.",
};

/// The server's certificate does not lead to a trusted root.
pub const CERTIFICATE_UNKNOWN_CA: Code = Code {
    name: "certificate_unknown_ca",
    stages: &[Stage::Tls],
    blame: Blame::Config,
    retryable: false,
    message: "The server's certificate does not lead to a trusted root.",
    remedy: "Set ssl_root_cert to the certificate (PEM) of the authority that signed the server's.",
};

/// The server's certificate is for another name.
pub const CERTIFICATE_WRONG_HOST: Code = Code {
    name: "certificate_wrong_host",
    stages: &[Stage::Tls],
    blame: Blame::Config,
    retryable: false,
    message: "The server's certificate is for another name.",
    remedy: "Use the name that the certificate is for as the host, or give the server a certificate for this name.",
};

/// The server's certificate names its host only in the common name, which is no longer accepted (RFC 9525).
pub const CERTIFICATE_WITHOUT_SAN: Code = Code {
    name: "certificate_without_san",
    stages: &[Stage::Tls],
    blame: Blame::Server,
    retryable: false,
    message: "The server's certificate names its host only in the common name, which is no longer accepted (RFC 9525).",
    remedy: "Add a subjectAltName to the server's certificate, or set ssl_mode to verify-ca.",
};

/// The server's certificate, or one that it depends on, has expired.
pub const CERTIFICATE_EXPIRED: Code = Code {
    name: "certificate_expired",
    stages: &[Stage::Tls],
    blame: Blame::Server,
    retryable: false,
    message: "The server's certificate, or one that it depends on, has expired.",
    remedy: "Renew the certificate at the server.",
};

/// The server's certificate, or one that it depends on, is not valid yet.
pub const CERTIFICATE_NOT_YET_VALID: Code = Code {
    name: "certificate_not_yet_valid",
    stages: &[Stage::Tls],
    blame: Blame::Server,
    retryable: true,
    message: "The server's certificate, or one that it depends on, is not valid yet.",
    remedy: "Check the clocks of the server and of this installation, and when the certificate begins to be valid.",
};

/// The server's certificate cannot be used.
pub const CERTIFICATE_INVALID: Code = Code {
    name: "certificate_invalid",
    stages: &[Stage::Tls],
    blame: Blame::Server,
    retryable: false,
    message: "The server's certificate cannot be used.",
    remedy: "Give the server a certificate that is for servers, X.509 version 3, and signed with a current algorithm.",
};

/// The trusted root certificates of the connection cannot be read.
pub const ROOTS_INVALID: Code = Code {
    name: "roots_invalid",
    stages: &[Stage::Tls],
    blame: Blame::Config,
    retryable: false,
    message: "The trusted root certificates of the connection cannot be read.",
    remedy: "Set ssl_root_cert to one or more certificates in PEM, each from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----.",
};

/// The client certificate or its private key cannot be used.
pub const CLIENT_CERTIFICATE_INVALID: Code = Code {
    name: "client_certificate_invalid",
    stages: &[Stage::Tls],
    blame: Blame::Credential,
    retryable: false,
    message: "The client certificate or its private key cannot be used.",
    remedy: "Set both in PEM: the client's certificate first, and the private key that belongs to it, not encrypted.",
};

/// The server asks for a client certificate.
pub const CLIENT_CERTIFICATE_REQUIRED: Code = Code {
    name: "client_certificate_required",
    stages: &[Stage::Tls, Stage::Authenticate],
    blame: Blame::Credential,
    retryable: false,
    message: "The server asks for a client certificate.",
    remedy: "Set a client certificate and its key that the server's authority has signed.",
};

/// The server does not accept the client certificate.
pub const CLIENT_CERTIFICATE_REFUSED: Code = Code {
    name: "client_certificate_refused",
    stages: &[Stage::Tls, Stage::Authenticate],
    blame: Blame::Credential,
    retryable: false,
    message: "The server does not accept the client certificate.",
    remedy: "Use a client certificate that is valid and signed by the authority that the server trusts (ssl_ca_file in PostgreSQL).",
};

/// The connection is not encrypted: whoever is on the way can read and change all that is in it.
pub const UNENCRYPTED: Code = Code {
    name: "unencrypted",
    stages: &[Stage::Connect],
    blame: Blame::Config,
    retryable: false,
    message: "The connection is not encrypted: whoever is on the way can read and change all that is in it.",
    remedy: "Set ssl_mode to verify-full where the server offers TLS.",
};

/// The connection is encrypted, but the server is not verified: it could be anybody.
pub const SERVER_UNVERIFIED: Code = Code {
    name: "server_unverified",
    stages: &[Stage::Tls],
    blame: Blame::Config,
    retryable: false,
    message: "The connection is encrypted, but the server is not verified: it could be anybody.",
    remedy: "Set ssl_mode to verify-full, with ssl_root_cert for a private authority.",
};

/// The server's certificate leads to a trusted root, but it is not checked to be for this host.
pub const NAME_UNVERIFIED: Code = Code {
    name: "name_unverified",
    stages: &[Stage::Tls],
    blame: Blame::Config,
    retryable: false,
    message: "The server's certificate leads to a root that the connection trusts, but it is not checked to be for this \
              host: whoever has another certificate of that root could be the server.",
    remedy: "Set ssl_mode to verify-full.",
};
