//! Leads to the host that stands in `trigger`, and where that cannot be reached to the one in `host`.

use guests::{Behaviour, Descriptor, Endpoint, Finding, Manifest, Reach, Request, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "lead-to-a-second-host";

    fn manifest() -> Manifest {
        let mut manifest = good::manifest(Self::NAME);
        manifest.reaches.push(Reach { host: "{/trigger}".to_owned(), ..manifest.reaches[0].clone() });
        manifest
    }

    fn triggered(request: &Request) -> bool {
        !request.config.trigger.is_empty()
    }

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        let first = Endpoint { host: request.config.trigger.clone(), ..descriptor.endpoints[0].clone() };
        descriptor.endpoints.insert(0, first);
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
