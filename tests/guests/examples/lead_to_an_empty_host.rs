//! Leads to a host without a name.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "lead-to-an-empty-host";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.endpoints[0].host = String::new();
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
