//! Sends the password as the user's name.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "use-the-password-as-username";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.authentications[0].parameters[0] = good::credential("username", "password");
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
