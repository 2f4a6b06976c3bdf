//! A connection to the host of which every byte is the test's own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// One connection.
pub(super) struct Wire(BufReader<TcpStream>);

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    /// In lower case.
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

/// The head of a request, with these lines beside Host.
pub(super) fn head(first_line: &str, headers: &str) -> String {
    format!("{first_line} HTTP/1.1\r\nHost: a\r\n{headers}\r\n")
}

impl Wire {
    pub(super) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self(BufReader::new(stream))
    }

    pub(super) fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
    }

    /// The next answer.
    pub(super) fn answer(&mut self) -> Answer {
        self.answer_to("GET")
    }

    /// The next answer, to a request of this method: one to HEAD has no body.
    pub(super) fn answer_to(&mut self, method: &str) -> Answer {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(self.0.read_line(&mut head).unwrap(), 0, "closed after {head:?}");
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut answer = Answer { status, head: head.to_ascii_lowercase(), body: Vec::new() };
        if method != "HEAD" && status != 304 {
            answer.body = match answer.header("content-length") {
                Some(length) => self.bytes(length.parse().unwrap()),
                None if answer.header("transfer-encoding") == Some("chunked") => self.chunks(),
                None => Vec::new(),
            };
        }
        answer
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    fn chunks(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let mut size = String::new();
            self.0.read_line(&mut size).unwrap();
            let chunk = self.bytes(usize::from_str_radix(size.trim_end(), 16).unwrap());
            // Each ends as a line does.
            assert_eq!(self.bytes(2), b"\r\n");
            if chunk.is_empty() {
                return all;
            }
            all.extend(chunk);
        }
    }

    /// Whether the host has closed it, without another answer.
    pub(super) fn ends(mut self) -> bool {
        let mut rest = Vec::new();
        // However rude the end is: what counts is that nothing came.
        let _ = self.0.read_to_end(&mut rest);
        rest.is_empty()
    }
}

impl Answer {
    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.split("\r\n").find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}
