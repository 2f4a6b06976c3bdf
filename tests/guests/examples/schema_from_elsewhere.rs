//! Its schema refers to one on another server.

use guests::{Behaviour, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "schema-from-elsewhere";

    fn manifest() -> Manifest {
        Manifest {
            config_schema: good::CONFIG_SCHEMA.replace(r#""title": "Host""#, r#""$ref": "http://127.0.0.1:1/schema""#),
            ..good::manifest(Self::NAME)
        }
    }
}

guests::export!(Guest);

fn main() {}
