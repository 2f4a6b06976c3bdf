//! Offers hundreds of ways to authenticate, each with a schema that is large to use.

use guests::{AuthMethod, Behaviour, Manifest, good, schema};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "offer-many-methods";

    fn manifest() -> Manifest {
        let large = format!("\"$defs\": {{{}}}, \"$ref\": \"#/$defs/a10\", \"required\"", schema::doubling(10));
        let schema = good::CREDENTIAL_SCHEMA.replace(r#""required""#, &large);
        let mut manifest = good::manifest(Self::NAME);
        let method = AuthMethod { credential_schema: schema, ..manifest.auth_methods[0].clone() };
        manifest
            .auth_methods
            .extend((0..700).map(|number| AuthMethod { name: format!("basic-{number}"), ..method.clone() }));
        manifest
    }
}

guests::export!(Guest);

fn main() {}
