//! Answers the tenant's one endpoint as often as a descriptor may have endpoints.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "repeat-the-endpoint";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        let endpoint = descriptor.endpoints[0].clone();
        descriptor.endpoints = vec![endpoint; 16];
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
