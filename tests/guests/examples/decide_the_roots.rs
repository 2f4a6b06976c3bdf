//! Trusts a root of its own wherever it leads, and says so in its manifest.

use guests::{Behaviour, Descriptor, Finding, Manifest, Request, TlsMode, good};

const ROOT: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "decide-the-roots";

    fn manifest() -> Manifest {
        let mut manifest = good::manifest(Self::NAME);
        manifest.reaches[0].roots = vec![ROOT.to_owned()];
        manifest
    }

    fn triggered(_: &Request) -> bool {
        true
    }

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.endpoints[0].tls.mode = TlsMode::VerifyFull;
        descriptor.endpoints[0].tls.roots = vec![ROOT.to_owned()];
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
