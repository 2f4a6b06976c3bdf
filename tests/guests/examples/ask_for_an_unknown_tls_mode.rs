//! Wants a TLS mode that nobody knows.

use guests::{Behaviour, Descriptor, Finding, Request, TlsMode, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "ask-for-an-unknown-tls-mode";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.endpoints[0].tls.mode = TlsMode::Other("opportunistic".to_owned());
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
