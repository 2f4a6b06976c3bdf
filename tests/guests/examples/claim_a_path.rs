//! Has a type that is a path.

use guests::{Behaviour, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "claim-a-path";

    fn manifest() -> Manifest {
        Manifest { type_name: "../../etc".to_owned(), ..good::manifest(Self::NAME) }
    }
}

guests::export!(Guest);

fn main() {}
