//! Whose request it is before its token is known: the address that it comes from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::HeaderMap;

use crate::network::Network;

/// The header in which each proxy adds the address that it was asked from. RFC 7239 has a successor of it that proxies
/// do not send by default.
const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// What shares of strangers are counted by: an IPv4 address, or the network of 64 bits that one IPv6 subscriber has
/// (RFC 6177).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Stranger {
    V4(Ipv4Addr),
    V6(u64),
}

impl From<IpAddr> for Stranger {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6(upper_half(address)),
        }
    }
}

fn upper_half(address: Ipv6Addr) -> u64 {
    let [a, b, c, d, ..] = address.segments();
    [a, b, c, d].into_iter().fold(0, |half, segment| half << 16 | u64::from(segment))
}

/// The proxies whose word is taken for where a request comes from.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<Network>);

impl TrustedProxies {
    /// The proxies that are in these networks.
    pub fn new(networks: Vec<Network>) -> Self {
        Self(networks)
    }

    /// Whether this is one of them.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// Where a request comes from: the last address in X-Forwarded-For that is none of the proxies, for whatever stands
    /// before it could be the client's invention.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer;
        let values = headers.get_all(X_FORWARDED_FOR).iter().rev();
        // Byte by byte: what a client wrote into it must not hide what a proxy has added.
        let mut hops = values.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
        while self.contains(client) {
            match hops.next().and_then(|hop| parse(str::from_utf8(hop).ok()?.trim())) {
                Some(before) => client = before,
                None => break,
            }
        }
        client
    }
}

/// An address as proxies write it: alone, or with a port, and in brackets when it is one of IPv6.
fn parse(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    hop.parse().ok().or_else(with_port).or_else(in_brackets)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn believes_the_proxies_that_are_trusted_and_nobody_before_them() {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        for (peer, forwarded, client) in [
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["192.0.2.66, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["192.0.2.66", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("10.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
            ("::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1, nonsense"], "10.0.0.1"),
            ("10.0.0.1", &["h\u{e9}, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1, nonsense, 10.0.0.3"], "10.0.0.3"),
            ("10.0.0.1", &[], "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append(X_FORWARDED_FOR, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            let expected: IpAddr = client.parse().unwrap();
            assert_eq!(proxies.client(peer.parse().unwrap(), &headers), expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn counts_a_subscriber_of_ipv6_once() {
        let stranger = |text: &str| Stranger::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(stranger("2001:db8:1:2::1"), stranger("2001:db8:1:2:ffff::9"));
        assert_ne!(stranger("2001:db8:1:2::1"), stranger("2001:db8:1:3::1"));
        assert_eq!(stranger("::ffff:192.0.2.1"), stranger("192.0.2.1"));
        assert_ne!(stranger("192.0.2.1"), stranger("192.0.2.2"));
    }
}
