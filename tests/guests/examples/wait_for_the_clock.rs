//! Looks at the clock until 3 seconds have passed.

use guests::{Behaviour, Request, Verdict, good, wasi::wasi::clocks::monotonic_clock};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "wait-for-the-clock";

    fn validate(request: &Request) -> Verdict {
        let end = monotonic_clock::now() + 3_000_000_000;
        while monotonic_clock::now() < end {}
        good::validate(request)
    }
}

guests::export!(Guest);

fn main() {}
