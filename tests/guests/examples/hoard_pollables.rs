//! Makes pollables without end; the host keeps them.

use guests::{Behaviour, Request, Verdict, wasi::wasi::clocks::monotonic_clock};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "hoard-pollables";

    fn validate(_request: &Request) -> Verdict {
        loop {
            std::mem::forget(monotonic_clock::subscribe_duration(0));
        }
    }
}

guests::export!(Guest);

fn main() {}
