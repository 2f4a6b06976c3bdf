//! The way to a server that was judged and taken once, so that it can be taken again.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;

use super::{Deadline, Wire, tls};
use crate::diagnosis::{Fault, code};
use crate::fairness::{Share, Shares};

/// The address that was dialled, how TLS is done there, and whom another connection counts for.
#[derive(Debug, Clone)]
pub struct Route {
    address: SocketAddr,
    client: Option<tls::Client>,
    payer: String,
    again: Shares<String>,
}

impl Route {
    pub(super) fn new(address: SocketAddr, client: Option<tls::Client>, payer: &str, again: &Shares<String>) -> Self {
        Self { address, client, payer: payer.to_owned(), again: again.clone() }
    }

    /// The address that was dialled.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whom connections to it count for.
    pub fn payer(&self) -> &str {
        &self.payer
    }

    /// How TLS is done there; none where the connection wants none.
    pub(super) fn client(&self) -> Option<&tls::Client> {
        self.client.as_ref()
    }

    /// Opens another connection to the same address, whatever the name resolves to by now; TLS verifies the server as
    /// before. All of it may take until the limit. The share is the payer's until it is dropped.
    pub async fn open(&self, limit: Duration) -> Result<(Wire, Share<String>), Fault> {
        let deadline = Deadline::after(limit);
        let share = self.again.take(&self.payer, 1, limit).await;
        let share = share.map_err(|_| Fault::new(&code::CONNECT_FAILED))?;
        let connected = async { TcpStream::connect(self.address).await.map_err(|_| Fault::new(&code::CONNECT_FAILED)) };
        let tcp = deadline.bound(&code::CONNECT_TIMEOUT, connected).await?;
        // A refusal only costs latency.
        let _ = tcp.set_nodelay(true);
        Ok((Wire::new(tcp, self.clone(), deadline, None), share))
    }
}
