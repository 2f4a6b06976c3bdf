//! Opens sockets.

use guests::wasi::wasi::sockets::{network::IpAddressFamily, tcp_create_socket, udp_create_socket};
use guests::{Behaviour, Request, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "open-sockets";

    fn validate(request: &Request) -> Verdict {
        let tcp = tcp_create_socket::create_tcp_socket(IpAddressFamily::Ipv4);
        let udp = udp_create_socket::create_udp_socket(IpAddressFamily::Ipv6);
        let opened = u8::from(tcp.is_ok()) + u8::from(udp.is_ok());
        good::warn(request, format!("Opened {opened} sockets."))
    }
}

guests::export!(Guest);

fn main() {}
