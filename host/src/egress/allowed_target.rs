//! Targets that the operator names one by one: what they lead to is allowed although a rule for all would refuse it.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::policy::{Policy, Rule};
use super::{Host, PortRange};
use crate::network::{Network, NoNetwork};

/// A network, an address or a name, and the ports there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedTarget {
    hosts: Hosts,
    /// None is every port that is not refused.
    ports: Option<PortRange>,
}

/// All that a setting can allow.
const EVERYTHING: Policy = Policy { allow_loopback: true, allow_private: true };

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    Network(Network),
    Name(String),
    /// Every name that ends in this, which begins with a dot.
    Under(String),
}

/// Why a text is no target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoTarget {
    /// It is written otherwise.
    #[error(
        "not a target: write a network, an address, a name or *.name, and ports where they matter, such as 10.20.0.0/16, \
         10.20.0.7:5432, [fd12::/16]:5432-5439 or *.db.corp"
    )]
    Malformed,
    /// It begins with an address, and is no network.
    #[error(transparent)]
    Network(NoNetwork),
    /// No setting allows such addresses.
    #[error("no setting allows this: it is {}; leave it out", .0.description())]
    NeverAllowed(Rule),
    /// A name never stands for this machine.
    #[error(
        "a name stands for private addresses, never for this machine; write 127.0.0.1 or [::1], with the ports that are meant"
    )]
    ThisMachine,
}

impl FromStr for AllowedTarget {
    type Err = NoTarget;

    fn from_str(text: &str) -> Result<Self, NoTarget> {
        // An IPv6 address has colons of its own, so that it stands in brackets before ports.
        match Hosts::network(text) {
            // Ports may stand behind the prefix.
            Ok(None) | Err(NoTarget::Network(NoNetwork::Prefix(_))) => {}
            Ok(Some(hosts)) => return Ok(Self { hosts, ports: None }),
            Err(error) => return Err(error),
        }
        let (hosts, ports) = if let Some(bracketed) = text.strip_prefix('[') {
            let (network, rest) = bracketed.split_once(']').ok_or(NoTarget::Malformed)?;
            let ports = if rest.is_empty() { None } else { Some(rest.strip_prefix(':').ok_or(NoTarget::Malformed)?) };
            (Hosts::network(network)?.ok_or(NoTarget::Malformed)?, ports)
        } else {
            let (hosts, ports) = text.split_once(':').map_or((text, None), |(hosts, ports)| (hosts, Some(ports)));
            (Hosts::read(hosts)?, ports)
        };
        let ports = ports.map(str::parse).transpose().map_err(|_| NoTarget::Malformed)?;
        Ok(Self { hosts, ports })
    }
}

impl Hosts {
    /// The network that a text names; none where it does not begin with an address.
    fn network(text: &str) -> Result<Option<Self>, NoTarget> {
        let network: Network = match text.parse() {
            Err(NoNetwork::Address) => return Ok(None),
            parsed => parsed.map_err(NoTarget::Network)?,
        };
        // A whole network is of one sort where both of its ends are of one that nothing else lies between.
        let rules = [network.first(), network.last()].map(|address| EVERYTHING.judge(address).rule);
        match rules {
            [first, last] if first == last && !first.can_be_allowed() => Err(NoTarget::NeverAllowed(first)),
            _ => Ok(Some(Self::Network(network))),
        }
    }

    fn read(text: &str) -> Result<Self, NoTarget> {
        if let Some(network) = Self::network(text)? {
            return Ok(network);
        }
        let (name, under) = text.strip_prefix("*.").map_or((text, false), |name| (name, true));
        match Host::parse(name) {
            // RFC 6761, section 6.3.
            Ok(Host::Name(name)) if name == "localhost" || name.ends_with(".localhost") => Err(NoTarget::ThisMachine),
            Ok(Host::Name(name)) if under => Ok(Self::Under(format!(".{name}"))),
            Ok(Host::Name(name)) => Ok(Self::Name(name)),
            _ => Err(NoTarget::Malformed),
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
            assert_eq!(bad.parse::<AllowedTarget>(), Err(NoTarget::Malformed), "{bad}");
        }
    }

    #[test]
    fn refuses_what_can_never_be_meant() {
        for (target, advice) in [
            ("10.0.0.0/33", "0 to 32"),
            ("[fd12::/x]", "0 to 128"),
            ("10.0.0.5/8", "write 10.0.0.0/8 for that, or 10.0.0.5 for it alone"),
            ("10.0.0.5/8:5432", "write 10.0.0.0/8 for that"),
            ("[fd12::1/16]:5432", "write fd12::/16 for that"),
            ("169.254.169.254", "a cloud's metadata service; leave it out"),
            ("169.254.169.254:80", "a cloud's metadata service; leave it out"),
            ("169.254.0.0/16", "a link-local address; leave it out"),
            ("[fe80::/10]:5432", "a link-local address; leave it out"),
            ("::ffff:169.254.169.254", "a cloud's metadata service; leave it out"),
            ("0.0.0.0", "an unspecified address; leave it out"),
            ("224.0.0.0/4", "a multicast address; leave it out"),
            ("localhost", "write 127.0.0.1 or [::1]"),
            ("LOCALHOST:5432", "write 127.0.0.1 or [::1]"),
            ("db.localhost", "write 127.0.0.1 or [::1]"),
            ("*.localhost", "write 127.0.0.1 or [::1]"),
        ] {
            let refusal = target.parse::<AllowedTarget>().unwrap_err().to_string();
            assert!(refusal.contains(advice), "{target}: {refusal}");
        }
        for target in ["0.0.0.0/0", "::/0", "128.0.0.0/1", "127.0.0.0/8", "::1", "8.8.8.8:22", "localhost.corp"] {
            assert!(target.parse::<AllowedTarget>().is_ok(), "{target}");
        }
    }
}
