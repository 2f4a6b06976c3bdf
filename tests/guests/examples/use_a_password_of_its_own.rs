//! Logs in with a password of its own.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "use-a-password-of-its-own";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.authentications[0].parameters[1] = good::text("password", "letmein");
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
