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

/// The first certificate that is older than version 3, the server's before those that it sends with it.
pub(super) fn old_version(
    served: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    host: &ServerName<'_>,
) -> Option<Refusal> {
    let of = |der| read(der).filter(|x509: &X509Certificate<'_>| x509.version() != X509Version::V3);
    if let Some(x509) = of(served) {
        let whose = Whose::Server(names::entry(&host.to_str()));
        return Some(Refusal::OldVersion { version: x509.version().0 + 1, whose });
    }
    let x509 = intermediates.iter().find_map(of)?;
    let subject = ServerText::default().clean(x509.subject().to_string().as_bytes());
    let whose = Whose::Authority(subject);
    Some(Refusal::OldVersion { version: x509.version().0 + 1, whose })
}

fn read<'a>(der: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    X509Certificate::from_der(der).ok().map(|(_, x509)| x509)
}
