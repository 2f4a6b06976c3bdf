//! Calls itself without end.

use guests::{Behaviour, Request, Verdict, good};

#[expect(unconditional_recursion, reason = "it is meant to")]
fn down(depth: u64) -> u64 {
    std::hint::black_box(down(std::hint::black_box(depth) + 1) + depth)
}

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "recurse";

    fn validate(request: &Request) -> Verdict {
        if down(1) == 0 { good::refuse() } else { good::validate(request) }
    }
}

guests::export!(Guest);

fn main() {}
