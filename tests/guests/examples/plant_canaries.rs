//! Fills its memory with what others would find if it were given to them as it is.

use guests::{Behaviour, Request, Verdict, good, memory};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "plant-canaries";

    fn validate(request: &Request) -> Verdict {
        for place in memory::take_all().chunks_exact_mut(256) {
            place[..7].copy_from_slice(b"CANARY-");
        }
        good::validate(request)
    }
}

guests::export!(Guest);

fn main() {}
