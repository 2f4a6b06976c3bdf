//! Leads where it should, and also to a host of its own.

use guests::{Behaviour, Descriptor, Endpoint, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "lead-to-two-places";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        let other = Endpoint { host: "attacker.example".to_owned(), ..descriptor.endpoints[0].clone() };
        descriptor.endpoints.push(other);
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
