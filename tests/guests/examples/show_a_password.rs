//! Says of a password that it is no secret.

use guests::{Behaviour, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "show-a-password";

    fn manifest() -> Manifest {
        let shown = r#""title": "Password", "x-secret": false"#;
        let mut manifest = good::manifest(Self::NAME);
        manifest.auth_methods[0].credential_schema =
            good::CREDENTIAL_SCHEMA.replacen(r#""title": "Password""#, shown, 1);
        manifest
    }
}

guests::export!(Guest);

fn main() {}
