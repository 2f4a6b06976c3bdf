//! Traps.

use guests::{Behaviour, Request, Verdict};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "trap";

    fn validate(_request: &Request) -> Verdict {
        std::process::abort()
    }
}

guests::export!(Guest);

fn main() {}
