//! The only code that opens a socket to a tenant's data source.

/// Resolves, judges, pins, dials and does TLS.
#[derive(Debug)]
pub struct Egress {}

/// How this installation may reach out; from the settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether loopback addresses may be dialled.
    pub allow_loopback: bool,
    /// Whether private addresses may be dialled: RFC 1918, shared address space (RFC 6598), unique local (RFC 4193).
    pub allow_private: bool,
    /// PEM file of roots to trust beside the system's.
    pub root_bundle: Option<std::path::PathBuf>,
    /// The longest time that opening a session may take, whatever a connection asks for.
    pub connect_timeout_max: std::time::Duration,
}

/// Why egress cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {}

impl Egress {
    /// Reads the trusted roots, once.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let _ = settings;
        todo!()
    }
}
