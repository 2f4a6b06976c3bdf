//! Wants a credential that its schema does not have.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "use-an-unknown-credential";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.authentications[0].parameters[1] = good::credential("password", "master_key");
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
