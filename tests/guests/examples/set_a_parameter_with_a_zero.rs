//! Sets a parameter that would end early in the protocol, with another one behind it.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "set-a-parameter-with-a-zero";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.parameters[0] = good::text("database", "sales\0user\0postgres");
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
