//! Sets a number that is none.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "set-a-negative-number";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.parameters.push(good::text("pool_max_connections", "-1"));
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
