//! Hosts in every spelling: no text is a name for us and an address for somebody else, no address is allowed that is or
//! carries one that is not everybody's, and what is read stays what it is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::{Host, Policy};
use crate::fuzz;

const PUBLIC_ONLY: Policy = Policy { allow_loopback: false, allow_private: false };

/// The IANA IPv4 Special-Purpose Address Registry, and multicast, as they are written there.
const SPECIAL_V4: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    // Of a cloud, in a public range.
    "168.63.129.16/32",
];

/// The IANA IPv6 Special-Purpose Address Registry likewise.
const SPECIAL_V6: &[&str] = &[
    "::/127",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001:db8::/32",
    "2620:4f:8000::/48",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

/// Where an IPv4 address may stand in an IPv6 one: what is before it, and after how many bits it begins. An octet of zeros
/// stands in it at bit 64 where RFC 6052 says so.
const CARRIERS: &[(&str, u32, bool)] = &[
    ("::ffff:0:0/96", 96, false),
    ("::/96", 96, false),
    ("::ffff:0:0:0/96", 96, false),
    ("64:ff9b::/96", 96, false),
    ("64:ff9b:1::/48", 48, true),
    ("64:ff9b:1::/48", 96, false),
    ("2002::/16", 16, false),
];

const DICTIONARY: &[&[u8]] = &[
    b"127.0.0.1",
    b"::1",
    b"::ffff:",
    b"64:ff9b::",
    b"64:ff9b:1::",
    b"2002:",
    b"2001:0:",
    b":5efe:",
    b"fe80::",
    b"fd00:ec2::254",
    b"169.254.169.254",
    b"0x7f",
    b"0177",
    b"0X",
    b"localhost",
    b".localhost",
    b".",
    b":",
    b"%eth0",
    b"[",
    b"]",
    b"/32",
    b"@",
    b"2130706433",
    b"1",
    b"255",
    b"256",
    b"ffff",
    b"00",
    b"xn--",
    "１２７".as_bytes(),
    "。".as_bytes(),
    b" ",
    b"\n",
    b"\0",
    b"-",
    b"_",
];

#[test]
fn hosts() {
    let target = fuzz::Target { name: "hosts", dictionary: DICTIONARY, parts, rounds: 3_000 };
    let special = Special::read();
    target.run(|input| {
        let text = String::from_utf8_lossy(input);
        for line in text.split('\n') {
            check_text(line, &special);
        }
        // The same bytes as addresses, and inside of those that carry some.
        for bytes in input.chunks(4).take(8) {
            let v4 = Ipv4Addr::from(read_bits(bytes));
            special.check(IpAddr::V4(v4));
            for (prefix, at, _) in CARRIERS.iter().filter(|(.., is_split)| !is_split) {
                let v6 = Ipv6Addr::from_bits(network(prefix).0 | u128::from(v4.to_bits()) << (96 - at));
                special.check(IpAddr::V6(v6));
                let allowed = PUBLIC_ONLY.judge(IpAddr::V6(v6)).allowed;
                assert!(!allowed || !special.has_v4(v4), "{v6} carries {v4}");
            }
        }
        for bytes in input.chunks_exact(16).take(8) {
            let bits = u128::from_be_bytes(bytes.try_into().unwrap());
            special.check(IpAddr::V6(Ipv6Addr::from_bits(bits)));
            for (prefix, ..) in CARRIERS {
                let (network, length) = network(prefix);
                special.check(IpAddr::V6(Ipv6Addr::from_bits(network | (bits >> length))));
            }
        }
    });
}

fn check_text(text: &str, special: &Special) {
    match Host::parse(text) {
        Err(_) => {}
        Ok(Host::Address(address)) => {
            assert_eq!(Host::parse(&address.to_string()), Ok(Host::Address(address)), "{text:?}");
            special.check(address);
            if let IpAddr::V4(v4) = address {
                assert_eq!(read_leniently(text), Some(v4), "{text:?} is another address for others");
            }
        }
        Ok(Host::Name(name)) => {
            assert_eq!(Host::parse(&name), Ok(Host::Name(name.clone())), "{text:?}");
            assert!(name.is_ascii() && name.len() <= 253, "{name:?}");
            assert_eq!(read_leniently(&name), None, "{text:?} is an address for others");
            assert!(name.parse::<IpAddr>().is_err(), "{name:?}");
        }
    }
}

/// As `inet_aton(3)` reads addresses: one to four numbers in decimal, octal or hexadecimal, of which the last fills what is
/// left.
fn read_leniently(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u32> = text.split('.').map(read_number).collect::<Option<_>>()?;
    let (last, first) = parts.split_last()?;
    let room = 32 - 8 * u32::try_from(first.len()).ok()?;
    if first.len() > 3 || first.iter().any(|part| *part > 255) || u64::from(*last) >= 1 << room {
        return None;
    }
    let first = first.iter().fold(0_u32, |bits, part| bits << 8 | part);
    Some(Ipv4Addr::from_bits(first.checked_shl(room).unwrap_or(0) | last))
}

fn read_number(text: &str) -> Option<u32> {
    let lower = text.to_ascii_lowercase();
    let (digits, radix) = match lower.strip_prefix("0x") {
        Some("") => ("0", 16),
        Some(digits) => (digits, 16),
        None if lower.len() > 1 && lower.starts_with('0') => (lower.as_str(), 8),
        None => (lower.as_str(), 10),
    };
    let is_number = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_number.then(|| u32::from_str_radix(digits, radix).ok())?
}

/// The registries, read from their own notation.
struct Special {
    v4: Vec<(u128, u32)>,
    v6: Vec<(u128, u32)>,
}

impl Special {
    fn read() -> Self {
        let read = |networks: &[&str]| networks.iter().map(|text| network(text)).collect();
        Self { v4: read(SPECIAL_V4), v6: read(SPECIAL_V6) }
    }

    fn has_v4(&self, address: Ipv4Addr) -> bool {
        self.v4.iter().any(|(network, length)| leading(u128::from(address.to_bits()) << 96, *length) == *network)
    }

    /// Where the host allows it, neither it nor anything that it carries is special.
    fn check(&self, address: IpAddr) {
        if !PUBLIC_ONLY.judge(address).allowed {
            return;
        }
        match address {
            IpAddr::V4(address) => assert!(!self.has_v4(address), "{address}"),
            IpAddr::V6(address) => {
                let bits = address.to_bits();
                let carried: Vec<_> = CARRIERS.iter().filter_map(|carrier| carried(bits, carrier)).collect();
                let is_special = self.v6.iter().any(|(network, length)| leading(bits, *length) == *network);
                // What is in such a range is judged by what it carries.
                assert!(!is_special || !carried.is_empty(), "{address}");
                assert!(carried.iter().all(|v4| !self.has_v4(*v4)), "{address} carries one of {carried:?}");
            }
        }
    }
}

/// The IPv4 address in an IPv6 one. Zeros in a local prefix are what another length of it leaves free.
fn carried(bits: u128, (prefix, at, is_split): &(&str, u32, bool)) -> Option<Ipv4Addr> {
    let (network, length) = network(prefix);
    if leading(bits, length) != network || bits < 2 {
        return None;
    }
    let behind = bits << at;
    let inside = if *is_split { leading(behind, 16) | (behind << 24 >> 16 & (u128::MAX >> 16)) } else { behind };
    let address = Ipv4Addr::from_bits(u32::try_from(inside >> 96).unwrap_or_default());
    (length != 48 || !address.is_unspecified()).then_some(address)
}

fn leading(bits: u128, length: u32) -> u128 {
    bits & u128::MAX.checked_shl(128 - length).unwrap_or(0)
}

/// The bits of a network, those of IPv4 in front, and its length.
fn network(text: &str) -> (u128, u32) {
    let (address, length) = text.split_once('/').unwrap();
    let bits = match address.parse().unwrap() {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    };
    (bits, length.parse().unwrap())
}

fn read_bits(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte))
}

/// Numbers and words between dots, colons and whatever else is none of them.
fn parts(input: &[u8]) -> Vec<Range<usize>> {
    let (mut parts, mut at) = (Vec::new(), 0);
    while at < input.len() {
        let length = input[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count().max(1);
        parts.push(at..at + length);
        at += length;
    }
    parts
}
