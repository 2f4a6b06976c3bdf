//! Ports behind which there is no database, or one that is elsewhere.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::ops::RangeInclusive;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};

/// Longer than the kernel takes to accept a connection on loopback.
const ACCEPT_LIMIT: Duration = Duration::from_millis(200);

/// A port that answers no attempt to connect, as one behind a firewall that swallows everything.
#[derive(Debug)]
pub struct Silent {
    listener: TcpListener,
    /// Waiting to be accepted, which never happens.
    _waiting: Vec<TcpStream>,
}

impl Silent {
    /// Fills the queue of a listener that accepts nothing; Linux then drops what else arrives (listen(2), tcp(7)).
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no free port on 127.0.0.1")?;
        rustix::net::listen(&listener, 0).context("cannot shorten the queue of a listener")?;
        let address = listener.local_addr()?;
        let mut waiting = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, ACCEPT_LIMIT) {
            waiting.push(stream);
            if waiting.len() > 16 {
                bail!("{address} accepts connections although its queue is full");
            }
        }
        Ok(Self { listener, _waiting: waiting })
    }

    /// Where it is.
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }
}

/// A port that refuses every connection, and is nobody else's while this lives: it is bound, and nobody listens.
#[derive(Debug)]
pub struct Closed(OwnedFd);

impl Closed {
    /// On a free port of 127.0.0.1.
    pub fn start() -> Result<Self> {
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
        bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
        Ok(Self(socket))
    }

    /// Its port.
    pub fn port(&self) -> Result<u16> {
        Ok(SocketAddrV4::try_from(getsockname(&self.0)?).context("it has no port")?.port())
    }
}

/// A port that accepts connections, and says whether there have been any.
#[derive(Debug)]
pub struct Witness(TcpListener);

impl Witness {
    /// On a free port of 127.0.0.1.
    pub fn start() -> Result<Self> {
        Self::start_at(0..=0)
    }

    /// On the first of these ports of 127.0.0.1 that is free.
    pub fn start_at(ports: RangeInclusive<u16>) -> Result<Self> {
        let listener = ports.clone().find_map(|port| TcpListener::bind(("127.0.0.1", port)).ok());
        let listener = listener.with_context(|| format!("no free port on 127.0.0.1 in {ports:?}"))?;
        listener.set_nonblocking(true)?;
        Ok(Self(listener))
    }

    /// Where it is.
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.0.local_addr()?)
    }

    /// How many connections there have been since the last look. They are closed without a word.
    pub fn connections(&self) -> usize {
        std::iter::from_fn(|| self.0.accept().ok()).count()
    }
}

/// An address of this machine that leads to a server on another port of it. It accepts nothing more when this is dropped.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddrV4,
    stopped: Arc<AtomicBool>,
}

impl Relay {
    /// Leads from an address, such as `127.0.0.77:5432`, to this port of 127.0.0.1.
    pub fn start(address: SocketAddrV4, server: u16) -> Result<Self> {
        let listener = TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
        let relay = Self { address, stopped: Arc::default() };
        let stopped = Arc::clone(&relay.stopped);
        thread::spawn(move || {
            for client in listener.incoming().map_while(io::Result::ok) {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                // Without the server, the client meets a connection that ends.
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)) else { continue };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) else { continue };
                    thread::spawn(move || copy(&from, &to));
                }
            }
        });
        Ok(relay)
    }
}

/// Hands on what one side says, until it ends or the other one is gone.
fn copy(mut from: &TcpStream, mut to: &TcpStream) {
    let ended = io::copy(&mut from, &mut to).and_then(|_| to.shutdown(Shutdown::Write));
    // One that is gone hears nothing more, and is told nothing.
    drop(ended);
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Wakes who waits for the next client, if anybody still does.
        drop(TcpStream::connect(self.address));
    }
}
