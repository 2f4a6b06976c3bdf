//! Has a random title, so that it is another one at every call, if it can.

use guests::{Behaviour, Manifest, good, wasi::wasi::random::random};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "read-random-in-manifest";

    fn manifest() -> Manifest {
        let title = format!("Zoo {}", random::get_random_u64());
        Manifest { title, ..good::manifest(Self::NAME) }
    }
}

guests::export!(Guest);

fn main() {}
