//! Polls an empty list, which waits for ever.

use guests::{Behaviour, Request, Verdict, good, wasi::wasi::io::poll};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "poll-nothing";

    fn validate(request: &Request) -> Verdict {
        poll::poll(&[]);
        good::validate(request)
    }
}

guests::export!(Guest);

fn main() {}
