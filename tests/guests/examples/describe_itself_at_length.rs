//! Describes itself in 2 MiB.

use guests::{Behaviour, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "describe-itself-at-length";

    fn manifest() -> Manifest {
        Manifest { description: "x".repeat(2 << 20), ..good::manifest(Self::NAME) }
    }
}

guests::export!(Guest);

fn main() {}
