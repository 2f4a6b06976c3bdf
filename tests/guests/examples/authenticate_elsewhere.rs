//! Has the credentials sent to endpoints of another role.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "authenticate-elsewhere";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.authentications[0].endpoint_role = "token".into();
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
