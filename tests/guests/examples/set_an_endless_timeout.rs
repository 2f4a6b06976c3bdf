//! Wants to wait for a connection for 584 million years.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "set-an-endless-timeout";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.parameters.push(good::text("connect_timeout_ms", &u64::MAX.to_string()));
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
