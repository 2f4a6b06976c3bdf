//! A name server that says what it is told to, and remembers what it was asked (RFC 1035).

use std::collections::HashMap;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};

/// No answer is ever given for a name that ends so, as if its name servers were silent.
pub const SILENT: &str = ".silent.t";

/// The port of the DNS, since resolv.conf(5) knows no other.
const PORT: u16 = 53;

const TYPE_A: [u8; 2] = [0, 1];
const NO_ERROR: u8 = 0;
const NO_SUCH_NAME: u8 = 3;

/// How often the thread looks whether it is to stop.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A running name server. It stops when this is dropped.
#[derive(Debug)]
pub struct NameServer {
    address: Ipv4Addr,
    questions: Arc<Mutex<Vec<String>>>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl NameServer {
    /// Serves these names on an address of 127.53.0.0/16. All others do not exist.
    pub fn start(records: &[(&str, Ipv4Addr)]) -> Result<Self> {
        let (socket, address) = bind()?;
        socket.set_read_timeout(Some(POLL_INTERVAL))?;
        let records: HashMap<String, Ipv4Addr> =
            records.iter().map(|(name, address)| ((*name).to_owned(), *address)).collect();
        let (questions, stopped) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicBool>::default());
        let (asked, over) = (Arc::clone(&questions), Arc::clone(&stopped));
        let thread = thread::Builder::new().name("name-server".to_owned()).spawn(move || {
            let mut buffer = [0; 512];
            while !over.load(Ordering::SeqCst) {
                let Ok((len, client)) = socket.recv_from(&mut buffer) else { continue };
                let Some((name, end)) = question(&buffer[..len]) else { continue };
                asked.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
                if !name.ends_with(SILENT) {
                    // Whoever has gone meanwhile gets nothing.
                    let _ = socket.send_to(&answer(&buffer[..end], records.get(&name).copied()), client);
                }
            }
        })?;
        Ok(Self { address, questions, stopped, thread: Some(thread) })
    }

    /// Where it is, at port 53.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// Every name that it has been asked for, in small letters without the last dot.
    pub fn questions(&self) -> Vec<String> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// The first of these addresses that is free.
fn bind() -> Result<(UdpSocket, Ipv4Addr)> {
    let bound = (1..=254).map(|number| {
        let address = Ipv4Addr::new(127, 53, 0, number);
        UdpSocket::bind((address, PORT)).map(|socket| (socket, address))
    });
    let mut last = None;
    for attempt in bound {
        match attempt {
            Ok(bound) => return Ok(bound),
            Err(error) => last = Some(error),
        }
    }
    Err(last.context("there are no addresses")?).context("cannot serve names at port 53 of 127.53.0.0/16")
}

/// The name that a message asks for, and where its question ends.
fn question(message: &[u8]) -> Option<(String, usize)> {
    let (mut labels, mut at) = (Vec::new(), 12);
    loop {
        let len = usize::from(*message.get(at)?);
        at += 1;
        if len == 0 {
            break;
        }
        labels.push(str::from_utf8(message.get(at..at + len)?).ok()?.to_ascii_lowercase());
        at += len;
    }
    message.get(at..at + 4)?;
    Some((labels.join("."), at + 4))
}

/// The answer to a message that ends with its question: the address, if that is what was asked for.
fn answer(asked: &[u8], address: Option<Ipv4Addr>) -> Vec<u8> {
    let wants_address = asked[asked.len() - 4..asked.len() - 2] == TYPE_A;
    let found = address.filter(|_| wants_address);
    let code = if address.is_some() { NO_ERROR } else { NO_SUCH_NAME };
    let mut message = asked.to_vec();
    // An answer with authority; recursion wanted and to be had; one question, at most one answer and nothing else.
    message[2..12].copy_from_slice(&[0x85, 0x80 | code, 0, 1, 0, u8::from(found.is_some()), 0, 0, 0, 0]);
    if let Some(address) = found {
        // The name of the question, an address of the internet, to be kept no time, four bytes.
        message.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
        message.extend(address.octets());
    }
    message
}
