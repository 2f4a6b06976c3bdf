//! Leads to this machine, whatever the tenant says.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "lead-to-loopback";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.endpoints[0].host = "localhost".into();
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
