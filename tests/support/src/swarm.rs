//! Many clients that each say the same again and again, slowly or greedily, and never wait for one another: one thread on
//! sockets that do not block.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use rustix::net::{AddressFamily, SocketFlags, SocketType, ipproto};
use rustix::process::{Resource, Rlimit};

/// From one look at all sockets to the next.
const INTERVAL: Duration = Duration::from_millis(20);

/// No swarm lives longer, whatever becomes of whoever started it.
const LIFETIME: Duration = Duration::from_mins(2);

/// What is kept of an answer: its status line.
const KEPT: usize = 12;

/// What one client of a swarm does: connects from an address of this machine, says something, reads whatever comes until
/// the other side hangs up, rests, and begins anew.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Where it comes from.
    pub source: Ipv4Addr,
    /// What it says.
    pub bytes: Arc<[u8]>,
    /// How long it rests.
    pub pause: Duration,
}

/// A running swarm. It stops when this is dropped.
#[derive(Debug)]
pub struct Swarm {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<Answers>>,
}

/// How often what came: a status such as `429`; `closed` without an answer; `lost` when the connection broke; and
/// `unanswered` for those that still waited at the end.
#[derive(Debug, Clone, Default)]
pub struct Answers(BTreeMap<String, usize>);

impl Swarm {
    /// Has all of them begin.
    pub fn start(target: SocketAddr, senders: Vec<Sender>) -> Result<Self> {
        let over = Arc::<AtomicBool>::default();
        let told = Arc::clone(&over);
        let thread = thread::Builder::new().name("swarm".to_owned()).spawn(move || run(target, senders, &told))?;
        Ok(Self { over, thread: Some(thread) })
    }

    /// Has all of them hang up, and says what they were answered.
    pub fn stop(mut self) -> Result<Answers> {
        self.over.store(true, Ordering::SeqCst);
        let thread = self.thread.take().ok_or_else(|| anyhow!("the swarm has been stopped"))?;
        thread.join().map_err(|_| anyhow!("the swarm panicked"))
    }
}

impl Drop for Swarm {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Answers {
    /// Adds what others were answered.
    pub fn extend(&mut self, others: Self) {
        for (answer, count) in others.0 {
            *self.0.entry(answer).or_default() += count;
        }
    }

    /// Counts one more.
    pub fn count(&mut self, answer: &str) {
        *self.0.entry(answer.to_owned()).or_default() += 1;
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.0.iter().map(|(answer, count)| format!("{answer}: {count}")).collect();
        formatter.write_str(&texts.join(", "))
    }
}

/// Lets this process, and those that it starts from now on, have as many sockets and files as the system allows.
pub fn lift_limit_of_descriptors() -> Result<()> {
    let limit = rustix::process::getrlimit(Resource::Nofile);
    rustix::process::setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    Ok(())
}

/// A client and what it is about.
struct Client {
    sender: Sender,
    doing: Doing,
}

enum Doing {
    Resting { until: Instant },
    Talking { stream: TcpStream, said: usize, heard: Vec<u8> },
}

fn run(target: SocketAddr, senders: Vec<Sender>, over: &AtomicBool) -> Answers {
    let (start, mut answers) = (Instant::now(), Answers::default());
    let mut clients: Vec<Client> =
        senders.into_iter().map(|sender| Client { sender, doing: Doing::Resting { until: start } }).collect();
    while !over.load(Ordering::SeqCst) && start.elapsed() < LIFETIME {
        for client in &mut clients {
            if let Some(answer) = client.go_on(target) {
                answers.count(&answer);
                client.doing = Doing::Resting { until: Instant::now() + client.sender.pause };
            }
        }
        thread::sleep(INTERVAL);
    }
    for _ in clients.iter().filter(|client| matches!(client.doing, Doing::Talking { .. })) {
        answers.count("unanswered");
    }
    answers
}

impl Client {
    /// Does what can be done at once; what it was answered, when that is over.
    fn go_on(&mut self, target: SocketAddr) -> Option<String> {
        if let Doing::Resting { until } = self.doing {
            if Instant::now() < until {
                return None;
            }
            match connect(self.sender.source, target) {
                Ok(stream) => self.doing = Doing::Talking { stream, said: 0, heard: Vec::new() },
                Err(_) => return Some("lost".to_owned()),
            }
        }
        let Doing::Talking { stream, said, heard } = &mut self.doing else { return None };
        let (spoken, hung_up) = (say(stream, &self.sender.bytes, said), hear(stream, heard));
        match (spoken, hung_up) {
            (Ok(()), Ok(false)) => None,
            // One that does not want to hear the rest may have answered before it hung up.
            _ if !heard.is_empty() => Some(status(heard)),
            (_, Ok(true)) => Some("closed".to_owned()),
            _ => Some("lost".to_owned()),
        }
    }
}

/// Begins to connect.
fn connect(source: Ipv4Addr, target: SocketAddr) -> io::Result<TcpStream> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, Some(ipproto::TCP))?;
    rustix::net::bind(&socket, &SocketAddrV4::new(source, 0))?;
    match rustix::net::connect(&socket, &target) {
        Ok(()) | Err(rustix::io::Errno::INPROGRESS) => Ok(TcpStream::from(socket)),
        Err(error) => Err(error.into()),
    }
}

/// Says as much of the rest as the connection takes.
fn say(stream: &mut TcpStream, bytes: &[u8], said: &mut usize) -> io::Result<()> {
    while *said < bytes.len() {
        match stream.write(&bytes[*said..]) {
            Ok(count) => *said += count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Hears what has come; whether the other side has hung up.
fn hear(stream: &mut TcpStream, heard: &mut Vec<u8>) -> io::Result<bool> {
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(true),
            Ok(count) => heard.extend(&buffer[..count.min(KEPT.saturating_sub(heard.len()))]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}

/// `429` of `HTTP/1.1 429`.
fn status(heard: &[u8]) -> String {
    String::from_utf8_lossy(heard.get(9..KEPT).unwrap_or(heard)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn each_says_its_own_and_counts_what_came() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = listener.local_addr().unwrap();
        let sender = |text: &str, octet| Sender {
            source: Ipv4Addr::new(127, 0, 0, octet),
            bytes: text.as_bytes().into(),
            pause: Duration::from_mins(1),
        };
        let large = "x".repeat(4 << 20);
        let swarm =
            Swarm::start(target, vec![sender("a", 2), sender("b", 3), sender("c", 4), sender(&large, 5)]).unwrap();
        let mut waiting = Vec::new();
        for _ in 0..4 {
            let (mut stream, client) = listener.accept().unwrap();
            let mut first = [0];
            stream.read_exact(&mut first).unwrap();
            let expected = match first[0] {
                b'a' => Some(2),
                b'b' => stream.write_all(b"HTTP/1.1 429 Too Many Requests\r\n\r\n").map(|()| Some(3)).unwrap(),
                b'c' => Some(4),
                _ => Some(5),
            };
            assert_eq!(client.ip().to_string(), format!("127.0.0.{}", expected.unwrap()));
            match first[0] {
                b'c' => waiting.push(stream),
                b'x' => {
                    let mut rest = vec![0; large.len() - 1];
                    stream.read_exact(&mut rest).unwrap();
                    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
                }
                _ => {}
            }
        }
        thread::sleep(10 * INTERVAL);
        let answers = swarm.stop().unwrap();
        assert_eq!(answers.to_string(), "200: 1, 429: 1, closed: 1, unanswered: 1");
    }
}
