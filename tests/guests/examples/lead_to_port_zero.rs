//! Leads to port 0.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "lead-to-port-zero";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.endpoints[0].port = 0;
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
