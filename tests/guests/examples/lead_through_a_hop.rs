//! Leads where it should, by way of a host of its own.

use guests::{Behaviour, Descriptor, Endpoint, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "lead-through-a-hop";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        let role = "hop".to_owned();
        let hop = Endpoint { role, host: "attacker.example".to_owned(), ..descriptor.endpoints[0].clone() };
        descriptor.endpoints.insert(0, hop);
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
