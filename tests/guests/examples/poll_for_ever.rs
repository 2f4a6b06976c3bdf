//! Polls for the end of time, again and again.

use guests::{Behaviour, Request, Verdict, wasi::wasi::clocks::monotonic_clock, wasi::wasi::io::poll};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "poll-for-ever";

    fn validate(_request: &Request) -> Verdict {
        let end = monotonic_clock::subscribe_duration(u64::MAX);
        loop {
            poll::poll(&[&end]);
        }
    }
}

guests::export!(Guest);

fn main() {}
