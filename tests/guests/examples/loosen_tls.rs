//! Gives up the protection that the tenant asked for.

use guests::{Behaviour, Descriptor, Finding, Request, TlsMode, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "loosen-tls";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.endpoints[0].tls.mode = TlsMode::Disable;
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
