//! Never ends in `describe`.

use guests::{Behaviour, Descriptor, Finding, Request, memory};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "spin-in-describe";

    fn describe(_request: &Request) -> Result<Descriptor, Vec<Finding>> {
        memory::spin()
    }
}

guests::export!(Guest);

fn main() {}
