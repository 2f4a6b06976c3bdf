//! From judged addresses to a TCP connection: each in its turn.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpStream;

use super::Deadline;
use crate::diagnosis::{Fault, code};

/// Addresses of one name that are tried. All are judged.
const MAX_DIALLED: usize = 8;

/// Connects to the first address that answers. What is said of a failure is about the last one tried.
pub(super) async fn dial(addresses: &[SocketAddr], deadline: Deadline) -> Result<(TcpStream, SocketAddr), Fault> {
    let addresses = &addresses[..addresses.len().min(MAX_DIALLED)];
    let mut failed = Fault::new(&code::CONNECT_FAILED);
    for (position, &address) in addresses.iter().enumerate() {
        // An address that swallows everything must leave time for those after it.
        let remaining = u32::try_from(addresses.len() - position).unwrap_or(1);
        let share = Deadline::after(deadline.left() / remaining);
        let attempt = async { TcpStream::connect(address).await.map_err(|error| connect_fault(address, &error)) };
        match share.bound(&code::CONNECT_TIMEOUT, attempt).await {
            Ok(stream) => {
                // A refusal only costs latency.
                let _ = stream.set_nodelay(true);
                return Ok((stream, address));
            }
            Err(fault) if fault.code == code::CONNECT_TIMEOUT.name => {
                failed = Fault::new(&code::CONNECT_TIMEOUT).message(format!("{address} did not answer in time."));
            }
            Err(fault) => failed = fault,
        }
    }
    Err(failed)
}

fn connect_fault(address: SocketAddr, error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            Fault::new(&code::CONNECTION_REFUSED).message(format!("Nothing accepts connections at {address}."))
        }
        io::ErrorKind::TimedOut => {
            Fault::new(&code::CONNECT_TIMEOUT).message(format!("{address} did not answer in time."))
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
            Fault::new(&code::HOST_UNREACHABLE).message(format!("There is no way to {address}."))
        }
        kind => Fault::new(&code::CONNECT_FAILED).message(format!("The connection to {address} failed: {kind}.")),
    }
}
