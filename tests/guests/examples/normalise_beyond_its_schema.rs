//! Normalises to what its own schema refuses.

use guests::{Behaviour, Request, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "normalise-beyond-its-schema";

    fn validate(request: &Request) -> Verdict {
        Verdict {
            normalised: Some(request.config.write().replace(r#"{"host""#, r#"{"more":1,"host""#)),
            ..good::validate(request)
        }
    }
}

guests::export!(Guest);

fn main() {}
