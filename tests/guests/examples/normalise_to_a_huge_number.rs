//! Normalises to a number that no float can hold.

use guests::{Behaviour, Request, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "normalise-to-a-huge-number";

    fn validate(request: &Request) -> Verdict {
        Verdict {
            normalised: Some(request.config.write().replace(r#""port":"#, r#""port":1e999"#)),
            ..good::validate(request)
        }
    }
}

guests::export!(Guest);

fn main() {}
