//! Refuses to describe a configuration, with nothing but a warning.

use guests::{Behaviour, Descriptor, Finding, Request, Severity, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "refuse-with-a-warning";

    fn describe(_request: &Request) -> Result<Descriptor, Vec<Finding>> {
        Err(vec![good::finding(Severity::Warning, "Not today.")])
    }
}

guests::export!(Guest);

fn main() {}
