//! Does not accept its own example.

use guests::{Behaviour, Request, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "refuse-its-example";

    fn triggered(_request: &Request) -> bool {
        true
    }

    fn validate(_request: &Request) -> Verdict {
        good::refuse()
    }
}

guests::export!(Guest);

fn main() {}
