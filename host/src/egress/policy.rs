//! Which addresses may be dialled: pure judging of one address by the IANA special-purpose registries and the settings.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What this installation allows beside public addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Loopback addresses.
    pub allow_loopback: bool,
    /// Private addresses: RFC 1918, shared address space (RFC 6598), unique local (RFC 4193).
    pub allow_private: bool,
}

/// What was decided about an address, and by which rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it may be dialled.
    pub allowed: bool,
    /// The rule that decided.
    pub rule: Rule,
}

/// A sort of address. Its place in the registries decides whether it can be allowed at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Globally reachable unicast: always allowed.
    Public,
    /// Allowed by a setting.
    Loopback,
    /// Allowed by a setting.
    Private,
    /// A cloud's metadata or platform service, whatever range it is in: always refused, as all that follow.
    CloudMetadata,
    /// RFC 3927, RFC 4291.
    LinkLocal,
    /// RFC 791 "this network", the unspecified address.
    Unspecified,
    /// RFC 5771, RFC 4291.
    Multicast,
    /// RFC 8190.
    Broadcast,
    /// RFC 5737, RFC 3849, RFC 9637.
    Documentation,
    /// RFC 2544, RFC 5180.
    Benchmarking,
    /// RFC 4380: the address that is really reached is the tunnel's.
    Teredo,
    /// Assigned to a protocol, or not assigned at all.
    Reserved,
}

impl Rule {
    /// Whether a setting can allow such addresses; no setting allows the others.
    pub fn can_be_allowed(self) -> bool {
        matches!(self, Self::Public | Self::Loopback | Self::Private)
    }

    /// How much is against such addresses: public ones are the least, those that no setting allows the most.
    fn severity(self) -> u8 {
        match self {
            Self::Public => 0,
            Self::Private => 1,
            Self::Loopback => 2,
            _ => 3,
        }
    }

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::CloudMetadata => "cloud_metadata",
            Self::LinkLocal => "link_local",
            Self::Unspecified => "unspecified",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
            Self::Documentation => "documentation",
            Self::Benchmarking => "benchmarking",
            Self::Teredo => "teredo",
            Self::Reserved => "reserved",
        }
    }

    /// What such an address is, for a sentence: "10.0.0.1 is …".
    pub fn description(self) -> &'static str {
        match self {
            Self::Public => "a public address",
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::CloudMetadata => "the address of a cloud's metadata service",
            Self::LinkLocal => "a link-local address",
            Self::Unspecified => "an unspecified address",
            Self::Multicast => "a multicast address",
            Self::Broadcast => "a broadcast address",
            Self::Documentation => "an address for documentation",
            Self::Benchmarking => "an address for benchmarks",
            Self::Teredo => "a Teredo address",
            Self::Reserved => "a reserved address",
        }
    }
}

impl Policy {
    /// Judges one address. An IPv6 address that carries an IPv4 address is judged as that one.
    pub fn judge(self, address: IpAddr) -> Verdict {
        match address {
            IpAddr::V4(address) => self.verdict(classify_v4(address)),
            IpAddr::V6(address) => self.judge_v6(address),
        }
    }

    fn judge_v6(self, address: Ipv6Addr) -> Verdict {
        let embedded = embedded_v4(address).into_iter().map(classify_v4);
        // Without a rule of its own the address is what it carries. Nobody knows which reading counts where it arrives, so
        // that the worst one does, also for what is told of it.
        let verdicts = classify_v6(address).into_iter().chain(embedded).map(|rule| self.verdict(rule));
        let worst = verdicts.max_by_key(|verdict| (!verdict.allowed, verdict.rule.severity()));
        worst.unwrap_or(self.verdict(Rule::Reserved))
    }

    fn verdict(self, rule: Rule) -> Verdict {
        let allowed = match rule {
            Rule::Public => true,
            Rule::Loopback => self.allow_loopback,
            Rule::Private => self.allow_private,
            _ => false,
        };
        Verdict { allowed, rule }
    }
}

/// The IANA IPv4 Special-Purpose Address Registry, with multicast and the metadata services of clouds; the first
/// match decides. AS112 and AMT anycast ranges (RFC 7534, 7535, 7450) are reserved here: no database is there.
const V4: &[(Ipv4Addr, u32, Rule)] = &[
    (Ipv4Addr::new(169, 254, 169, 254), 32, Rule::CloudMetadata),
    (Ipv4Addr::new(169, 254, 170, 2), 32, Rule::CloudMetadata),
    (Ipv4Addr::new(100, 100, 100, 200), 32, Rule::CloudMetadata),
    (Ipv4Addr::new(168, 63, 129, 16), 32, Rule::CloudMetadata),
    (Ipv4Addr::new(192, 0, 0, 192), 32, Rule::CloudMetadata),
    (Ipv4Addr::UNSPECIFIED, 8, Rule::Unspecified),
    (Ipv4Addr::new(10, 0, 0, 0), 8, Rule::Private),
    (Ipv4Addr::new(100, 64, 0, 0), 10, Rule::Private),
    (Ipv4Addr::new(127, 0, 0, 0), 8, Rule::Loopback),
    (Ipv4Addr::new(169, 254, 0, 0), 16, Rule::LinkLocal),
    (Ipv4Addr::new(172, 16, 0, 0), 12, Rule::Private),
    (Ipv4Addr::new(192, 0, 0, 0), 24, Rule::Reserved),
    (Ipv4Addr::new(192, 0, 2, 0), 24, Rule::Documentation),
    (Ipv4Addr::new(192, 31, 196, 0), 24, Rule::Reserved),
    (Ipv4Addr::new(192, 52, 193, 0), 24, Rule::Reserved),
    (Ipv4Addr::new(192, 88, 99, 0), 24, Rule::Reserved),
    (Ipv4Addr::new(192, 168, 0, 0), 16, Rule::Private),
    (Ipv4Addr::new(192, 175, 48, 0), 24, Rule::Reserved),
    (Ipv4Addr::new(198, 18, 0, 0), 15, Rule::Benchmarking),
    (Ipv4Addr::new(198, 51, 100, 0), 24, Rule::Documentation),
    (Ipv4Addr::new(203, 0, 113, 0), 24, Rule::Documentation),
    (Ipv4Addr::new(224, 0, 0, 0), 4, Rule::Multicast),
    (Ipv4Addr::BROADCAST, 32, Rule::Broadcast),
    (Ipv4Addr::new(240, 0, 0, 0), 4, Rule::Reserved),
];

/// The IANA IPv6 Special-Purpose Address Registry likewise, without the ranges that carry an IPv4 address.
const V6: &[(Ipv6Addr, u32, Rule)] = &[
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0), 32, Rule::CloudMetadata),
    (Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254), 128, Rule::CloudMetadata),
    (Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42), 128, Rule::CloudMetadata),
    (Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe), 128, Rule::CloudMetadata),
    (Ipv6Addr::UNSPECIFIED, 128, Rule::Unspecified),
    (Ipv6Addr::LOCALHOST, 128, Rule::Loopback),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32, Rule::Teredo),
    (Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0, 0), 48, Rule::Benchmarking),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, Rule::Reserved),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, Rule::Documentation),
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48, Rule::Reserved),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, Rule::Documentation),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, Rule::Private),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, Rule::LinkLocal),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, Rule::Multicast),
];

fn classify_v4(address: Ipv4Addr) -> Rule {
    let within = |(network, prefix, _): &&(Ipv4Addr, u32, Rule)| {
        (address.to_bits() ^ network.to_bits()).checked_shr(32 - prefix).unwrap_or(0) == 0
    };
    V4.iter().find(within).map_or(Rule::Public, |&(_, _, rule)| rule)
}

/// The rule of an IPv6 address's own range; none where it carries an IPv4 address and has no other meaning.
fn classify_v6(address: Ipv6Addr) -> Option<Rule> {
    let within = |(network, prefix, _): &&(Ipv6Addr, u32, Rule)| {
        (address.to_bits() ^ network.to_bits()).checked_shr(128 - prefix).unwrap_or(0) == 0
    };
    if let Some(&(_, _, rule)) = V6.iter().find(within) {
        return Some(rule);
    }
    // Only 2000::/3 is given out as global unicast (RFC 4291, section 2.4; IANA IPv6 address space).
    let global = address.segments()[0] & 0xe000 == 0x2000;
    if global {
        Some(Rule::Public)
    } else if embedded_v4(address).is_empty() {
        Some(Rule::Reserved)
    } else {
        None
    }
}

/// Every IPv4 address that a translator or tunnel could read out of this address.
fn embedded_v4(address: Ipv6Addr) -> Vec<Ipv4Addr> {
    let octets = address.octets();
    let at = |positions: [usize; 4]| Ipv4Addr::from(positions.map(|position| octets[position]));
    let low = at([12, 13, 14, 15]);
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => vec![],
        // IPv4-compatible, IPv4-mapped (RFC 4291), IPv4-translated (RFC 2765), the well-known NAT64 prefix (RFC 6052).
        [0, 0, 0, 0, 0, 0 | 0xffff, _, _] | [0, 0, 0, 0, 0xffff, 0, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] => {
            vec![low]
        }
        // NAT64 for local use (RFC 8215): the prefix within it may have any length of RFC 6052, section 2.2.
        [0x64, 0xff9b, 1, 0, 0, 0, _, _] => vec![low],
        [0x64, 0xff9b, 1, ..] => [at([6, 7, 9, 10]), at([7, 9, 10, 11]), at([9, 10, 11, 12]), low]
            .into_iter()
            .filter(|address| !address.is_unspecified())
            .collect(),
        // 6to4 (RFC 3056).
        [0x2002, ..] => vec![at([2, 3, 4, 5])],
        // ISATAP (RFC 5214, section 6.1).
        [_, _, _, _, 0 | 0x200, 0x5efe, _, _] => vec![low],
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC_ONLY: Policy = Policy { allow_loopback: false, allow_private: false };
    const ALL: Policy = Policy { allow_loopback: true, allow_private: true };

    #[test]
    fn names_the_rule_for_every_special_range() {
        for (address, rule) in [
            ("8.8.8.8", "public"),
            ("1.1.1.1", "public"),
            ("99.255.255.255", "public"),
            ("100.128.0.0", "public"),
            ("172.15.255.255", "public"),
            ("172.32.0.0", "public"),
            ("192.0.1.0", "public"),
            ("198.17.255.255", "public"),
            ("198.20.0.0", "public"),
            ("223.255.255.255", "public"),
            ("0.0.0.0", "unspecified"),
            ("0.1.2.3", "unspecified"),
            ("10.0.0.0", "private"),
            ("10.255.255.255", "private"),
            ("100.64.0.0", "private"),
            ("100.127.255.255", "private"),
            ("172.16.0.0", "private"),
            ("172.31.255.255", "private"),
            ("192.168.0.1", "private"),
            ("127.0.0.1", "loopback"),
            ("127.255.255.254", "loopback"),
            ("169.254.0.1", "link_local"),
            ("169.254.169.254", "cloud_metadata"),
            ("169.254.170.2", "cloud_metadata"),
            ("100.100.100.200", "cloud_metadata"),
            ("168.63.129.16", "cloud_metadata"),
            ("192.0.0.192", "cloud_metadata"),
            ("192.0.0.8", "reserved"),
            ("192.0.2.1", "documentation"),
            ("192.31.196.1", "reserved"),
            ("192.52.193.1", "reserved"),
            ("192.88.99.1", "reserved"),
            ("192.175.48.1", "reserved"),
            ("198.18.0.1", "benchmarking"),
            ("198.19.255.255", "benchmarking"),
            ("198.51.100.1", "documentation"),
            ("203.0.113.1", "documentation"),
            ("224.0.0.1", "multicast"),
            ("239.255.255.255", "multicast"),
            ("240.0.0.1", "reserved"),
            ("255.255.255.255", "broadcast"),
            ("2606:4700:4700::1111", "public"),
            ("2a00:1450::1", "public"),
            ("::", "unspecified"),
            ("::1", "loopback"),
            ("100::1", "reserved"),
            ("100:0:0:1::1", "reserved"),
            ("2001::1", "teredo"),
            ("2001:1::1", "reserved"),
            ("2001:2::1", "benchmarking"),
            ("2001:20::1", "reserved"),
            ("2001:1ff:ffff::", "reserved"),
            ("2001:200::1", "public"),
            ("2001:db8::1", "documentation"),
            ("2620:4f:8000::1", "reserved"),
            ("3fff::1", "documentation"),
            ("5f00::1", "reserved"),
            ("4000::1", "reserved"),
            ("fc00::1", "private"),
            ("fdff::1", "private"),
            ("fd00:ec2::254", "cloud_metadata"),
            ("fd00:ec2::23", "cloud_metadata"),
            ("fd00:ec2:ffff:ffff:ffff:ffff:ffff:ffff", "cloud_metadata"),
            ("fd00:ec1::254", "private"),
            ("fd00:ec3::254", "private"),
            ("fd20:ce::254", "cloud_metadata"),
            ("fe80::1", "link_local"),
            ("febf::1", "link_local"),
            ("fec0::1", "reserved"),
            ("ff02::1", "multicast"),
        ] {
            let verdict = PUBLIC_ONLY.judge(address.parse().unwrap());
            assert_eq!(verdict.rule.name(), rule, "{address}");
            assert_eq!(verdict.allowed, rule == "public", "{address}");
            let lenient = ALL.judge(address.parse().unwrap());
            assert_eq!(lenient.allowed, ["public", "private", "loopback"].contains(&rule), "{address}");
        }
    }

    #[test]
    fn judges_an_embedded_address_as_the_one_inside() {
        for (inside, rule) in [
            ("8.8.8.8", "public"),
            ("10.0.0.1", "private"),
            ("127.0.0.1", "loopback"),
            ("169.254.169.254", "cloud_metadata"),
            ("192.0.2.1", "documentation"),
        ] {
            let v4: Ipv4Addr = inside.parse().unwrap();
            let [a, b, c, d] = v4.octets();
            let hex = format!("{a:02x}{b:02x}:{c:02x}{d:02x}");
            for address in [
                format!("::ffff:{inside}"),
                format!("::{inside}"),
                format!("::ffff:0:{inside}"),
                format!("64:ff9b::{inside}"),
                format!("64:ff9b:1::{inside}"),
                format!("64:ff9b:1:{a:02x}{b:02x}:{c:02x}:{d:02x}00::"),
                format!("2002:{hex}::1"),
                format!("2a00:1450::5efe:{inside}"),
                format!("2a00:1450::200:5efe:{inside}"),
            ] {
                let verdict = PUBLIC_ONLY.judge(address.parse().unwrap());
                assert_eq!(verdict.allowed, rule == "public", "{address}");
                // The other readings of a local NAT64 prefix may name another rule.
                if !address.starts_with("64:ff9b:1:") {
                    assert_eq!(verdict.rule.name(), rule, "{address}");
                }
            }
        }
        assert!(!ALL.judge("64:ff9b:1::".parse().unwrap()).allowed);
    }

    #[test]
    fn the_worst_of_several_readings_counts() {
        // Readings: octets 6, 7, 9, 10; 7, 9, 10, 11; 9 to 12; the last four.
        for (address, rule) in [
            ("64:ff9b:1:808:8:808:808:808", "public"),
            ("64:ff9b:1:a08:8:808:808:808", "private"),
            ("64:ff9b:1:7f08:8:808:808:808", "loopback"),
            ("64:ff9b:1:a9fe:a9:fe08:808:808", "link_local"),
            ("64:ff9b:1:a08:8:808:7f00:1", "loopback"),
            ("64:ff9b:1:7f08:8:808:a00:1", "loopback"),
            ("64:ff9b:1:7f08:8:808:a9fe:a9fe", "cloud_metadata"),
            ("64:ff9b:1:a9fe:a9:fe08:a00:1", "link_local"),
            ("2002:a00:1::5efe:8.8.8.8", "private"),
        ] {
            for policy in [PUBLIC_ONLY, ALL] {
                let verdict = policy.judge(address.parse().unwrap());
                assert_eq!(verdict.rule.name(), rule, "{address}");
                assert_eq!(verdict.allowed, policy.verdict(verdict.rule).allowed, "{address}");
            }
        }
        // One is allowed, and the other is not.
        for policy in [Policy { allow_loopback: true, ..PUBLIC_ONLY }, Policy { allow_private: true, ..PUBLIC_ONLY }] {
            for address in ["64:ff9b:1:a08:8:808:7f00:1", "64:ff9b:1:7f08:8:808:a00:1"] {
                assert!(!policy.judge(address.parse().unwrap()).allowed, "{policy:?} {address}");
            }
        }
    }

    #[test]
    fn the_settings_open_what_they_name_and_nothing_else() {
        let loopback = Policy { allow_loopback: true, allow_private: false };
        let private = Policy { allow_loopback: false, allow_private: true };
        for (address, by_loopback, by_private) in [
            ("127.0.0.1", true, false),
            ("::1", true, false),
            ("::ffff:127.0.0.1", true, false),
            ("10.1.2.3", false, true),
            ("fd12::1", false, true),
            ("64:ff9b::a01:203", false, true),
            ("169.254.169.254", false, false),
            ("::ffff:169.254.169.254", false, false),
            ("0.0.0.0", false, false),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(loopback.judge(address).allowed, by_loopback, "{address}");
            assert_eq!(private.judge(address).allowed, by_private, "{address}");
        }
    }
}
