//! Traps when it is asked for advice.

use guests::{Advice, Behaviour, Fault, Request};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "trap-in-diagnose";

    fn diagnose(_request: &Request, _fault: &Fault) -> Option<Advice> {
        std::process::abort()
    }
}

guests::export!(Guest);

fn main() {}
