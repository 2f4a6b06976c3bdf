//! Wants a driver that nobody has.

use guests::{Behaviour, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "ask-for-an-unknown-driver";

    fn manifest() -> Manifest {
        Manifest { drivers: vec!["postgres".to_owned(), "telnet".to_owned()], ..good::manifest(Self::NAME) }
    }
}

guests::export!(Guest);

fn main() {}
