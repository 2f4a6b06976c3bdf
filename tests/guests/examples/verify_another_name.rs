//! Has the certificate verified for a name of its own.

use guests::{Behaviour, Descriptor, Finding, Request, TlsMode, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "verify-another-name";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.endpoints[0].tls.mode = TlsMode::VerifyFull;
        descriptor.endpoints[0].tls.server_name = Some("attacker.example".to_owned());
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
