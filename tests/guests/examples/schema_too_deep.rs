//! Its schema has 2,000 levels.

use guests::{Behaviour, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "schema-too-deep";

    fn manifest() -> Manifest {
        Manifest {
            config_schema: format!("{}{}", r#"{"not":"#.repeat(2_000), "}".repeat(2_000)).replace(":}", ":{}}"),
            ..good::manifest(Self::NAME)
        }
    }
}

guests::export!(Guest);

fn main() {}
