//! Normalises to an object that has one member twice.

use guests::{Behaviour, Request, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "normalise-with-duplicates";

    fn validate(request: &Request) -> Verdict {
        Verdict {
            normalised: Some(request.config.write().replace(r#"{"host""#, r#"{"host":"attacker.example","host""#)),
            ..good::validate(request)
        }
    }
}

guests::export!(Guest);

fn main() {}
