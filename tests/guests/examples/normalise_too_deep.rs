//! Normalises to JSON of 2,000 levels.

use guests::{Behaviour, Request, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "normalise-too-deep";

    fn validate(request: &Request) -> Verdict {
        Verdict {
            normalised: Some(format!(r#"{{"host":{}{}}}"#, "[".repeat(2_000), "]".repeat(2_000))),
            ..good::validate(request)
        }
    }
}

guests::export!(Guest);

fn main() {}
