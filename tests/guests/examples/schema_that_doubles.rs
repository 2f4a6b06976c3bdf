//! Its schema becomes twice as large with every reference, thirty times.

use guests::{Behaviour, Manifest, good, schema};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "schema-that-doubles";

    fn manifest() -> Manifest {
        let definitions = format!(r#""$defs": {{{}}}, "required""#, schema::doubling(30));
        let schema = good::CONFIG_SCHEMA.replace(r#""required""#, &definitions);
        let schema = schema.replace(r#""title": "Trigger""#, "\"title\": \"Trigger\", \"$ref\": \"#/$defs/a30\"");
        Manifest { config_schema: schema, ..good::manifest(Self::NAME) }
    }
}

guests::export!(Guest);

fn main() {}
