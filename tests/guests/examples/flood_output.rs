//! Writes to the standard output without end.

use guests::{Behaviour, Request, Verdict, good, wasi::wasi::cli::stdout};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "flood-output";

    fn validate(request: &Request) -> Verdict {
        let output = stdout::get_stdout();
        while output.blocking_write_and_flush(b"{\"level\":\"forged\"}\n\x1b[2J").is_ok() {}
        good::validate(request)
    }
}

guests::export!(Guest);

fn main() {}
