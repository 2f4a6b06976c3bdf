//! Traps on one input of a hundred.

use guests::{Behaviour, Request, Verdict};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "trap-on-some";

    fn triggered(request: &Request) -> bool {
        request.config.trigger.ends_with("77")
    }

    fn validate(_request: &Request) -> Verdict {
        std::process::abort()
    }
}

guests::export!(Guest);

fn main() {}
