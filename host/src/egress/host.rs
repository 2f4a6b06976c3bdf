//! What a host may look like: a well-formed IP address or a DNS name, and nothing that some resolver reads otherwise.

use std::net::IpAddr;

/// The host of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// An address, written as RFC 4291 or in four decimal parts.
    Address(IpAddr),
    /// A DNS name (RFC 1123, and the underscore), without the trailing dot.
    Name(String),
}

/// Why a host is refused, in words for its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Nothing there.
    #[error("The host is empty.")]
    Empty,
    /// Over the DNS's limits (RFC 1035, section 2.3.4).
    #[error("The host is too long: a DNS name has at most 253 characters, and 63 between two dots.")]
    TooLong,
    /// `[::1]`.
    #[error("The host is in brackets; write an IPv6 address without them.")]
    Brackets,
    /// `fe80::1%eth0`.
    #[error("The host has a zone (%); addresses of a single link cannot be used.")]
    Zone,
    /// `db.example.com.`.
    #[error("The host ends with a dot; write it without.")]
    TrailingDot,
    /// `/run/postgresql`, `postgres://…`, `a,b`, `user@host`.
    #[error("The host is a path, a URL, a list or contains a user; write the host name alone.")]
    NotAHost,
    /// Letters beyond ASCII, among them full-width digits.
    #[error("The host has letters beyond ASCII; write an international name in its xn-- form.")]
    NotAscii,
    /// Anything else that is not in a name.
    #[error("The host has a character that no host name has: only letters, digits, hyphens, underscores and dots.")]
    Character,
    /// `a..b`, `-a`.
    #[error("The host has an empty part, or one that begins or ends with a hyphen.")]
    Label,
    /// `127.1`, `0x7f.1`, `017700000001`.
    #[error("The host is a number but not an IP address in its usual form, such as 192.0.2.10.")]
    OddNumber,
}

impl Host {
    /// Reads a host strictly.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        check_characters(text)?;
        if text.len() > 253 || text.split('.').any(|label| label.len() > 63) {
            return Err(Malformed::TooLong);
        }
        if text.ends_with('.') {
            return Err(Malformed::TrailingDot);
        }
        if text.split('.').any(|label| label.is_empty() || label.starts_with('-') || label.ends_with('-')) {
            return Err(Malformed::Label);
        }
        // A name whose last part is a number is an address for some resolvers (WHATWG URL, "ends in a number").
        let last = text.rsplit('.').next().unwrap_or(text);
        if last.bytes().all(|byte| byte.is_ascii_digit()) || is_hexadecimal(last) {
            return Err(Malformed::OddNumber);
        }
        Ok(Self::Name(text.to_ascii_lowercase()))
    }

    /// Whether it is a name of this machine: `localhost` or one under it.
    pub fn is_localhost(&self) -> bool {
        matches!(self, Self::Name(name) if name == "localhost" || name.ends_with(".localhost"))
    }
}

fn check_characters(text: &str) -> Result<(), Malformed> {
    if text.is_empty() {
        return Err(Malformed::Empty);
    }
    if text.contains('%') {
        return Err(Malformed::Zone);
    }
    for character in text.chars() {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => {}
            '[' | ']' => return Err(Malformed::Brackets),
            '/' | '\\' | '@' | ',' | ';' | ':' | '?' | '#' | '=' | '&' => return Err(Malformed::NotAHost),
            character if !character.is_ascii() => return Err(Malformed::NotAscii),
            _ => return Err(Malformed::Character),
        }
    }
    Ok(())
}

fn is_hexadecimal(label: &str) -> bool {
    let digits = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_names_and_addresses() {
        for name in [
            "localhost",
            "db",
            "db.example.com",
            "DB.Example.COM",
            "a_b.c-d.e1",
            "1e100.net",
            "3com.com",
            "xn--bcher-kva.example",
            "0x.example",
        ] {
            assert_eq!(Host::parse(name), Ok(Host::Name(name.to_ascii_lowercase())), "{name}");
        }
        for address in ["127.0.0.1", "192.0.2.10", "::1", "2001:db8::10", "::ffff:10.0.0.1", "64:ff9b::1.2.3.4"] {
            assert_eq!(Host::parse(address), Ok(Host::Address(address.parse().unwrap())), "{address}");
        }
    }

    #[test]
    fn refuses_what_is_neither() {
        use Malformed::*;
        for (text, reason) in [
            ("", Empty),
            ("/run/postgresql", NotAHost),
            ("@abstract", NotAHost),
            ("postgres://db", NotAHost),
            ("db.example.com:5432", NotAHost),
            ("user@db", NotAHost),
            ("a,b", NotAHost),
            ("db\\x", NotAHost),
            ("db?x=1", NotAHost),
            ("[::1]", Brackets),
            ("fe80::1%eth0", Zone),
            ("db%00", Zone),
            ("127.1", OddNumber),
            ("127.0.1", OddNumber),
            ("2130706433", OddNumber),
            ("0x7f.1", OddNumber),
            ("0x7f000001", OddNumber),
            ("0X7F", OddNumber),
            ("127.0.0.0x1", OddNumber),
            ("017700000001", OddNumber),
            ("0177.0.0.1", OddNumber),
            ("010.0.0.1", OddNumber),
            ("1.2.3.4.5", OddNumber),
            ("256.1.1.1", OddNumber),
            ("127.0.0.1.", TrailingDot),
            ("localhost.", TrailingDot),
            ("127.0.0.1..", TrailingDot),
            ("127。0。0。1", NotAscii),
            ("１２７.0.0.1", NotAscii),
            ("ⓛocalhost", NotAscii),
            ("bücher.example", NotAscii),
            ("a..b", Label),
            (".a", Label),
            ("-a.b", Label),
            ("a-.b", Label),
            ("a b", Character),
            (" 127.0.0.1", Character),
            ("127.0.0.1 ", Character),
            ("127.0.0.1\n", Character),
            ("db\0", Character),
            ("db\u{7f}", Character),
            ("db\"x", Character),
        ] {
            assert_eq!(Host::parse(text), Err(reason), "{text:?}");
        }
        assert_eq!(Host::parse(&"a".repeat(64)), Err(TooLong));
        assert_eq!(Host::parse(&"a.".repeat(127)), Err(TooLong));
    }
}
