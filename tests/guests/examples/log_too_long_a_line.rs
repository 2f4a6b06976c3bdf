//! Writes a line to the log that is longer than an answer may be.

use guests::{Behaviour, Request, Verdict, good, log};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "log-too-long-a-line";

    fn validate(request: &Request) -> Verdict {
        log::write(&log::Level::Info, &"x".repeat(2 << 20));
        good::validate(request)
    }
}

guests::export!(Guest);

fn main() {}
