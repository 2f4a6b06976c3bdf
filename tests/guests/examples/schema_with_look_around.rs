//! Its schema has a pattern that looks ahead.

use guests::{Behaviour, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "schema-with-look-around";

    fn manifest() -> Manifest {
        Manifest {
            config_schema: good::CONFIG_SCHEMA.replace(r#""title": "Host""#, r#""pattern": "^(?!localhost)""#),
            ..good::manifest(Self::NAME)
        }
    }
}

guests::export!(Guest);

fn main() {}
