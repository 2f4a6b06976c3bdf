//! Leads to the cloud's metadata.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "lead-to-metadata";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.endpoints[0].host = "169.254.169.254".into();
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
