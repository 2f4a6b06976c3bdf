//! Its schema has a pattern that only back-tracking can match.

use guests::{Behaviour, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "schema-with-back-references";

    fn manifest() -> Manifest {
        Manifest {
            config_schema: good::CONFIG_SCHEMA.replace(r#""title": "Host""#, r#""pattern": "^(a+)+\\1$""#),
            ..good::manifest(Self::NAME)
        }
    }
}

guests::export!(Guest);

fn main() {}
