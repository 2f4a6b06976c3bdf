//! A server that speaks PostgreSQL's protocol well until it is trusted, and then as a script says (PostgreSQL manual,
//! "Frontend/Backend Protocol").

mod honest;
mod login;
pub mod scripts;

use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};

pub use honest::{Asked, Table};

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
}

/// A client that has come for a session, and who it says that it is.
#[derive(Debug)]
pub struct Session {
    stream: TcpStream,
    startup: HashMap<String, String>,
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
        let password = password.to_owned();
        Self::serve(move |session, seen| {
            session.prove(&password)?;
            session.welcome()?;
            seen.logins.fetch_add(1, Ordering::Relaxed);
            script(session)
        })
    }

    /// The same with a login that is the script's too: it begins when the client has said who it is, and is given that as
    /// names and values, such as `database`.
    pub fn start_before_login<F>(script: F) -> Result<Self>
    where
        F: Fn(&mut Session, &HashMap<String, String>) -> io::Result<()> + Send + Sync + 'static,
    {
        Self::serve(move |session, _| {
            let startup = session.startup.clone();
            script(session, &startup)
        })
    }

    fn serve<F>(script: F) -> Result<Self>
    where
        F: Fn(&mut Session, &Seen) -> io::Result<()> + Send + Sync + 'static,
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
                thread::spawn(move || serve(stream, &seen, &*script));
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
}

impl Drop for HostilePostgres {
    fn drop(&mut self) {
        self.seen.stopped.store(true, Ordering::Relaxed);
        // What waits for clients sees the flag when the next one comes.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(stream: TcpStream, seen: &Seen, script: &dyn Fn(&mut Session, &Seen) -> io::Result<()>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut session = Session { stream, startup: HashMap::new() };
    if let Some(startup) = login::greet(&mut session)? {
        session.startup = startup;
        script(&mut session, seen)
    } else {
        seen.cancels.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

impl Session {
    /// The login, as far as the client has proven this password and the server too.
    pub fn prove(&mut self, password: &str) -> io::Result<()> {
        login::prove(self, password)
    }

    /// The rest of the login: all is well, and the session is ready.
    pub fn welcome(&mut self) -> io::Result<()> {
        login::welcome(self)
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

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Says nothing more until the client hangs up, or for a minute.
    pub fn fall_silent(&mut self) -> io::Result<()> {
        while self.stream.read(&mut [0; 4096])? > 0 {}
        Ok(())
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

/// A message of this kind.
pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    [&[kind], &length.to_be_bytes()[..], body].concat()
}

/// `RowDescription` of columns with these names and types (OIDs of `pg_type`).
pub fn row_description(columns: &[(&str, u32)]) -> Vec<u8> {
    let mut body = count(columns.len());
    for (name, type_oid) in columns {
        body.extend_from_slice(name.as_bytes());
        // No table, no column of it; then type, size, modifier and the format: text.
        body.extend_from_slice(&[0; 7]);
        body.extend_from_slice(&type_oid.to_be_bytes());
        body.extend_from_slice(&[0xff; 6]);
        body.extend_from_slice(&[0; 2]);
    }
    message(b'T', &body)
}

/// `DataRow` of these values.
pub fn data_row(values: &[Option<&[u8]>]) -> Vec<u8> {
    let mut body = count(values.len());
    for value in values {
        let length = value.map_or(-1, |value| i32::try_from(value.len()).unwrap_or(i32::MAX));
        body.extend_from_slice(&length.to_be_bytes());
        body.extend_from_slice(value.unwrap_or_default());
    }
    message(b'D', &body)
}

/// `CommandComplete`.
pub fn complete(tag: &str) -> Vec<u8> {
    message(b'C', format!("{tag}\0").as_bytes())
}

/// `ErrorResponse` with a SQLSTATE and a message.
pub fn error(sqlstate: &str, text: &str) -> Vec<u8> {
    message(b'E', format!("SERROR\0C{sqlstate}\0M{text}\0\0").as_bytes())
}

fn count(count: usize) -> Vec<u8> {
    u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes().to_vec()
}
