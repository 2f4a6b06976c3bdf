//! Never ends in `get-manifest`.

use guests::{Behaviour, Manifest, memory};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "spin-in-manifest";

    fn manifest() -> Manifest {
        memory::spin()
    }
}

guests::export!(Guest);

fn main() {}
