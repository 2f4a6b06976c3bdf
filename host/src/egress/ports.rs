//! Ports where no database is: behind them are services that do as they are told by whoever reaches them.

use std::str::FromStr;

use crate::diagnosis::{Fault, code};

/// Where no driver has anything to look for. The system ports (RFC 6335) but those of HTTP (80, 443) and DRDA (446 to
/// 448): SSH, telnet, SMTP, DNS, LDAP, SMB and their kind. Then what is left of the bad ports of the WHATWG's Fetch
/// standard, and what controls machines or keeps their state: SOCKS, RMI, NFS, `ZooKeeper`, Docker and etcd, the global
/// catalog, RDP, EPMD, `WinRM`, X11, Redis, Kubernetes, AJP, Consul, git, kubelet, memcached, Redis Sentinel.
pub const NO_DATABASE: &str = "1-79,81-442,444-445,449-1023,1080,1098-1099,1719-1720,1723,2049,2181,2375-2380,3268-3269,\
                               3389,3659,4045,4190,4369,5060-5061,5985-5986,6000-6063,6379,6443,6566,6665-6669,6679,6697,\
                               8009,8500,9418,10080,10248-10259,11211,26379";

/// One port, or all from one to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRange {
    first: u16,
    last: u16,
}

/// Why a text is no range of ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a port or a range of ports, such as 22 or 6000-6063")]
pub struct NoPortRange;

impl FromStr for PortRange {
    type Err = NoPortRange;

    fn from_str(text: &str) -> Result<Self, NoPortRange> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let port = |text: &str| match text.parse() {
            Ok(port) if text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(port),
            _ => Err(NoPortRange),
        };
        let range = Self { first: port(first)?, last: port(last)? };
        if range.first <= range.last { Ok(range) } else { Err(NoPortRange) }
    }
}

impl PortRange {
    /// Whether the port is in it.
    pub(super) fn contains(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }
}

/// Refuses a port that is in one of these ranges.
pub(super) fn judge(refused: &[PortRange], port: u16) -> Result<(), Fault> {
    if refused.iter().any(|range| range.contains(port)) {
        let message = format!("Port {port} is not a database's; this installation does not connect to it.");
        return Err(Fault::new(&code::PORT_REFUSED).message(message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_no_database_and_nothing_else() {
        let standing: Vec<PortRange> = NO_DATABASE.split(',').map(|text| text.parse().unwrap()).collect();
        for port in [
            1, 7, 21, 22, 23, 25, 53, 69, 110, 111, 135, 139, 143, 161, 179, 389, 445, 465, 512, 514, 587, 636, 873,
            993, 1023, 1080, 2049, 2181, 2375, 2376, 2377, 2379, 2380, 3389, 5985, 6000, 6063, 6379, 6443, 6667, 8500,
            9418, 10080, 10248, 10250, 10255, 10259, 11211, 26379,
        ] {
            assert_eq!(judge(&standing, port).unwrap_err().code, "port_refused", "{port}");
        }
        // HTTP, DRDA, SQL Server, Oracle, MySQL, PostgreSQL and its relatives and poolers, Trino, Cassandra, Elasticsearch,
        // ClickHouse, MongoDB, CockroachDB, DB2, and what the system gives to servers that ask for none.
        for port in [
            80, 443, 446, 1024, 1433, 1521, 3306, 5432, 5433, 5439, 6432, 6543, 8080, 8443, 9042, 9200, 8123, 9440,
            27017, 26257, 50000, 32768, 60999, 65535,
        ] {
            assert_eq!(judge(&standing, port), Ok(()), "{port}");
        }
        assert_eq!(judge(&["0".parse().unwrap()], 22), Ok(()), "no port is refused");
    }

    #[test]
    fn reads_ports_and_ranges() {
        for (text, read) in [
            ("22", Some((22, 22))),
            ("6000-6063", Some((6000, 6063))),
            ("0", Some((0, 0))),
            ("65535", Some((65535, 65535))),
            ("65536", None),
            ("7-3", None),
            ("+22", None),
            ("-22", None),
            ("22-", None),
            ("1-2-3", None),
            (" 22", None),
            ("ssh", None),
            ("", None),
        ] {
            let range = text.parse().ok().map(|range: PortRange| (range.first, range.last));
            assert_eq!(range, read, "{text:?}");
        }
    }
}
