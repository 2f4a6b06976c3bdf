//! Has the certificate verified for a name of its own wherever it leads, and says so in its manifest.

use guests::{Behaviour, Descriptor, Finding, Manifest, Request, TlsMode, good};

const NAME: &str = "attacker.example";

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "decide-the-server-name";

    fn manifest() -> Manifest {
        let mut manifest = good::manifest(Self::NAME);
        manifest.reaches[0].server_name = Some(NAME.to_owned());
        manifest
    }

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.endpoints[0].tls.mode = TlsMode::VerifyFull;
        descriptor.endpoints[0].tls.server_name = Some(NAME.to_owned());
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
