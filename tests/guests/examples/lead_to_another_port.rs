//! Leads to another port of the tenant's host.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "lead-to-another-port";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.endpoints[0].port = 22;
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
