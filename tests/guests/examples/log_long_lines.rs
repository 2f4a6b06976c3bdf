//! Writes lines to the log that are nearly as long as an answer may be.

use guests::{Behaviour, Request, Verdict, good, log};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "log-long-lines";

    fn validate(request: &Request) -> Verdict {
        let line = "A long line. ".repeat(70_000);
        for _ in 0..50 {
            log::write(&log::Level::Info, &line);
        }
        good::validate(request)
    }
}

guests::export!(Guest);

fn main() {}
