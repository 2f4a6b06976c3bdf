//! Leads to a host of its own.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "lead-elsewhere";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.endpoints[0].host = "attacker.example".into();
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
