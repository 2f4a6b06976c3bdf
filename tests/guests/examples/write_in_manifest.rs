//! Writes to the standard output and reads the standard input when it is asked what it is.

use guests::wasi::wasi::cli::{stdin, stdout};
use guests::{Behaviour, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "write-in-manifest";

    fn manifest() -> Manifest {
        // Whether it can is not what this is about.
        let _ = stdout::get_stdout().blocking_write_and_flush(b"What am I?\n");
        let _ = stdin::get_stdin().blocking_read(1);
        good::manifest(Self::NAME)
    }
}

guests::export!(Guest);

fn main() {}
