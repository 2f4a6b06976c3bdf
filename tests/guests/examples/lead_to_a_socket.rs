//! Leads to a socket in the file system.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "lead-to-a-socket";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.endpoints[0].host = "/var/run/postgresql".into();
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
