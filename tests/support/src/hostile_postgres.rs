//! A server that speaks PostgreSQL's protocol well up to a moment, and from there on as a script says (PostgreSQL manual,
//! "Frontend/Backend Protocol").

mod conversation;
mod honest;
mod login;
pub mod mischief;
pub mod scripts;
mod tls;
mod wire;

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustls::{ServerConnection, StreamOwned};

pub use conversation::{Conversation, Moment};
pub use honest::{Asked, Table};
pub use login::Scram;
pub use mischief::Mischief;
pub use tls::Shown;
pub use wire::{complete, data_row, error, message, row_description};

/// A script that waits for its client longer than this has been forgotten.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running server on a port of 127.0.0.1. It accepts nothing more when this is dropped.
#[derive(Debug)]
pub struct HostilePostgres {
    address: SocketAddr,
    seen: Arc<Seen>,
}

/// What has happened so far.
#[derive(Debug, Default)]
struct Seen {
    stopped: AtomicBool,
    logins: AtomicUsize,
    cancels: AtomicUsize,
    sent: AtomicUsize,
}

/// A client.
#[derive(Debug)]
pub struct Session {
    stream: Stream,
    seen: Arc<Seen>,
    /// After so many bytes it is over.
    left: Option<usize>,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

/// What a client sends: its kind, and what follows the length.
#[derive(Debug)]
pub struct Message {
    /// Such as `Q`.
    pub kind: u8,
    /// Without kind and length.
    pub body: Vec<u8>,
}

impl HostilePostgres {
    /// Serves every client on a thread of its own: the login by SCRAM with this password, then the script. The connection
    /// ends with the script.
    pub fn start<F>(password: &str, script: F) -> Result<Self>
    where
        F: Fn(&mut Session) -> io::Result<()> + Send + Sync + 'static,
    {
        let conversation = Conversation::new(password);
        Self::start_raw(move |session| if conversation.log_in(session)? { script(session) } else { Ok(()) })
    }

    /// The same with a login that is the script's too: it begins when the client has said who it is, and is given that as
    /// names and values, such as `database`.
    pub fn start_before_login<F>(script: F) -> Result<Self>
    where
        F: Fn(&mut Session, &HashMap<String, String>) -> io::Result<()> + Send + Sync + 'static,
    {
        Self::start_raw(move |session| match Conversation::default().greet(session)? {
            Some(startup) => script(session, &startup),
            None => Ok(()),
        })
    }

    /// Serves every client by a script, from the first byte on.
    pub fn start_raw<F>(script: F) -> Result<Self>
    where
        F: Fn(&mut Session) -> io::Result<()> + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").context("no free port on 127.0.0.1")?;
        let server = Self { address: listener.local_addr()?, seen: Arc::default() };
        let (seen, script) = (Arc::clone(&server.seen), Arc::new(script));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(io::Result::ok) {
                if seen.stopped.load(Ordering::Relaxed) {
                    return;
                }
                let (seen, script) = (Arc::clone(&seen), Arc::clone(&script));
                // A client that hangs up ends its own thread alone, and that is all there is to say.
                thread::spawn(move || script(&mut Session::new(stream, seen)?));
            }
        });
        Ok(server)
    }

    /// Its TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many clients have logged in.
    pub fn logins(&self) -> usize {
        self.seen.logins.load(Ordering::Relaxed)
    }

    /// How many requests to cancel a statement have come.
    pub fn cancels(&self) -> usize {
        self.seen.cancels.load(Ordering::Relaxed)
    }

    /// How many bytes it has sent, before TLS.
    pub fn sent(&self) -> usize {
        self.seen.sent.load(Ordering::Relaxed)
    }
}

impl Drop for HostilePostgres {
    fn drop(&mut self) {
        self.seen.stopped.store(true, Ordering::Relaxed);
        // What waits for clients sees the flag when the next one comes.
        let _ = TcpStream::connect(self.address);
    }
}

impl Session {
    fn new(stream: TcpStream, seen: Arc<Seen>) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream: Stream::Plain(stream), seen, left: None })
    }

    /// The login, as far as the client has proven this password and the server too.
    pub fn prove(&mut self, password: &str) -> io::Result<()> {
        Conversation::new(password).prove(self)
    }

    /// The rest of the login: all is well, and the session is ready.
    pub fn welcome(&mut self) -> io::Result<()> {
        Conversation::default().welcome(self)
    }

    /// The client's next message.
    pub fn next_message(&mut self) -> io::Result<Message> {
        let mut kind = [0];
        self.stream.read_exact(&mut kind)?;
        Ok(Message { kind: kind[0], body: self.body()? })
    }

    /// Reads up to the next message of this kind, and it.
    pub fn wait_for(&mut self, kind: u8) -> io::Result<Message> {
        loop {
            let message = self.next_message()?;
            if message.kind == kind {
                return Ok(message);
            }
        }
    }

    /// Reads whatever comes next.
    pub fn hear(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; 64 * 1024];
        let length = self.stream.read(&mut bytes)?;
        bytes.truncate(length);
        Ok(bytes)
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let bytes = match self.left {
            Some(left) if left < bytes.len() => &bytes[..left],
            _ => bytes,
        };
        self.seen.sent.fetch_add(bytes.len(), Ordering::Relaxed);
        self.stream.write_all(bytes)?;
        self.stream.flush()?;
        if let Some(left) = &mut self.left {
            *left -= bytes.len();
            if *left == 0 {
                return self.hang_up();
            }
        }
        Ok(())
    }

    /// Hangs up when so many bytes have been sent.
    pub fn end_after(&mut self, bytes: usize) -> io::Result<()> {
        self.left = Some(bytes);
        if bytes == 0 { self.hang_up() } else { Ok(()) }
    }

    /// Sends bytes beside TLS.
    pub fn send_unprotected(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.tcp().write_all(bytes)
    }

    /// Says nothing more until the client hangs up, or for a minute.
    pub fn fall_silent(&mut self) -> io::Result<()> {
        while self.stream.read(&mut [0; 4096])? > 0 {}
        Ok(())
    }

    /// Hangs up, and reads what the client has said: else it would be told of a reset.
    pub fn hang_up(&mut self) -> io::Result<()> {
        self.tcp().shutdown(Shutdown::Write)?;
        self.fall_silent()?;
        Err(io::ErrorKind::ConnectionAborted.into())
    }

    /// Ends the connection by a reset.
    pub fn reset(&mut self) -> io::Result<()> {
        rustix::net::sockopt::set_socket_linger(self.tcp(), Some(Duration::ZERO))?;
        Err(io::ErrorKind::ConnectionReset.into())
    }

    /// Shows this by TLS; the client has been told that it may begin.
    fn encrypt(&mut self, shown: &Shown) -> io::Result<()> {
        let connection = ServerConnection::new(Arc::clone(&shown.0)).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, self.tcp().try_clone()?);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        self.stream = Stream::Tls(Box::new(stream));
        Ok(())
    }

    fn tcp(&mut self) -> &mut TcpStream {
        match &mut self.stream {
            Stream::Plain(stream) => stream,
            Stream::Tls(stream) => &mut stream.sock,
        }
    }

    /// A length that counts itself, and what it is the length of.
    fn body(&mut self) -> io::Result<Vec<u8>> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length).checked_sub(4).ok_or(io::ErrorKind::InvalidData)?;
        let mut body = vec![0; length as usize];
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
