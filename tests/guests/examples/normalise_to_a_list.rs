//! Normalises to JSON that is not an object.

use guests::{Behaviour, Request, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "normalise-to-a-list";

    fn validate(request: &Request) -> Verdict {
        Verdict { normalised: Some("[]".to_owned()), ..good::validate(request) }
    }
}

guests::export!(Guest);

fn main() {}
