//! Wants a driver that is not in its manifest.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "describe-an-unknown-driver";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.driver = "mysql".into();
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
