//! What stands between a server that may be hostile and a driver: everything that the server sends is counted in
//! messages and bytes, and must keep to a pace.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

mod budget;

pub use budget::{Budget, Limits, Violation};

/// One message of a protocol, recognised from its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Bytes of the whole message.
    pub length: usize,
    /// What to do with it.
    pub kind: Kind,
}

/// What a message is to a driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A part of an answer.
    Answer,
    /// A setting of the server, told when it likes: wanted at login only.
    Setting,
    /// A notice to nobody, dropped here: what nobody reads, nobody must store.
    Notice,
}

/// Reads a message's frame from what has come so far; none while that is too little.
pub type Framing = fn(&[u8]) -> Result<Option<Frame>, Violation>;

/// The least rate within a message once its grace is over, bytes per second.
const LEAST_RATE: usize = 4 * 1024;

/// Bytes read at once.
const READ_BYTES: usize = 8 * 1024;

/// A stream that is guarded.
#[derive(Debug)]
pub struct Guard<S> {
    stream: S,
    framing: Framing,
    budget: Budget,
    /// Read, and not yet handed on.
    incoming: BytesMut,
    /// The message that is being handed on or dropped.
    current: Option<Current>,
    /// When a message that was begun has to be complete.
    pace: Option<Pin<Box<Sleep>>>,
}

#[derive(Debug)]
struct Current {
    remaining: usize,
    kept: bool,
}

impl<S> Guard<S> {
    /// Guards a stream.
    pub fn new(stream: S, framing: Framing, limits: Limits) -> Self {
        let budget = Budget::new(limits);
        Self { stream, framing, budget, incoming: BytesMut::new(), current: None, pace: None }
    }

    /// The budget, to renew it.
    pub fn budget(&self) -> Budget {
        self.budget.clone()
    }

    /// Bytes of memory that it has for what it has not handed on.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.incoming.capacity()
    }

    /// Hands on what has come, up to the buffer's room.
    fn hand_on(&mut self, buffer: &mut ReadBuf<'_>) -> Result<(), Violation> {
        loop {
            let Some(current) = &mut self.current else {
                let Some(frame) = (self.framing)(&self.incoming)? else { return Ok(()) };
                let kept = self.budget.admit(frame)?;
                self.current = Some(Current { remaining: frame.length, kept });
                // From here on its length is known, and with it how long it may take.
                self.pace = None;
                continue;
            };
            let mut length = current.remaining.min(self.incoming.len());
            if current.kept {
                length = length.min(buffer.remaining());
                buffer.put_slice(&self.incoming[..length]);
            }
            self.incoming.advance(length);
            current.remaining -= length;
            if current.remaining > 0 {
                return Ok(());
            }
            self.current = None;
            self.pace = None;
        }
    }

    /// Fails once a message that was begun is late.
    fn poll_pace(&mut self, context: &mut Context<'_>) -> Result<(), Violation> {
        if self.current.is_none() && self.incoming.is_empty() {
            return Ok(());
        }
        let length = self.current.as_ref().map_or(0, |current| current.remaining);
        let grace = self.budget.grace();
        let pace = self.pace.get_or_insert_with(|| {
            let transfer = Duration::from_secs((length / LEAST_RATE) as u64);
            Box::pin(tokio::time::sleep_until(Instant::now() + grace + transfer))
        });
        if pace.as_mut().poll(context).is_ready() { Err(Violation::TooSlow) } else { Ok(()) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        loop {
            let handed_on = this.hand_on(buffer);
            // What came before a violation is still heard; the violation is there again at the next read.
            if buffer.filled().len() > before || buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            handed_on.map_err(|violation| this.budget.violated(violation))?;
            this.poll_pace(context).map_err(|violation| this.budget.violated(violation))?;
            let mut bytes = [0; READ_BYTES];
            let mut read = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut this.stream).poll_read(context, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.budget.count(read.filled().len()).map_err(|violation| this.budget.violated(violation))?;
            this.incoming.extend_from_slice(read.filled());
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const GRACE: Duration = Duration::from_millis(50);
    const LIMITS: Limits = Limits { message_bytes: 100, messages: 10, bytes: 400, grace: GRACE, settings: false };

    /// One byte of length, after `n` for a notice, `s` for a setting and anything else for an answer.
    fn framing(bytes: &[u8]) -> Result<Option<Frame>, Violation> {
        match bytes {
            [b'x', ..] => Err(Violation::Malformed),
            [kind, length, ..] => {
                let kind = match kind {
                    b'n' => Kind::Notice,
                    b's' => Kind::Setting,
                    _ => Kind::Answer,
                };
                Ok(Some(Frame { length: usize::from(*length), kind }))
            }
            _ => Ok(None),
        }
    }

    fn message(kind: u8, length: u8) -> Vec<u8> {
        let mut message = vec![b'.'; usize::from(length)];
        message[0] = kind;
        message[1] = length;
        message
    }

    async fn through(limits: Limits, sent: &[u8], piece: usize) -> (Vec<u8>, Option<Violation>) {
        let (mut server, client) = tokio::io::duplex(64);
        let sent = sent.to_vec();
        let writer = tokio::spawn(async move {
            for bytes in sent.chunks(piece) {
                if server.write_all(bytes).await.is_err() {
                    return;
                }
            }
        });
        let mut guard = Guard::new(client, framing, limits);
        let mut got = Vec::new();
        let violation = guard.read_to_end(&mut got).await.err().and_then(|error| Violation::from_io(&error));
        assert_eq!(violation, guard.budget().violation());
        drop(guard);
        writer.await.unwrap();
        (got, violation)
    }

    #[tokio::test]
    async fn hands_on_answers_and_drops_the_rest_however_they_are_cut() {
        let answers = [message(b'a', 2), message(b'a', 50), message(b'b', 100)].concat();
        let sent =
            [message(b'n', 40), message(b'a', 2), message(b's', 2), message(b'a', 50), message(b'b', 100)].concat();
        for piece in [1, 2, 3, 7, 64, 1000] {
            assert_eq!(through(LIMITS, &sent, piece).await, (answers.clone(), None), "in pieces of {piece}");
        }
        let at_login = Limits { settings: true, ..LIMITS };
        assert_eq!(through(at_login, &sent, 5).await, (sent[40..].to_vec(), None));
    }

    #[tokio::test]
    async fn stops_what_breaks_a_limit() {
        for (sent, violation) in [
            (message(b'a', 101), Violation::MessageTooLarge(101)),
            (message(b'n', 2).repeat(11), Violation::TooManyMessages(10)),
            (message(b'a', 90).repeat(5), Violation::TooManyBytes(400)),
            (vec![b'a', 2, b'x'], Violation::Malformed),
        ] {
            for piece in [1, 1000] {
                assert_eq!(through(LIMITS, &sent, piece).await.1, Some(violation));
            }
        }
        let good_then_bad = [message(b'a', 5), vec![b'x']].concat();
        assert_eq!(through(LIMITS, &good_then_bad, 1000).await, (message(b'a', 5), Some(Violation::Malformed)));
    }

    #[tokio::test]
    async fn waits_for_an_answer_but_not_for_the_rest_of_one() {
        let (mut server, client) = tokio::io::duplex(64);
        let mut guard = Guard::new(client, framing, LIMITS);
        let mut byte = [0];
        let silent = tokio::time::timeout(3 * GRACE, guard.read(&mut byte)).await;
        assert!(silent.is_err(), "no message has begun");
        server.write_all(b"a").await.unwrap();
        let error = guard.read(&mut byte).await.unwrap_err();
        assert_eq!(Violation::from_io(&error), Some(Violation::TooSlow));
    }
}
