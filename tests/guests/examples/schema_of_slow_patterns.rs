//! Its schema has thousands of patterns that take long to match, each in linear time.

use guests::{Behaviour, Manifest, good, schema};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "schema-of-slow-patterns";

    fn manifest() -> Manifest {
        let trigger = format!(r#""title": "Trigger", "anyOf": [{}]"#, schema::slow_patterns(4_000));
        let schema = good::CONFIG_SCHEMA.replace(r#""title": "Trigger""#, &trigger);
        Manifest { config_schema: schema, ..good::manifest(Self::NAME) }
    }
}

guests::export!(Guest);

fn main() {}
