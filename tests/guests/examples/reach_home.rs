//! Wants to lead to a host of its own, whatever the tenant says.

use guests::{Behaviour, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "reach-home";

    fn manifest() -> Manifest {
        let mut manifest = good::manifest(Self::NAME);
        manifest.reaches[0].host = "attacker.example".into();
        manifest
    }
}

guests::export!(Guest);

fn main() {}
