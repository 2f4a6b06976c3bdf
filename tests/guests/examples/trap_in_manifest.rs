//! Traps when it is asked what it is.

use guests::{Behaviour, Manifest};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "trap-in-manifest";

    fn manifest() -> Manifest {
        std::process::abort()
    }
}

guests::export!(Guest);

fn main() {}
