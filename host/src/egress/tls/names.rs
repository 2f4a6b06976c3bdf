//! For which hosts a server's certificate is, and why it is not for this one (RFC 9525, RFC 6125).

use std::fmt::Write as _;
use std::net::IpAddr;

use rustls::pki_types::{CertificateDer, ServerName};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::diagnosis::ServerText;

/// More names than these are not shown.
const MAX_SHOWN: usize = 8;

/// A certificate that is not for the host that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrongName {
    /// The host.
    host: String,
    /// Its names in DNS.
    dns: Vec<String>,
    /// Its addresses.
    addresses: Vec<IpAddr>,
}

/// What the subjectAltName of a certificate has to do with this host; none if it has none.
pub(super) fn wrong_name(certificate: &CertificateDer<'_>, host: &ServerName<'_>) -> Option<WrongName> {
    let (_, x509) = X509Certificate::from_der(certificate).ok()?;
    let names = &x509.subject_alternative_name().ok()??.value.general_names;
    let dns = names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        _ => None,
    });
    let addresses = names.iter().filter_map(|name| match name {
        GeneralName::IPAddress(bytes) => address(bytes),
        _ => None,
    });
    Some(WrongName { host: host.to_str().into_owned(), dns: dns.collect(), addresses: addresses.collect() })
}

/// The entry of a subjectAltName for a host, as openssl has it.
pub(super) fn entry(host: &str) -> String {
    let kind = if host.parse::<IpAddr>().is_ok() { "IP" } else { "DNS" };
    format!("{kind}:{host}")
}

/// How a certificate with this entry is made, as the PostgreSQL manual makes one ("Creating Certificates"), but for a host.
pub(super) fn recipe(entry: &str) -> String {
    format!(
        "openssl x509 -req -in server.csr -CA root.crt -CAkey root.key -CAcreateserial -days 365 \
         -extfile <(echo subjectAltName={entry}) -out server.crt"
    )
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

impl WrongName {
    /// For what the certificate is, and why that is not the host.
    pub(super) fn message(&self) -> String {
        let host = &self.host;
        let all = self.dns.iter().cloned().chain(self.addresses.iter().map(IpAddr::to_string));
        let mut names = all.take(MAX_SHOWN).collect::<Vec<_>>().join(", ");
        if self.dns.len() + self.addresses.len() > MAX_SHOWN {
            names.push_str(", …");
        }
        if names.is_empty() {
            return format!(
                "The server's certificate is not for {host}: its subjectAltName has neither a name in DNS nor an address, \
                 but something else alone, such as an e-mail address."
            );
        }
        let names = ServerText::default().clean(names.as_bytes());
        let mut message = format!("The server's certificate is not for {host}, but for: {names}.");
        if let Some(why) = self.why() {
            // Writing to a String cannot fail.
            let _ = write!(message, " {}", ServerText::default().clean(why.as_bytes()));
        }
        message
    }

    /// What to do about it.
    pub(super) fn remedy(&self) -> String {
        let recipe = recipe(&entry(&self.host));
        format!(
            "Use a name that the certificate is for as the host, or give the server a certificate for this one, such as by: \
             {recipe}"
        )
    }

    /// Why a name that looks as if it were for the host is not.
    fn why(&self) -> Option<String> {
        if self.host.parse::<IpAddr>().is_ok() {
            let is_there = self.dns.contains(&self.host);
            return is_there.then(|| {
                "It has the address as a name in DNS; an address has to be there as one, as IP: and not as DNS:."
                    .to_owned()
            });
        }
        let host = self.host.to_ascii_lowercase();
        self.dns.iter().find_map(|pattern| explain(&host, &pattern.to_ascii_lowercase()))
    }
}

/// Why a wildcard is not for a host that it looks to be for.
fn explain(host: &str, pattern: &str) -> Option<String> {
    if !pattern.contains('*') {
        return None;
    }
    let Some(domain) = pattern.strip_prefix("*.").filter(|domain| !domain.contains('*')) else {
        return Some(format!(
            "A wildcard counts as the whole first part of a name alone, which {pattern} does not have."
        ));
    };
    if host == domain {
        return Some(format!("The wildcard {pattern} stands for what is below {domain}, and not for {domain} itself."));
    }
    let part = host.strip_suffix(domain)?.strip_suffix('.')?;
    if part.contains('.') {
        Some(format!("The wildcard {pattern} stands for one part of a name, and {part} has more."))
    } else if !domain.contains('.') {
        Some(format!("The wildcard {pattern} would be for all names in {domain}, which no certificate can be."))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_looks_right_and_is_not_is_explained() {
        for (host, dns, addresses, said) in [
            ("db.internal", &["a.example"][..], &[][..], "not for db.internal, but for: a.example."),
            ("db.internal", &["*.internal"], &[], "*.internal would be for all names in internal"),
            ("a.b.example.com", &["x.y", "*.example.com"], &[], "stands for one part of a name, and a.b has more"),
            ("example.com", &["*.EXAMPLE.com"], &[], "below example.com, and not for example.com itself"),
            ("db1.example.com", &["db*.example.com"], &[], "whole first part of a name alone"),
            ("127.0.0.1", &["127.0.0.1"], &[], "as IP: and not as DNS:"),
            ("127.0.0.1", &["a.example"], &["192.0.2.1"], "but for: a.example, 192.0.2.1."),
            ("db", &[], &[], "neither a name in DNS nor an address"),
            ("db", &["\u{1b}[2J"], &[], "\\u{1b}[2J"),
        ] {
            let (dns, host) = (dns.iter().map(|&name| name.to_owned()).collect(), host.to_owned());
            let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
            let wrong = WrongName { host, dns, addresses };
            assert!(wrong.message().contains(said), "{}", wrong.message());
        }
        let dns: Vec<_> = (0..100).map(|number| format!("host-{number}.example.com")).collect();
        let many = WrongName { host: "db".to_owned(), dns, addresses: vec![] };
        assert!(many.message().ends_with("host-7.example.com, …."), "{}", many.message());
    }

    #[test]
    fn an_entry_is_of_the_kind_of_the_host() {
        for (host, expected) in [("db.internal", "DNS:db.internal"), ("10.0.0.1", "IP:10.0.0.1"), ("::1", "IP:::1")] {
            assert_eq!(entry(host), expected);
        }
    }
}
