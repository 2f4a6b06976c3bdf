//! Has a title that reads like another's.

use guests::{Behaviour, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "call-itself-in-reverse";

    fn manifest() -> Manifest {
        Manifest { title: "\u{202e}LQSergtsoP".to_owned(), ..good::manifest(Self::NAME) }
    }
}

guests::export!(Guest);

fn main() {}
