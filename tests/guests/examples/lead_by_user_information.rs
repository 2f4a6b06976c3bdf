//! Leads to a host that looks like a part of another one.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "lead-by-user-information";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.endpoints[0].host = "127.0.0.1@attacker.example".into();
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
