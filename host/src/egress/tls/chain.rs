//! Where the chain of a server's certificates ends, when it leads to no trusted root.

use rustls::pki_types::{CertificateDer, ServerName};
use x509_parser::prelude::{FromDer, X509Certificate, X509Version};

use super::names;
use super::refusal::{Refusal, Whose};
use crate::diagnosis::ServerText;

/// Follows the issuers from the server's certificate through those that it sends; `roots` are the connection's own. None
/// where they cannot be read.
pub(super) fn end(
    served: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    roots: &[CertificateDer<'_>],
) -> Option<Refusal> {
    let first = read(served)?;
    let others: Vec<_> = intermediates.iter().filter_map(|der| read(der)).collect();
    let mut last = &first;
    // Each is passed once at the most, whatever they say of each other.
    for passed in 0..=others.len() {
        if last.issuer() == last.subject() {
            return Some(Refusal::SelfSigned { subject: last.subject().to_string(), of_server: passed == 0 });
        }
        match others.iter().find(|other| other.subject() == last.issuer()) {
            Some(issuer) => last = issuer,
            None => break,
        }
    }
    let issuer = last.issuer();
    if roots.iter().filter_map(|der| read(der)).any(|root| root.subject() == issuer) {
        return Some(Refusal::OtherKey(issuer.to_string()));
    }
    Some(Refusal::MissingIssuer { subject: last.subject().to_string(), issuer: issuer.to_string() })
}

/// A server's certificate that is older than version 3.
pub(super) fn old_version(served: &CertificateDer<'_>, host: &ServerName<'_>) -> Option<Refusal> {
    let version = version_before_3(&read(served)?)?;
    Some(Refusal::OldVersion { version, whose: Whose::Server(names::entry(&host.to_str())) })
}

/// The first certificate that is older than version 3 of those that a server sends with its own. One of the connection's own
/// roots is trusted as it is.
pub(super) fn old_authority(intermediates: &[CertificateDer<'_>], roots: &[CertificateDer<'_>]) -> Option<Refusal> {
    let others = intermediates.iter().filter(|der| !roots.contains(der));
    others.filter_map(|der| read(der)).find_map(|x509| {
        let subject = ServerText::default().clean(x509.subject().to_string().as_bytes());
        Some(Refusal::OldVersion { version: version_before_3(&x509)?, whose: Whose::Authority(subject) })
    })
}

fn version_before_3(x509: &X509Certificate<'_>) -> Option<u32> {
    (x509.version() != X509Version::V3).then_some(x509.version().0 + 1)
}

fn read<'a>(der: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    X509Certificate::from_der(der).ok().map(|(_, x509)| x509)
}
