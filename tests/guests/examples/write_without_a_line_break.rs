//! Writes 1 MiB to the standard output, in one line.

use guests::{Behaviour, Request, Verdict, good, wasi::wasi::cli::stdout};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "write-without-a-line-break";

    fn validate(request: &Request) -> Verdict {
        let (output, bytes) = (stdout::get_stdout(), vec![b'x'; 4096]);
        for _ in 0..256 {
            if output.blocking_write_and_flush(&bytes).is_err() {
                break;
            }
        }
        good::validate(request)
    }
}

guests::export!(Guest);

fn main() {}
