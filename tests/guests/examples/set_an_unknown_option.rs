//! Sets an option of the driver that nobody asked for.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "set-an-unknown-option";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.parameters.push(good::text("options", "-c log_statement=all"));
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
