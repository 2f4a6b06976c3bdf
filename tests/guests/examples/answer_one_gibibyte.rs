//! Answers with a text of 1 GiB, if it gets the memory.

use guests::{Behaviour, Request, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "answer-one-gibibyte";

    fn validate(request: &Request) -> Verdict {
        good::warn(request, "x".repeat(1 << 30))
    }
}

guests::export!(Guest);

fn main() {}
