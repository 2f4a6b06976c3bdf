//! Sets a parameter twice.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "set-a-parameter-twice";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.parameters.push(good::text("database", "postgres"));
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
