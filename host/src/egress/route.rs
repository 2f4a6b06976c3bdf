//! The way to a server that was judged and taken once, so that it can be taken again.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;

use super::{Stream, TlsRequest, tls};
use crate::diagnosis::{Fault, code};
use crate::fairness::{Share, Shares};

/// The address that was dialled, how TLS was done there, and whom another connection counts for.
#[derive(Debug, Clone)]
pub struct Route {
    address: SocketAddr,
    tls: Option<(TlsRequest, tls::Client)>,
    payer: String,
    again: Shares<String>,
}

impl Route {
    pub(super) fn new(
        address: SocketAddr,
        tls: Option<(TlsRequest, tls::Client)>,
        payer: &str,
        again: &Shares<String>,
    ) -> Self {
        Self { address, tls, payer: payer.to_owned(), again: again.clone() }
    }

    /// The address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Does TLS on a connection to the address, if it is to be done.
    pub(super) async fn secure(&self, mut tcp: TcpStream) -> Result<(Stream, Option<tls::Agreed>), Fault> {
        let Some((request, client)) = &self.tls else { return Ok((Stream::Plain(tcp), None)) };
        request.send(&mut tcp).await?;
        let (stream, agreed) = client.handshake(tcp).await?;
        Ok((Stream::Tls(Box::new(stream)), Some(agreed)))
    }

    /// Opens another connection to the same address, whatever the name resolves to by now, with the server verified as
    /// before. It waits at most so long for its turn, and has no other time limit of its own. The share is the payer's
    /// until it is dropped.
    pub async fn open(&self, wait: Duration) -> Result<(Stream, Share<String>), Fault> {
        let share = self.again.take(&self.payer, 1, wait).await;
        let share = share.map_err(|_| Fault::new(&code::CONNECT_FAILED))?;
        let tcp = TcpStream::connect(self.address).await.map_err(|_| Fault::new(&code::CONNECT_FAILED))?;
        // A refusal only costs latency.
        let _ = tcp.set_nodelay(true);
        Ok((self.secure(tcp).await?.0, share))
    }
}
