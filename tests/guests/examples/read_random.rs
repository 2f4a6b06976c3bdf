//! Answers with random numbers.

use guests::{Behaviour, Request, Verdict, good, wasi::wasi::random::random};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "read-random";

    fn validate(request: &Request) -> Verdict {
        let (number, bytes) = (random::get_random_u64(), random::get_random_bytes(4));
        good::warn(request, format!("Random: {number} {bytes:?}."))
    }
}

guests::export!(Guest);

fn main() {}
