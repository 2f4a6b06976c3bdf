//! Its schema has thousands of patterns, each as large as one may be when compiled.

use guests::{Behaviour, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "schema-of-large-patterns";

    fn manifest() -> Manifest {
        let patterns: Vec<String> =
            (0..4_000).map(|number| format!(r#"{{"pattern": "^{number}(a{{50}}){{60}}$"}}"#)).collect();
        let trigger = format!(r#""title": "Trigger", "anyOf": [{}]"#, patterns.join(","));
        let schema = good::CONFIG_SCHEMA.replace(r#""title": "Trigger""#, &trigger);
        Manifest { config_schema: schema, ..good::manifest(Self::NAME) }
    }
}

guests::export!(Guest);

fn main() {}
