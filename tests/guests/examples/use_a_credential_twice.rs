//! Wants the password for the login and as the key of a certificate.

use guests::{Behaviour, ClientIdentity, Descriptor, Finding, Request, Value, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "use-a-credential-twice";

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        let mut descriptor = good::describe(request);
        descriptor.endpoints[0].tls.identity = Some(ClientIdentity {
            certificate: "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n".to_owned(),
            key: Value::Credential("password".to_owned()),
            extras: Vec::new(),
        });
        Ok(descriptor)
    }
}

guests::export!(Guest);

fn main() {}
