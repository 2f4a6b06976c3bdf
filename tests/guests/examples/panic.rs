//! Panics.

use guests::{Behaviour, Request, Verdict};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "panic";

    #[expect(clippy::panic, reason = "it is meant to")]
    fn validate(_request: &Request) -> Verdict {
        panic!("as a defect would")
    }
}

guests::export!(Guest);

fn main() {}
