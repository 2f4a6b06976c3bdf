//! Refuses to describe a configuration that it has accepted, and gives no reason.

use guests::{Behaviour, Descriptor, Finding, Request};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "refuse-without-a-reason";

    fn describe(_request: &Request) -> Result<Descriptor, Vec<Finding>> {
        Err(Vec::new())
    }
}

guests::export!(Guest);

fn main() {}
