//! Its schema refers to a file.

use guests::{Behaviour, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "schema-from-a-file";

    fn manifest() -> Manifest {
        Manifest {
            config_schema: good::CONFIG_SCHEMA.replace(r#""title": "Host""#, r#""$ref": "file:///etc/passwd""#),
            ..good::manifest(Self::NAME)
        }
    }
}

guests::export!(Guest);

fn main() {}
