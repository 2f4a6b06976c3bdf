//! Looks for directories that it may open.

use guests::{Behaviour, Request, Verdict, good, wasi::wasi::filesystem::preopens};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "read-files";

    fn validate(request: &Request) -> Verdict {
        let directories = preopens::get_directories().len();
        good::warn(request, format!("Found {directories} directories."))
    }
}

guests::export!(Guest);

fn main() {}
