//! Wants to wait for a connection for no time.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "set-no-timeout";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.parameters.push(good::text("connect_timeout_ms", "0"));
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
