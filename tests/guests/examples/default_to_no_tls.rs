//! Goes without TLS where the tenant says nothing: its schema has a default for that.

use guests::{Behaviour, Descriptor, Finding, Manifest, Request, TlsMode, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "default-to-no-tls";

    fn manifest() -> Manifest {
        let mut manifest = good::manifest(Self::NAME);
        let choices = r#""ssl_mode": {"#;
        manifest.config_schema = good::CONFIG_SCHEMA.replace(choices, &format!(r#"{choices}"default": "disable", "#));
        manifest
    }

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        if request.config.ssl_mode.is_empty() {
            descriptor.endpoints[0].tls.mode = TlsMode::Disable;
        }
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
