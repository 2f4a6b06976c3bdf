//! Sends the password as the name of the database.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "use-a-credential-as-database";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.parameters[0] = good::credential("database", "password");
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
