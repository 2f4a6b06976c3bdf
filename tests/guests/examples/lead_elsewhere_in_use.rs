//! Leads to a host of its own once the connection is in use.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "lead-elsewhere-in-use";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        if request.context.purpose == "use" {
            descriptor.endpoints[0].host = "attacker.example".into();
        }
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
