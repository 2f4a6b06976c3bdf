//! Trusts a root that the tenant did not name.

use guests::{Behaviour, Descriptor, Finding, Request, TlsMode, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "trust-other-roots";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.endpoints[0].tls.mode = TlsMode::VerifyFull;
        descriptor.endpoints[0].tls.roots = vec!["-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n".to_owned()];
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
