//! What may stand in `host`: a DNS name or an IP address, and the usual mistakes with what to do about them.

use std::net::{IpAddr, Ipv6Addr};

/// Code, message and hint if this is not a DNS name or an IP address.
pub(crate) fn check(host: &str) -> Option<(&'static str, &'static str, &'static str)> {
    let parts = "Send host, port, database and user as separate members.";
    if host.contains("://") {
        Some(("url", "host is a URL.", parts))
    } else if host.contains('=') || host.contains('@') {
        Some(("dsn", "host is a connection string.", parts))
    } else if host.starts_with('/') || host.contains('/') || host.contains('\\') {
        Some(("path", "host is a path; connections go over TCP only.", "Send the server's name or address."))
    } else if host.contains(',') {
        Some(("list", "host is a list; a connection has one host.", "Register one connection for each server."))
    } else if host.starts_with('[') {
        Some(("brackets", "host has brackets.", "Write an IPv6 address without brackets."))
    } else if host.parse::<Ipv6Addr>().is_ok() {
        None
    } else if host.contains(':') {
        Some(("port_in_host", "host contains a colon.", "Send the port as the member port."))
    } else if host.ends_with('.') {
        Some(("trailing_dot", "host ends with a dot.", "Write the name without the last dot."))
    } else if !is_name(host) {
        Some(("not_a_name", "host is neither a DNS name nor an IP address.", "Use letters, digits, hyphens and dots."))
    } else {
        None
    }
}

/// RFC 1123 names, and underscores, which some private zones use. Numbers and dots alone must be an address in four
/// full parts, because resolvers read other spellings in surprising ways.
fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    let numeric = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") || last.starts_with("0X");
    name.split('.').all(label) && (!numeric || name.parse::<IpAddr>().is_ok())
}

/// Whether the host is this machine by its spelling: `localhost`, a name under it, 127.0.0.0/8 or `::1`.
pub(crate) fn is_loopback(host: &str) -> bool {
    let name = host.to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_hosts_from_mistakes() {
        let cases = [
            ("db.example.com", None),
            ("db_1.internal", None),
            ("db_1.internal.", Some("trailing_dot")),
            ("127.0.0.1.", Some("trailing_dot")),
            ("203.0.113.7", None),
            ("2001:db8::1", None),
            ("postgres://db", Some("url")),
            ("host=db", Some("dsn")),
            ("user@db", Some("dsn")),
            ("/var/run/postgresql", Some("path")),
            ("a,b", Some("list")),
            ("[::1]", Some("brackets")),
            ("db:5432", Some("port_in_host")),
            ("127.1", Some("not_a_name")),
            ("0x7f.0x1", Some("not_a_name")),
            ("0177.0.0.1", Some("not_a_name")),
            ("a b", Some("not_a_name")),
            ("-a.b", Some("not_a_name")),
            ("a..b", Some("not_a_name")),
            ("１２７.0.0.1", Some("not_a_name")),
        ];
        for (host, code) in cases {
            assert_eq!(check(host).map(|(code, ..)| code), code, "{host}");
        }
    }
}
