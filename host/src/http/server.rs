//! The listening side: bounded connections, of which each address has a share, time-outs for request heads, and a stop
//! that finishes what was taken.

mod held;
mod paced;
mod register;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONNECTION, HeaderValue};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustix::net::sockopt;
use tokio::net::{TcpListener, TcpStream};

use super::address::{Stranger, TrustedProxies};
use crate::fairness::{Refused, Share, Shares};
use held::Held;
use paced::{Activity, Answering, Paced};
use register::{Party, Register, Registered};

/// The largest head of a request, in bytes: a token of 8 KiB fits well.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// What the system may hold of the answers on one connection, in bytes.
const SEND_BUFFER_BYTES: usize = 256 * 1024;

/// How long requests that were taken may run on after a stop: less than the half minute after which Kubernetes ends a
/// process that does not end by itself.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// How long to wait after a failure to accept that is not the client's, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Connections beside the others, for probes, and how many of them an address may have.
const RESERVE: usize = 64;
const RESERVE_PER_ADDRESS: usize = 16;

/// A bound listener that is not served yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

/// How many connections there may be.
#[derive(Debug, Clone)]
pub struct Limits {
    /// At once, beside a small reserve in which only `/health` is served.
    pub connections: usize,
    /// At once from one address.
    pub connections_per_address: usize,
    /// Whose connections are not counted for their address, but whose requests are for the client's.
    pub trusted_proxies: TrustedProxies,
}

/// The other end of a request's connection, in the request's extensions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Lets a request's connection keep no pace, until the last clone is dropped. In the request's extensions.
#[derive(Debug, Clone)]
pub(super) struct Pacing(#[expect(dead_code, reason = "held for its drop")] Arc<Answering>);

/// The mark of a request on a connection of the reserve, in its extensions: whose limit the connection is beyond.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reserve(pub(super) Refused);

impl Server {
    /// Binds the address; port 0 takes a free one.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        // Its connections have the same. Else the system lets each grow to megabytes for a client that takes nothing.
        sockopt::set_socket_send_buffer_size(&listener, SEND_BUFFER_BYTES)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The address and port that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is ready, then accepts nothing more and waits for the requests that were taken, for at most
    /// 20 seconds.
    pub async fn serve(self, router: Router, limits: Limits, stop: impl Future<Output = ()>) {
        let door = Door::new(limits);
        let graceful = GracefulShutdown::new();
        let mut stop = pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = accept(&self.listener) => accepted,
                () = &mut stop => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    // Without a place even in the reserve it is closed.
                    if let Some(admitted) = door.admit(peer) {
                        tokio::spawn(serve_connection(stream, peer, router.clone(), graceful.watcher(), admitted));
                    }
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(self.listener);
        tracing::info!("stopping: no new connections, finishing the requests that were taken");
        if tokio::time::timeout(STOP_TIMEOUT, graceful.shutdown()).await.is_err() {
            tracing::warn!("some requests did not finish in time and are broken off");
        }
    }
}

async fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    loop {
        match listener.accept().await {
            // The client has gone before it was taken.
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) => {
            }
            accepted => return accepted,
        }
    }
}

/// Decides which connections are served, and as what.
#[derive(Debug)]
struct Door {
    register: Arc<Register>,
    reserve: Shares<Stranger>,
    trusted_proxies: TrustedProxies,
}

/// A connection that is served.
#[derive(Debug)]
enum Admitted {
    /// A connection that may ask for everything.
    Fully(Registered),
    /// For probes only, since this limit is reached.
    InReserve(Refused, #[expect(dead_code, reason = "held for its drop")] Share<Stranger>),
}

impl Door {
    fn new(limits: Limits) -> Self {
        let Limits { connections, connections_per_address, trusted_proxies } = limits;
        let register = Arc::new(Register::new(connections, connections_per_address));
        Self { register, reserve: Shares::new(RESERVE, RESERVE_PER_ADDRESS), trusted_proxies }
    }

    fn admit(&self, peer: SocketAddr) -> Option<Admitted> {
        let stranger = Stranger::from(peer.ip());
        let party = if self.trusted_proxies.contains(peer.ip()) { Party::Proxy } else { Party::Stranger(stranger) };
        match self.register.enter(party) {
            Ok(registered) => Some(Admitted::Fully(registered)),
            Err(refused) => {
                let share = self.reserve.try_take(&stranger, 1).ok()?;
                Some(Admitted::InReserve(refused, share))
            }
        }
    }
}

impl Admitted {
    /// Marks a request with what its endpoint has to know of the connection.
    fn mark(&self, request: &mut Request<Incoming>, peer: SocketAddr) {
        request.extensions_mut().insert(Peer(peer));
        if let Self::InReserve(refused, _) = self {
            request.extensions_mut().insert(Reserve(*refused));
        }
    }

    fn registered(&self) -> Option<&Registered> {
        match self {
            Self::Fully(registered) => Some(registered),
            Self::InReserve(..) => None,
        }
    }

    /// Is ready when the connection has to make room for another one.
    async fn evicted(&self) {
        match self.registered() {
            Some(registered) => registered.evicted().await,
            None => std::future::pending().await,
        }
    }
}

async fn serve_connection(stream: TcpStream, peer: SocketAddr, router: Router, watcher: Watcher, admitted: Admitted) {
    // Answers are small and written whole.
    let _ = stream.set_nodelay(true);
    let (admitted, activity) = (Arc::new(admitted), Activity::default());
    let router = TowerToHyperService::new(router);
    let service = {
        let (admitted, activity) = (Arc::clone(&admitted), activity.clone());
        service_fn(move |mut request: Request<Incoming>| {
            let in_reserve = admitted.registered().is_none();
            let pacing = Pacing(Arc::new(activity.begin()));
            let busy = (pacing.clone(), admitted.registered().map(Registered::begin));
            admitted.mark(&mut request, peer);
            request.extensions_mut().insert(pacing);
            let answer = router.call(request.map(Body::new));
            async move {
                let mut response: Response = answer.await?;
                if in_reserve {
                    // There are few, and each of them is for one probe.
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                // A stream of events is an answer that goes on.
                Ok::<_, Infallible>(response.map(|body| Held::new(body, busy)))
            }
        })
    };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // The stream itself has time-outs that tell an idle connection from a slow head.
        .header_read_timeout(None)
        .max_header_size(MAX_HEAD_BYTES)
        // What each connection may hold of what its client sends ahead.
        .max_buf_size(MAX_HEAD_BYTES)
        .half_close(false)
        .serve_connection(TokioIo::new(Paced::new(stream, activity)), service);
    tokio::select! {
        ended = watcher.watch(connection) => if let Err(error) = ended {
            tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended");
        },
        () = admitted.evicted() => tracing::debug!("an idle connection made room for another one"),
    }
}
