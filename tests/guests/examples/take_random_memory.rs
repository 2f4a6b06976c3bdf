//! Asks for 16 MiB of random bytes.

use guests::{Behaviour, Request, Verdict, good, wasi::wasi::random::random};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "take-random-memory";

    fn validate(request: &Request) -> Verdict {
        std::hint::black_box(random::get_random_bytes(16 << 20));
        good::validate(request)
    }
}

guests::export!(Guest);

fn main() {}
