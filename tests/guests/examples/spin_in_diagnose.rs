//! Never ends in `diagnose`.

use guests::{Advice, Behaviour, Fault, Request, memory};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "spin-in-diagnose";

    fn diagnose(_request: &Request, _fault: &Fault) -> Option<Advice> {
        memory::spin()
    }
}

guests::export!(Guest);

fn main() {}
