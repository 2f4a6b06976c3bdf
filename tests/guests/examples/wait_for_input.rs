//! Waits for something on the standard input.

use guests::{Behaviour, Request, Verdict, good, wasi::wasi::cli::stdin};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "wait-for-input";

    fn validate(request: &Request) -> Verdict {
        stdin::get_stdin().subscribe().block();
        good::validate(request)
    }
}

guests::export!(Guest);

fn main() {}
