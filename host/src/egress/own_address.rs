//! Where this installation itself listens: a connection there would come from an address that it trusts.

use std::net::{SocketAddr, UdpSocket};

/// Whether one of the listeners is reached at this address. A listener on all addresses (`0.0.0.0`, `::`) is reached at
/// each of this machine.
pub(super) fn contains(listeners: &[SocketAddr], address: SocketAddr) -> bool {
    let ip = address.ip().to_canonical();
    listeners.iter().any(|listener| {
        listener.port() == address.port()
            && (listener.ip().to_canonical() == ip || listener.ip().is_unspecified() && is_of_this_machine(address))
    })
}

/// Only an address of this machine can be bound. Nothing is sent.
fn is_of_this_machine(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback() || UdpSocket::bind((address.ip(), 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_own_listeners() {
        for (listener, address, own) in [
            ("127.0.0.1:8002", "127.0.0.1:8002", true),
            ("127.0.0.1:8002", "[::ffff:127.0.0.1]:8002", true),
            ("127.0.0.1:8002", "127.0.0.1:8003", false),
            ("127.0.0.1:8002", "127.0.0.2:8002", false),
            ("0.0.0.0:8002", "127.0.0.1:8002", true),
            ("0.0.0.0:8002", "127.1.2.3:8002", true),
            ("[::]:8002", "127.0.0.1:8002", true),
            ("[::]:8002", "[::1]:8002", true),
            ("0.0.0.0:8002", "192.0.2.1:8002", false),
            ("0.0.0.0:8002", "127.0.0.1:5432", false),
        ] {
            let listeners = ["[2001:db8::1]:9".parse().unwrap(), listener.parse().unwrap()];
            assert_eq!(contains(&listeners, address.parse().unwrap()), own, "{listener} {address}");
        }
    }
}
