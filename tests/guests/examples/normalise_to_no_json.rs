//! Normalises to text that is not JSON.

use guests::{Behaviour, Request, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "normalise-to-no-json";

    fn validate(request: &Request) -> Verdict {
        Verdict { normalised: Some("host=db.example.com".to_owned()), ..good::validate(request) }
    }
}

guests::export!(Guest);

fn main() {}
