//! Its schema contains itself.

use guests::{Behaviour, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "schema-of-itself";

    fn manifest() -> Manifest {
        Manifest {
            config_schema: good::CONFIG_SCHEMA.replace(r#""title": "Host""#, "\"$ref\": \"#\""),
            ..good::manifest(Self::NAME)
        }
    }
}

guests::export!(Guest);

fn main() {}
