//! Writes a line to the log that looks like several, and like the host's.

use guests::{Behaviour, Request, Verdict, good, log};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "log-forged-lines";

    fn validate(request: &Request) -> Verdict {
        log::write(&log::Level::Other("fatal".to_owned()), "forged\n{\"level\":\"ERROR\"}\r\u{1b}[2J\u{202e}\u{2028}");
        good::validate(request)
    }
}

guests::export!(Guest);

fn main() {}
