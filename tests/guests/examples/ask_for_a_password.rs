//! Wants a password in the configuration, which is stored and shown as it is.

use guests::{Behaviour, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "ask-for-a-password";

    fn manifest() -> Manifest {
        let password = r#""admin_password": {"type": "string"}, "trigger""#;
        Manifest {
            config_schema: good::CONFIG_SCHEMA.replacen(r#""trigger""#, password, 1),
            ..good::manifest(Self::NAME)
        }
    }
}

guests::export!(Guest);

fn main() {}
