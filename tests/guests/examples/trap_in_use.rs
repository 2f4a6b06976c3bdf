//! Traps once the connection is in use.

use guests::{Behaviour, Descriptor, Finding, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "trap-in-use";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        if request.context.purpose == "use" {
            std::process::abort();
        }
        Ok(good::describe(request))
    }
}

guests::export!(Guest);

fn main() {}
