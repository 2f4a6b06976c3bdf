//! Goes without TLS wherever it leads, whatever the tenant asks for, and says so in its manifest.

use guests::{Behaviour, Descriptor, Finding, Manifest, Request, TlsMode, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "decide-the-tls-mode";

    fn manifest() -> Manifest {
        let mut manifest = good::manifest(Self::NAME);
        manifest.reaches[0].tls_mode = "disable".into();
        manifest
    }

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.endpoints[0].tls.mode = TlsMode::Disable;
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
