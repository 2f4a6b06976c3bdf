//! Gives advice that is empty.

use guests::{Advice, Behaviour, Fault, Request};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "advise-without-words";

    fn diagnose(_request: &Request, _fault: &Fault) -> Option<Advice> {
        Some(Advice { message: String::new(), remedy: String::new(), extras: Vec::new() })
    }
}

guests::export!(Guest);

fn main() {}
