//! Answers with the time.

use guests::{Behaviour, Request, Verdict, good, wasi::wasi::clocks::monotonic_clock, wasi::wasi::clocks::wall_clock};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "read-clocks";

    fn validate(request: &Request) -> Verdict {
        let (monotonic, wall) = (monotonic_clock::now(), wall_clock::now());
        good::warn(request, format!("Time: {monotonic} {} {}.", wall.seconds, wall.nanoseconds))
    }
}

guests::export!(Guest);

fn main() {}
