//! Refuses to describe a configuration that it has accepted.

use guests::{Behaviour, Descriptor, Finding, Request, Severity, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "refuse-what-it-accepted";

    fn describe(_request: &Request) -> Result<Descriptor, Vec<Finding>> {
        Err(vec![good::finding(Severity::Error, "Not today.")])
    }
}

guests::export!(Guest);

fn main() {}
