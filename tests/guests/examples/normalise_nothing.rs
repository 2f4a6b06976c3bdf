//! Accepts a configuration and does not normalise it.

use guests::{Behaviour, Request, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "normalise-nothing";

    fn validate(request: &Request) -> Verdict {
        Verdict { normalised: None, ..good::validate(request) }
    }
}

guests::export!(Guest);

fn main() {}
