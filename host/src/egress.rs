//! The only code that opens a socket to a tenant's data source.

/// Resolves, judges, pins, dials and does TLS.
#[derive(Debug)]
pub struct Egress {}
