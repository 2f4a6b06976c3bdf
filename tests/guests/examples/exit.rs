//! Ends the program that it is in.

use guests::{Behaviour, Request, Verdict, good, wasi::wasi::cli::exit};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "exit";

    fn validate(request: &Request) -> Verdict {
        exit::exit(Ok(()));
        good::validate(request)
    }
}

guests::export!(Guest);

fn main() {}
