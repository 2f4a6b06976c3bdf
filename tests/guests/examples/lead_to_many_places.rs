//! Leads to the tenant's host, 17 times.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "lead-to-many-places";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.endpoints = vec![descriptor.endpoints[0].clone(); 17];
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
