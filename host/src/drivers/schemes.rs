//! The schemes of authentication: what they are called in descriptors and bindings, which parameters they have, and which
//! of these are secret. What a driver does by a scheme is the driver's.

/// A way to show a data source who is there.
#[derive(Debug, PartialEq, Eq)]
pub struct Scheme {
    /// The name in descriptors and bindings, such as `password`.
    pub name: &'static str,
    /// The parameters that it has; a descriptor may leave out any.
    pub parameters: &'static [Parameter],
}

/// A parameter of a scheme.
#[derive(Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The name in descriptors, such as `username`.
    pub name: &'static str,
    /// Whether it is kept from everybody but the data source: then its value is a credential and never text, and no
    /// secret credential may be given to a parameter that is none.
    pub secret: bool,
}

/// Every scheme that a descriptor's `authentication.scheme` can name.
pub static ALL: &[&Scheme] = &[&PASSWORD];

/// A user's name, and a password that a driver proves rather than sends where the protocol lets it.
pub static PASSWORD: Scheme = Scheme {
    name: "password",
    parameters: &[Parameter { name: "username", secret: false }, Parameter { name: "password", secret: true }],
};

/// A certificate for the client's side of TLS. A descriptor names it by an endpoint's `tls.identity` and not as an
/// authentication, and egress performs it for every driver; bindings call it by this name.
pub static CLIENT_CERTIFICATE: Scheme =
    Scheme { name: "client-certificate", parameters: &[Parameter { name: "key", secret: true }] };

/// The scheme that a descriptor's `authentication.scheme` names so.
pub fn find(name: &str) -> Option<&'static Scheme> {
    ALL.iter().find(|scheme| scheme.name == name).copied()
}

impl Scheme {
    /// The parameter of this name.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}
