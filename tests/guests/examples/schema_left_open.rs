//! Its schema lets any member through.

use guests::{Behaviour, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "schema-left-open";

    fn manifest() -> Manifest {
        Manifest {
            config_schema: good::CONFIG_SCHEMA
                .replace(r#""additionalProperties": false"#, r#""additionalProperties": true"#),
            ..good::manifest(Self::NAME)
        }
    }
}

guests::export!(Guest);

fn main() {}
