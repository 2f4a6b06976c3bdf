//! Targets that the operator names one by one: what they lead to is allowed although a rule for all would refuse it.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::{Host, PortRange};
use crate::network::Network;

/// A network, an address or a name, and the ports there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedTarget {
    hosts: Hosts,
    /// None is every port that is not refused.
    ports: Option<PortRange>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    Network(Network),
    Name(String),
    /// Every name that ends in this, which begins with a dot.
    Under(String),
}

/// Why a text is no target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a target: write a network, an address, a name or *.name, and ports where they matter, such as 10.20.0.0/16, \
     10.20.0.7:5432, [fd12::/16]:5432-5439 or *.db.corp"
)]
pub struct NoTarget;

impl FromStr for AllowedTarget {
    type Err = NoTarget;

    fn from_str(text: &str) -> Result<Self, NoTarget> {
        // An IPv6 address has colons of its own, so that it stands in brackets before ports.
        if let Ok(network) = text.parse() {
            return Ok(Self { hosts: Hosts::Network(network), ports: None });
        }
        let (hosts, ports) = if let Some(bracketed) = text.strip_prefix('[') {
            let (network, rest) = bracketed.split_once(']').ok_or(NoTarget)?;
            let ports = if rest.is_empty() { None } else { Some(rest.strip_prefix(':').ok_or(NoTarget)?) };
            (Hosts::Network(network.parse().map_err(|_| NoTarget)?), ports)
        } else {
            let (hosts, ports) = text.split_once(':').map_or((text, None), |(hosts, ports)| (hosts, Some(ports)));
            (Hosts::read(hosts)?, ports)
        };
        let ports = ports.map(str::parse).transpose().map_err(|_| NoTarget)?;
        Ok(Self { hosts, ports })
    }
}

impl Hosts {
    fn read(text: &str) -> Result<Self, NoTarget> {
        if let Ok(network) = text.parse() {
            return Ok(Self::Network(network));
        }
        let (name, under) = text.strip_prefix("*.").map_or((text, false), |name| (name, true));
        match Host::parse(name) {
            Ok(Host::Name(name)) if under => Ok(Self::Under(format!(".{name}"))),
            Ok(Host::Name(name)) => Ok(Self::Name(name)),
            _ => Err(NoTarget),
        }
    }
}

impl AllowedTarget {
    /// Whether it may name the host, before an address of it is known, and names this port in so many words.
    pub(super) fn may_open(&self, host: &Host, port: u16) -> bool {
        let here = match (&self.hosts, host) {
            (Hosts::Network(network), Host::Address(address)) => network.contains(*address),
            // Only its addresses will tell.
            (Hosts::Network(_), Host::Name(_)) => true,
            (_, host) => self.names(host),
        };
        here && self.opens(port)
    }

    /// Whether the port is among those that it names.
    pub(super) fn opens(&self, port: u16) -> bool {
        self.ports.is_some_and(|ports| ports.contains(port))
    }

    /// Whether it names this address of the host. A name stands for private addresses, never for this machine: whoever
    /// answers for the name in the DNS must not come to what listens here.
    pub(super) fn contains(&self, host: &Host, address: SocketAddr) -> bool {
        let here = match &self.hosts {
            Hosts::Network(network) => network.contains(address.ip()),
            Hosts::Name(_) | Hosts::Under(_) => self.names(host) && !is_loopback(address.ip()),
        };
        here && self.ports.is_none_or(|ports| ports.contains(address.port()))
    }

    fn names(&self, host: &Host) -> bool {
        match (&self.hosts, host) {
            (Hosts::Name(name), Host::Name(host)) => name == host,
            (Hosts::Under(suffix), Host::Name(host)) => host.ends_with(suffix),
            _ => false,
        }
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_networks_addresses_names_and_ports() {
        for (target, host, address, contains, opens) in [
            ("10.20.0.0/16", "10.20.3.4", "10.20.3.4:5432", true, false),
            ("10.20.0.0/16", "10.21.3.4", "10.21.3.4:5432", false, false),
            ("10.20.0.0/16", "db.corp", "10.20.3.4:5432", true, false),
            ("10.20.0.7", "10.20.0.7", "10.20.0.7:1", true, false),
            ("10.20.0.7:5432", "10.20.0.7", "10.20.0.7:5432", true, true),
            ("10.20.0.7:5432", "10.20.0.7", "10.20.0.7:5433", false, false),
            ("10.0.0.0/8:22-25", "10.20.0.7", "10.20.0.7:25", true, true),
            ("10.0.0.0/8:22-25", "db.corp", "10.20.0.7:25", true, true),
            ("127.0.0.1:5432", "127.0.0.1", "127.0.0.1:5432", true, true),
            ("fd12::/16", "fd12::1", "[fd12::1]:5432", true, false),
            ("[fd12::/16]:5432", "fd12::1", "[fd12::1]:5432", true, true),
            ("[fd12::1]", "fd12::1", "[fd12::1]:5432", true, false),
            ("db.corp", "db.corp", "10.1.1.1:5432", true, false),
            ("DB.corp:5432", "db.corp", "10.1.1.1:5432", true, true),
            ("db.corp", "a.db.corp", "10.1.1.1:5432", false, false),
            ("*.db.corp", "a.db.corp", "10.1.1.1:5432", true, false),
            ("*.db.corp", "a.b.db.corp", "10.1.1.1:5432", true, false),
            ("*.db.corp", "db.corp", "10.1.1.1:5432", false, false),
            ("*.db.corp", "evil-db.corp", "10.1.1.1:5432", false, false),
            ("db.corp", "db.corp", "127.0.0.1:5432", false, false),
            ("db.corp", "db.corp", "[::ffff:127.0.0.1]:5432", false, false),
            ("db.corp", "10.1.1.1", "10.1.1.1:5432", false, false),
        ] {
            let parsed: AllowedTarget = target.parse().unwrap();
            let (host, address) = (Host::parse(host).unwrap(), address.parse::<SocketAddr>().unwrap());
            assert_eq!(parsed.contains(&host, address), contains, "{target} {address}");
            assert_eq!(parsed.may_open(&host, address.port()), opens, "{target} {address}");
        }
        for bad in [
            "",
            "*",
            "*.",
            ":5432",
            "db.corp:",
            "db.corp:x",
            "db.corp:9-3",
            "10.0.0.0/33",
            "10.0.0.0/8:",
            "[fd12::1",
            "[db.corp]:1",
            "[]:1",
            "a b",
            "127.1",
            "http://db",
            "db.corp.",
            "*.*.corp",
            "fd12::/x",
        ] {
            assert_eq!(bad.parse::<AllowedTarget>(), Err(NoTarget), "{bad}");
        }
    }
}
