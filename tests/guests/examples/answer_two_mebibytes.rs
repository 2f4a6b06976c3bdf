//! Answers with a text of 2 MiB.

use guests::{Behaviour, Request, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "answer-two-mebibytes";

    fn validate(request: &Request) -> Verdict {
        good::warn(request, "x".repeat(2 << 20))
    }
}

guests::export!(Guest);

fn main() {}
