//! Reads the standard input, which may never end.

use guests::{Behaviour, Request, Verdict, good, wasi::wasi::cli::stdin};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "read-input";

    fn validate(request: &Request) -> Verdict {
        let bytes = stdin::get_stdin().blocking_read(1 << 20).map_or(0, |bytes| bytes.len());
        good::warn(request, format!("Read {bytes} bytes."))
    }
}

guests::export!(Guest);

fn main() {}
