//! Gives a value of a kind that nobody knows.

use guests::{Behaviour, Descriptor, Finding, Request, Value, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "use-an-unknown-kind-of-value";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        let value = Value::Other(("secret".to_owned(), "{}".to_owned()));
        descriptor.parameters[0].value = value;
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
