//! A connection on which nothing is protected yet, and what becomes of it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::guard::Violation;
use super::{Deadline, Route, Stream, tls};
use crate::diagnosis::{Fault, Halted, Stage, Stages, code};

/// Bytes that a server may send before the connection is secured, in a greeting or in its answer to a request for TLS.
const MAX_BYTES: usize = 4 * 1024;

/// A connection to a judged address, as it goes over the network: for what a protocol says before the connection is
/// [secured](Wire::secure), and for nothing that is anybody's secret. There is no other way to a [`Connection`], and none back.
///
/// It reads no more than it is asked for and keeps nothing: whatever a driver has not read when TLS begins is taken for a part
/// of TLS, where it is none and ends the connection. A driver that has read more than its protocol has to say before TLS
/// refuses it, since anybody on the way may have put it there (CVE-2021-23222).
#[derive(Debug)]
pub struct Wire {
    tcp: TcpStream,
    route: Route,
    first_word: Deadline,
    /// Bytes that may still be read.
    left: usize,
    /// What is not verified about the server, to be said when TLS has been agreed.
    shortcoming: Option<Fault>,
}

/// An open connection to an endpoint, protected as it has to be.
#[derive(Debug)]
pub struct Connection {
    /// What to speak on.
    pub stream: Stream,
    /// How it was opened, to do so again.
    pub route: Route,
    /// What TLS agreed on; none without TLS.
    pub tls: Option<tls::Agreed>,
}

impl Wire {
    pub(super) fn new(tcp: TcpStream, route: Route, first_word: Deadline, shortcoming: Option<Fault>) -> Self {
        Self { tcp, route, first_word, left: MAX_BYTES, shortcoming }
    }

    /// Whether the connection is to be protected by TLS, for which some protocols have to ask.
    pub fn wants_tls(&self) -> bool {
        self.route.client().is_some()
    }

    /// Whether TLS shows a client certificate.
    pub fn has_client_certificate(&self) -> bool {
        self.route.client().is_some_and(tls::Client::has_certificate)
    }

    /// Until when the server has to have shown that it is a database.
    pub fn first_word(&self) -> Deadline {
        self.first_word
    }

    /// Whom it counts for.
    pub fn payer(&self) -> &str {
        self.route.payer()
    }

    /// Makes the connection what it is to be: with TLS, as a part of the stage tls and until the first word, or as it is
    /// where the connection wants none.
    pub async fn secure(mut self, stages: &mut Stages) -> Result<Connection, Halted> {
        if !self.wants_tls() {
            return Ok(self.plain());
        }
        let shortcoming = self.shortcoming.take();
        let connection = stages.run(Stage::Tls, self.handshake()).await?;
        stages.warn(Stage::Tls, shortcoming.into_iter().collect());
        Ok(connection)
    }

    /// As [`Wire::secure`], where nobody keeps a record of stages.
    pub async fn handshake(self) -> Result<Connection, Fault> {
        let Some(client) = self.route.client() else { return Ok(self.plain()) };
        let (stream, agreed) = self.first_word.bound(&code::TLS_TIMEOUT, client.handshake(self.tcp)).await?;
        Ok(Connection { stream: Stream::Tls(Box::new(stream)), route: self.route, tls: Some(agreed) })
    }

    fn plain(self) -> Connection {
        Connection { stream: Stream::Plain(self.tcp), route: self.route, tls: None }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(Err(io::Error::other(Violation::TooManyBytes(MAX_BYTES))));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.tcp).poll_read(context, buffer))?;
        this.left = this.left.saturating_sub(buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().tcp).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_shutdown(context)
    }
}
