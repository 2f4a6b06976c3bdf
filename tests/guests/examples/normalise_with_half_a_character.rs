//! Normalises to JSON with one half of a surrogate pair.

use guests::{Behaviour, Request, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "normalise-with-half-a-character";

    fn validate(request: &Request) -> Verdict {
        Verdict {
            normalised: Some(request.config.write().replace(r#"{"host":""#, r#"{"host":"\ud800"#)),
            ..good::validate(request)
        }
    }
}

guests::export!(Guest);

fn main() {}
