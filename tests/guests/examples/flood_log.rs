//! Writes to the log without end.

use guests::{Behaviour, Request, Verdict, log};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "flood-log";

    fn validate(_request: &Request) -> Verdict {
        loop {
            log::write(&log::Level::Error, "Something is wrong.");
        }
    }
}

guests::export!(Guest);

fn main() {}
