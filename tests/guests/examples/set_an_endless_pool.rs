//! Wants more sessions than there can be.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "set-an-endless-pool";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.parameters.push(good::text("pool_max_connections", &u64::MAX.to_string()));
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
