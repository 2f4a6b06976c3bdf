//! From a host to its addresses: the hosts file's exact name, else the DNS's.

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, SocketAddr};

use super::getaddrinfo::{self, Failure};
use super::{Deadline, Host, hosts_file};
use crate::diagnosis::{Fault, code};
use crate::fairness::{Refused, Shares};

/// Looks names up.
///
/// The DNS is asked by the system's resolver, which cannot be cancelled: where name servers are silent it keeps its thread
/// for a long time, whatever our own deadline is (`timeout` and `attempts` in resolv.conf(5)). So a look-up counts for
/// whoever asked until the thread is really free.
#[derive(Debug)]
pub(super) struct Resolver {
    lookups: Shares<String>,
}

impl Resolver {
    /// So many look-ups at once.
    pub(super) fn new(max_lookups: usize) -> Self {
        Self { lookups: Shares::new(max_lookups, max_lookups) }
    }

    /// Every address of the host, at least one. What it takes counts for the payer.
    pub(super) async fn resolve(
        &self,
        host: &Host,
        port: u16,
        payer: &str,
        deadline: Deadline,
    ) -> Result<Vec<SocketAddr>, Fault> {
        let name = match host {
            Host::Address(address) => return Ok(vec![SocketAddr::new(*address, port)]),
            Host::Name(name) => name,
        };
        let mut addresses = deadline.bound(&code::RESOLVE_TIMEOUT, in_hosts_file(name.clone())).await?;
        if addresses.is_empty() {
            addresses = self.ask_dns(name, payer, deadline).await?;
        }
        let mut seen = HashSet::new();
        addresses.retain(|address| seen.insert(*address));
        if addresses.is_empty() {
            return Err(not_found(name));
        }
        Ok(addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }

    async fn ask_dns(&self, name: &str, payer: &str, deadline: Deadline) -> Result<Vec<IpAddr>, Fault> {
        let share = self.lookups.take(&payer.to_owned(), 1, deadline.left()).await.map_err(no_turn)?;
        // With a dot at the end it is this name, and none in a search domain of this machine.
        let full_name = format!("{name}.");
        let lookup = tokio::task::spawn_blocking(move || {
            let _share = share;
            getaddrinfo::look_up(&full_name)
        });
        let resolved = async { Ok(lookup.await.unwrap_or(Err(Failure::Unknown))) };
        deadline.bound(&code::RESOLVE_TIMEOUT, resolved).await?.map_err(|failure| match failure {
            Failure::NoSuchName => not_found(name),
            Failure::Unknown => Fault::new(&code::RESOLVE_FAILED),
        })
    }
}

async fn in_hosts_file(name: String) -> Result<Vec<IpAddr>, Fault> {
    let found = tokio::task::spawn_blocking(move || hosts_file::find(&name)).await.map_err(io::Error::other);
    found.and_then(|found| found).map_err(|error| {
        tracing::warn!(%error, "the hosts file cannot be read");
        Fault::new(&code::RESOLVE_FAILED)
    })
}

/// The look-up was not begun before the deadline.
fn no_turn(refused: Refused) -> Fault {
    let whose = match refused {
        Refused::Key => "Your organization's share of the look-ups",
        Refused::All => "All look-ups of this installation",
    };
    Fault::new(&code::RESOLVE_TIMEOUT)
        .message(format!("{whose} that may run at once wait for name servers that do not answer."))
        .remedy("Look for connections with hosts whose name servers are silent. Their look-ups end by themselves; try again then.")
}

fn not_found(name: &str) -> Fault {
    Fault::new(&code::NAME_NOT_FOUND).message(format!("The name {name} does not resolve to an address."))
}
