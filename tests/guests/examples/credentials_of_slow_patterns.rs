//! Its schema of credentials has thousands of patterns that take long to match, each in linear time.

use guests::{Behaviour, Manifest, good, schema};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "credentials-of-slow-patterns";

    fn manifest() -> Manifest {
        let password = format!(r#""title": "Password", "anyOf": [{}]"#, schema::slow_patterns(4_000));
        let mut manifest = good::manifest(Self::NAME);
        manifest.auth_methods[0].credential_schema =
            good::CREDENTIAL_SCHEMA.replace(r#""title": "Password""#, &password);
        manifest
    }
}

guests::export!(Guest);

fn main() {}
