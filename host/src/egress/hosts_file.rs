//! The system's table of names (hosts(5)), which comes before the DNS.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::net::IpAddr;
use std::path::Path;

/// Where it is.
const PATH: &str = "/etc/hosts";

/// What is read of it: more than the longest lists of advertisers that people keep there.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Every address that the file has for exactly this name; none without a file. It is read each time, line by line: an
/// entry counts from the moment it is there.
pub(super) fn find(name: &str) -> io::Result<Vec<IpAddr>> {
    match File::open(Path::new(PATH)) {
        Ok(file) => addresses(BufReader::new(file.take(MAX_BYTES)), name),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn addresses(text: impl BufRead, name: &str) -> io::Result<Vec<IpAddr>> {
    let mut found = Vec::new();
    for line in text.split(b'\n') {
        found.extend(str::from_utf8(&line?).ok().and_then(|line| address(line, name)));
    }
    Ok(found)
}

/// The address of a line, if it is there for this name.
fn address(line: &str, name: &str) -> Option<IpAddr> {
    let entry = line.split_once('#').map_or(line, |(entry, _)| entry);
    let mut words = entry.split_ascii_whitespace();
    let address = words.next()?;
    if words.any(|word| word.eq_ignore_ascii_case(name)) { address.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_address_of_exactly_this_name() {
        let file = "\u{feff}\n127.0.0.1\tlocalhost   # db.example.com\r\n::1 localhost ip6-localhost\n\
                    10.0.0.1 db.example.com db\n  10.0.0.2 other DB.Example.com\n10.0.0.3 db.example.com.corp db.example\n\
                    fe80::1%eth0 db\nnonsense db\n#10.0.0.4 db\n10.0.0.5\n10.0.0.6 db#x\n"
            .as_bytes();
        let file = [file, b"10.0.0.7 \xff db\n10.0.0.8 last"].concat();
        for (name, expected) in [
            ("localhost", &["127.0.0.1", "::1"][..]),
            ("db.example.com", &["10.0.0.1", "10.0.0.2"]),
            ("db", &["10.0.0.1", "10.0.0.6"]),
            ("last", &["10.0.0.8"]),
            ("example.com", &[]),
            ("10.0.0.5", &[]),
        ] {
            let expected: Vec<IpAddr> = expected.iter().map(|address| address.parse().unwrap()).collect();
            assert_eq!(addresses(&*file, name).unwrap(), expected, "{name}");
        }
    }
}
