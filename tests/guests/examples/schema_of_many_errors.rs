//! Its schema finds six thousand errors in every element of a list, and its example has such a list.

use guests::{Behaviour, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "schema-of-many-errors";

    fn manifest() -> Manifest {
        let minimums: Vec<String> = (1..=6_000).map(|number| format!(r#"{{"minimum": {number}}}"#)).collect();
        let list = format!(r#""list": {{"items": {{"anyOf": [{}]}}}}, "trigger""#, minimums.join(", "));
        let example = format!(r#"{{"host": "db.example.com", "database": "sales", "list": [{}0]}}"#, "0,".repeat(299));
        Manifest {
            config_schema: good::CONFIG_SCHEMA.replace(r#""trigger""#, &list),
            examples: vec![example],
            ..good::manifest(Self::NAME)
        }
    }
}

guests::export!(Guest);

fn main() {}
