//! Its schema allows one word of 600 KB, and its example has another one: what is wrong with it is hard to say briefly.

use guests::{Behaviour, Manifest, Request, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "schema-of-long-words";

    fn manifest() -> Manifest {
        let trigger = format!(r#""title": "Trigger", "enum": ["{}"]"#, "x".repeat(600_000));
        Manifest {
            config_schema: good::CONFIG_SCHEMA.replace(r#""title": "Trigger""#, &trigger),
            examples: vec![r#"{"host": "db.example.com", "database": "sales", "trigger": "on"}"#.to_owned()],
            ..good::manifest(Self::NAME)
        }
    }

    fn validate(_request: &Request) -> Verdict {
        good::refuse()
    }
}

guests::export!(Guest);

fn main() {}
