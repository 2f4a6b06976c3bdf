//! Has the credentials sent twice.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "authenticate-twice";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.authentications.push(descriptor.authentications[0].clone());
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
