//! What to connect to, and how: a connector's answer after the host has judged it, and all that egress and the drivers
//! know of a connection. The contract's `descriptor` without the cases that the host does not know.

use std::fmt;

/// A structured description of a connection; never a DSN or URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// The driver that speaks to the endpoints, such as `postgres`.
    pub driver: String,
    /// Places to connect to; those of one role are tried in order.
    pub endpoints: Vec<Endpoint>,
    /// What to do with credentials, by endpoint role.
    pub authentications: Vec<Authentication>,
    /// What the driver is told beside that; it documents the names.
    pub parameters: Vec<Parameter>,
}

/// A place to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `data`, `token` or `hop`.
    pub role: String,
    /// A DNS name or an IP address without brackets.
    pub host: String,
    /// 1 to 65535.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
}

/// TLS of one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// How strict.
    pub mode: TlsMode,
    /// The name to verify instead of the endpoint's host.
    pub server_name: Option<String>,
    /// PEM texts; empty means the system's roots and the operator's.
    pub roots: Vec<String>,
    /// A client certificate.
    pub identity: Option<ClientIdentity>,
}

/// A client certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientIdentity {
    /// PEM, the client's certificate first.
    pub certificate: String,
    /// The private key in PEM.
    pub key: Value,
}

/// libpq's TLS modes (PostgreSQL manual, "SSL Support"), ordered from loose to strict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsMode {
    /// No TLS.
    Disable,
    /// Encrypted, the server not verified; like `VerifyCa` when there are roots.
    Require,
    /// The certificate leads to a trusted root.
    VerifyCa,
    /// And it is for the server's name.
    VerifyFull,
}

impl TlsMode {
    /// Every mode, from loose to strict.
    pub const ALL: [Self; 4] = [Self::Disable, Self::Require, Self::VerifyCa, Self::VerifyFull];

    /// The mode with this name in the contract, such as `verify-full`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }

    /// The mode for a host of which nobody has said one: `verify-full`, but for this machine.
    pub fn unsaid(host: &str) -> Self {
        if is_loopback(host) { Self::Disable } else { Self::VerifyFull }
    }

    /// The name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

/// Whether a host is this machine by its spelling: `localhost`, a name under it, 127.0.0.0/8 or `::1`.
fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for TlsMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What the host does with credentials at the endpoints of one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authentication {
    /// The role of the endpoints.
    pub endpoint_role: String,
    /// Such as `password`.
    pub scheme: String,
    /// The scheme documents the names.
    pub parameters: Vec<Parameter>,
}

/// A named value; names are unique within their list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
}

/// Literal text, or the name of a credential that the host puts in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Literal text.
    Text(String),
    /// The credential of this name.
    Credential(String),
}
