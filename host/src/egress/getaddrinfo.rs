//! The system's resolver, with its own code of why it failed. The standard library asks the same function, and tells its
//! failures by a sentence alone.

use std::ffi::{CString, c_int};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ptr;

/// Why there are no addresses (RFC 3493, section 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// There is no such name, it has no address, or its name servers cannot ever say.
    NoSuchName,
    /// It could not be found out this time: name servers do not answer, or this machine lacks what it takes.
    Unknown,
}

impl From<c_int> for Failure {
    fn from(code: c_int) -> Self {
        match code {
            libc::EAI_AGAIN | libc::EAI_MEMORY | libc::EAI_SYSTEM => Self::Unknown,
            _ => Self::NoSuchName,
        }
    }
}

/// The addresses of a name, in the resolver's order. It blocks, and cannot be cancelled.
pub(super) fn look_up(name: &str) -> Result<Vec<IpAddr>, Failure> {
    let name = CString::new(name).map_err(|_| Failure::NoSuchName)?;
    call(&name).map_err(Failure::from)
}

#[expect(unsafe_code, reason = "nothing safe gives the code of getaddrinfo")]
fn call(name: &CString) -> Result<Vec<IpAddr>, c_int> {
    // SAFETY: all of it may be zero, which asks for nothing in particular.
    let mut hints: libc::addrinfo = unsafe { std::mem::zeroed() };
    // One of each address; else there is one for each kind of socket.
    hints.ai_socktype = libc::SOCK_STREAM;
    let mut found: *mut libc::addrinfo = ptr::null_mut();
    // SAFETY: the name ends with a zero, and all pointers are to what outlives the call.
    let code = unsafe { libc::getaddrinfo(name.as_ptr(), ptr::null(), &raw const hints, &raw mut found) };
    if code != 0 {
        return Err(code);
    }
    let mut addresses = Vec::new();
    let mut next = found;
    // SAFETY: after success it is a list that ends with null, and is ours until it is freed.
    while let Some(info) = unsafe { next.as_ref() } {
        // SAFETY: the family says which type the address has; it need not be aligned for that.
        addresses.extend(unsafe {
            match info.ai_family {
                libc::AF_INET => {
                    let address = info.ai_addr.cast::<libc::sockaddr_in>().read_unaligned();
                    Some(IpAddr::V4(Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr))))
                }
                libc::AF_INET6 => {
                    let address = info.ai_addr.cast::<libc::sockaddr_in6>().read_unaligned();
                    Some(IpAddr::V6(Ipv6Addr::from(address.sin6_addr.s6_addr)))
                }
                _ => None,
            }
        });
        next = info.ai_next;
    }
    // SAFETY: it is what the call has given, and nothing points into it any more.
    unsafe { libc::freeaddrinfo(found) };
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_there_another_time_is_told_from_what_is_not_there() {
        for (code, failure) in [
            (libc::EAI_NONAME, Failure::NoSuchName),
            (libc::EAI_FAIL, Failure::NoSuchName),
            (libc::EAI_AGAIN, Failure::Unknown),
            (libc::EAI_SYSTEM, Failure::Unknown),
            (libc::EAI_MEMORY, Failure::Unknown),
        ] {
            assert_eq!(Failure::from(code), failure, "{code}");
        }
    }

    #[test]
    fn reads_addresses_of_both_kinds() {
        for address in ["192.0.2.1", "2001:db8::1"] {
            assert_eq!(look_up(address), Ok(vec![address.parse().unwrap()]));
        }
        assert_eq!(look_up("a\0b"), Err(Failure::NoSuchName));
    }
}
