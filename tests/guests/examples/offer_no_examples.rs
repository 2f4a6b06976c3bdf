//! Has no example.

use guests::{Behaviour, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "offer-no-examples";

    fn manifest() -> Manifest {
        Manifest { examples: Vec::new(), ..good::manifest(Self::NAME) }
    }
}

guests::export!(Guest);

fn main() {}
