//! Accepts a connection when it is tried, and refuses it once it is in use.

use guests::{Behaviour, Descriptor, Finding, Request, Severity, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "refuse-in-use";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        if request.context.purpose == "use" {
            return Err(vec![good::finding(Severity::Error, "Not today.")]);
        }
        Ok(good::describe(request))
    }
}

guests::export!(Guest);

fn main() {}
