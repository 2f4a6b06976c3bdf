//! Networks of IP addresses, as settings name them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An address with a prefix length (CIDR, RFC 4632), such as `203.0.113.0/24`; one alone is a network of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether the address is in it. An IPv4 address that is mapped into IPv6 (RFC 4291, section 2.5.5.2) counts as what
    /// it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                same_prefix(network.to_bits().into(), address.to_bits().into(), 32 - self.prefix)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                same_prefix(network.to_bits(), address.to_bits(), 128 - self.prefix)
            }
            _ => false,
        }
    }

    /// The network's first address.
    pub fn first(&self) -> IpAddr {
        self.end(false)
    }

    /// The network's last address.
    pub fn last(&self) -> IpAddr {
        self.end(true)
    }

    fn end(&self, is_last: bool) -> IpAddr {
        match self.address {
            #[expect(clippy::cast_possible_truncation, reason = "the bits above are masked away")]
            IpAddr::V4(address) => {
                let bits = with_last_bits(address.to_bits().into(), 32 - self.prefix, is_last) as u32;
                Ipv4Addr::from_bits(bits).into()
            }
            IpAddr::V6(address) => {
                Ipv6Addr::from_bits(with_last_bits(address.to_bits(), 128 - self.prefix, is_last)).into()
            }
        }
    }
}

/// An address with its last bits set, or not.
fn with_last_bits(address: u128, last_bits: u8, set: bool) -> u128 {
    let mask = u128::MAX.checked_shl(last_bits.into()).unwrap_or(0);
    if set { address | !mask } else { address & mask }
}

/// Whether two addresses are the same but for their last bits.
fn same_prefix(one: u128, other: u128, last_bits: u8) -> bool {
    (one ^ other).checked_shr(last_bits.into()).unwrap_or(0) == 0
}

/// Why a text is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoNetwork {
    /// The text does not begin with an address.
    #[error("not an IP address")]
    Address,
    /// The longest prefix is of this many bits.
    #[error("the prefix length must be 0 to {0}")]
    Prefix(u8),
    /// Whether the network or the one address is meant cannot be seen.
    #[error(
        "{address} is not the first address of a network; write {first}/{prefix} for that, or {address} for it alone"
    )]
    NotFirst {
        /// What was written.
        address: IpAddr,
        /// The first address of the network that it is in.
        first: IpAddr,
        /// The network's prefix length.
        prefix: u8,
    },
}

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| NoNetwork::Address)?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let network = match prefix.map(str::parse::<u8>) {
            None => Self { address, prefix: bits },
            Some(Ok(prefix)) if prefix <= bits => Self { address, prefix },
            Some(_) => return Err(NoNetwork::Prefix(bits)),
        };
        let first = network.first();
        if first == address { Ok(network) } else { Err(NoNetwork::NotFirst { address, first, prefix: network.prefix }) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contains_what_has_its_prefix() {
        for (network, address, contained) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false),
            ("0.0.0.0/0", "203.0.113.7", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db8::1", true),
        ] {
            let parsed: Network = network.parse().unwrap();
            assert_eq!(parsed.contains(address.parse().unwrap()), contained, "{network} {address}");
        }
        for (network, first, last) in [
            ("10.1.2.3", "10.1.2.3", "10.1.2.3"),
            ("10.0.0.0/8", "10.0.0.0", "10.255.255.255"),
            ("0.0.0.0/0", "0.0.0.0", "255.255.255.255"),
            ("2001:db8::/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ] {
            let parsed: Network = network.parse().unwrap();
            assert_eq!((parsed.first().to_string(), parsed.last().to_string()), (first.to_owned(), last.to_owned()));
        }
        for (text, advice) in [
            ("10.0.0.5/8", "write 10.0.0.0/8 for that, or 10.0.0.5 for it alone"),
            ("10.0.0.1/0", "write 0.0.0.0/0 for that"),
            ("fd12::1/16", "write fd12::/16 for that, or fd12::1 for it alone"),
        ] {
            let refusal = text.parse::<Network>().unwrap_err().to_string();
            assert!(refusal.contains(advice), "{refusal}");
        }
        for bad in ["", "10.0.0.0/33", "2001:db8::/129", "10.0.0/8", "10.0.0.0/x", "10.0.0.0/", "host"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
        assert_eq!("10.1.2.3".parse::<Network>().unwrap().to_string(), "10.1.2.3/32");
    }
}
