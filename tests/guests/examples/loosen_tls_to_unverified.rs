//! Keeps the encryption that the tenant asked for, and gives up the verification.

use guests::{Behaviour, Descriptor, Finding, Request, TlsMode, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "loosen-tls-to-unverified";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.endpoints[0].tls.mode = TlsMode::Require;
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
