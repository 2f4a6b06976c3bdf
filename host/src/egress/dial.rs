//! From a host to a TCP connection: one look-up, then the addresses in order.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::{Deadline, Host};
use crate::diagnosis::{Fault, code};

/// Look-ups at once. Each holds a thread until the system's resolver gives up, long after our own deadline.
const MAX_LOOKUPS: usize = 64;

/// Addresses of one name that are tried. All are judged.
const MAX_DIALLED: usize = 8;

/// Resolves and dials.
#[derive(Debug)]
pub(super) struct Dialler {
    lookups: Arc<Semaphore>,
}

impl Default for Dialler {
    fn default() -> Self {
        Self { lookups: Arc::new(Semaphore::new(MAX_LOOKUPS)) }
    }
}

impl Dialler {
    /// Every address of the host, at least one.
    pub(super) async fn resolve(&self, host: &Host, port: u16, deadline: Deadline) -> Result<Vec<SocketAddr>, Fault> {
        let name = match host {
            Host::Address(address) => return Ok(vec![SocketAddr::new(*address, port)]),
            Host::Name(name) => name.clone(),
        };
        let lookup = async {
            let permit = Arc::clone(&self.lookups).acquire_owned().await.map_err(io::Error::other)?;
            let asked = name.clone();
            tokio::task::spawn_blocking(move || {
                let _permit = permit;
                (asked.as_str(), port).to_socket_addrs().map(Vec::from_iter)
            })
            .await?
        };
        let resolved = deadline.bound(&code::RESOLVE_TIMEOUT, async { Ok(lookup.await) }).await?;
        let mut addresses = resolved.map_err(|error| resolve_fault(&name, &error))?;
        let mut seen = std::collections::HashSet::new();
        addresses.retain(|address| seen.insert(*address));
        if addresses.is_empty() {
            return Err(not_found(&name));
        }
        Ok(addresses)
    }

    /// Connects to the first address that answers. What is said of a failure is about the last one tried.
    pub(super) async fn dial(
        &self,
        addresses: &[SocketAddr],
        deadline: Deadline,
    ) -> Result<(TcpStream, SocketAddr), Fault> {
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
}

fn not_found(name: &str) -> Fault {
    Fault::new(&code::NAME_NOT_FOUND).message(format!("The name {name} does not resolve to an address."))
}

/// The standard library gives no code of getaddrinfo, only its sentence, which it never translates.
fn resolve_fault(name: &str, error: &io::Error) -> Fault {
    let sentence = error.to_string();
    if ["Temporary failure", "try again", "System error", "Memory"].iter().any(|part| sentence.contains(part)) {
        return Fault::new(&code::RESOLVE_FAILED);
    }
    not_found(name)
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
