//! Hands a session over to tokio-postgres: it believes that it logs in, while nothing of that reaches the server.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BufMut, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{Client, Config, Connection, NoTls};

use super::login::{GuardedStream, SessionKey};
use crate::diagnosis::{Fault, code};

/// A stream that swallows the startup message and replays the end of the login.
#[derive(Debug)]
pub(super) struct Replay {
    stream: GuardedStream,
    /// What the reader gets before the server's own bytes.
    replayed: BytesMut,
    swallowed: Swallowed,
}

/// How far the startup message has been swallowed. It begins with its length in four bytes.
#[derive(Debug)]
enum Swallowed {
    Length(BytesMut),
    Rest(usize),
    All,
}

/// Gives the session to tokio-postgres. `rest` is what the server has sent since it was ready.
pub(super) async fn take(
    stream: GuardedStream,
    user: &str,
    key: Option<SessionKey>,
    rest: BytesMut,
) -> Result<(Client, Connection<Replay, NoTlsStream>), Fault> {
    let stream =
        Replay { stream, replayed: end_of_login(key, &rest), swallowed: Swallowed::Length(BytesMut::with_capacity(4)) };
    let mut config = Config::new();
    // Without a user tokio-postgres asks the system for ours.
    config.user(user).ssl_mode(SslMode::Disable);
    config.connect_raw(stream, NoTls).await.map_err(|_| Fault::new(&code::PROTOCOL_VIOLATION))
}

/// `AuthenticationOk`, `BackendKeyData`, `ReadyForQuery` (PostgreSQL manual, "Message Formats").
fn end_of_login(key: Option<SessionKey>, rest: &[u8]) -> BytesMut {
    let mut messages = BytesMut::with_capacity(28 + rest.len());
    messages.put_slice(b"R\0\0\0\x08\0\0\0\0");
    if let Some(SessionKey { process_id, secret_key }) = key {
        messages.put_slice(b"K\0\0\0\x0c");
        messages.put_i32(process_id);
        messages.put_i32(secret_key);
    }
    messages.put_slice(b"Z\0\0\0\x05I");
    messages.put_slice(rest);
    messages
}

impl Swallowed {
    /// Takes what belongs to the startup message; says how many bytes.
    fn take(&mut self, bytes: &[u8]) -> usize {
        match self {
            Self::Length(length) => {
                let taken = bytes.len().min(4 - length.len());
                length.put_slice(&bytes[..taken]);
                if length.len() == 4 {
                    *self = Self::Rest((length.get_u32() as usize).saturating_sub(4));
                }
                taken
            }
            Self::Rest(rest) => {
                let taken = bytes.len().min(*rest);
                *rest -= taken;
                if *rest == 0 {
                    *self = Self::All;
                }
                taken
            }
            Self::All => 0,
        }
    }
}

impl AsyncRead for Replay {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.replayed.is_empty() {
            return Pin::new(&mut this.stream).poll_read(context, buffer);
        }
        let length = this.replayed.len().min(buffer.remaining());
        buffer.put_slice(&this.replayed[..length]);
        this.replayed.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Replay {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match this.swallowed.take(bytes) {
            0 => Pin::new(&mut this.stream).poll_write(context, bytes),
            taken => Poll::Ready(Ok(taken)),
        }
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

    #[test]
    fn swallows_the_startup_message_and_nothing_else() {
        let sent = b"\0\0\0\x0astart!QUERY";
        for piece in 1..=sent.len() {
            let mut swallowed = Swallowed::Length(BytesMut::new());
            let mut passed = Vec::new();
            for mut bytes in sent.chunks(piece) {
                while !bytes.is_empty() {
                    match swallowed.take(bytes) {
                        0 => {
                            passed.extend_from_slice(bytes);
                            break;
                        }
                        taken => bytes = &bytes[taken..],
                    }
                }
            }
            assert_eq!(passed, b"QUERY", "in pieces of {piece}");
        }
    }
}
