//! Sleeps for 3 seconds.

use guests::{Behaviour, Request, Verdict, good, wasi::wasi::clocks::monotonic_clock};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "sleep";

    fn validate(request: &Request) -> Verdict {
        monotonic_clock::subscribe_duration(3_000_000_000).block();
        good::validate(request)
    }
}

guests::export!(Guest);

fn main() {}
