//! Has a title that a terminal obeys.

use guests::{Behaviour, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "call-itself-by-escapes";

    fn manifest() -> Manifest {
        Manifest { title: "Zoo\u{1b}[2J".to_owned(), ..good::manifest(Self::NAME) }
    }
}

guests::export!(Guest);

fn main() {}
