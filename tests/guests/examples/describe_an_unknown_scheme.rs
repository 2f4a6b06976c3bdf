//! Wants an authentication that nobody knows.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "describe-an-unknown-scheme";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.authentications[0].scheme = "trust".into();
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
