//! Messages to and from the server, for the login and for statements alike.

use std::io::{self, ErrorKind};

use bytes::BytesMut;
use postgres_protocol::message::backend::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::frames;
use crate::diagnosis::{Blame, Fault, code};
use crate::egress::guard::{Frame, Guard, Kind, Limits, Violation};
use crate::egress::{Stream, tls};

/// Room that is made before reading: as much as the guard reads at once.
const READ_BYTES: usize = 8 * 1024;

/// A guarded stream, message by message.
#[derive(Debug)]
pub(super) struct Messages {
    stream: Guard<Stream>,
    incoming: BytesMut,
    phase: Phase,
    outstanding: bool,
}

/// How far the conversation is, which decides what something unreadable means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing has been understood yet: this may be anything.
    Greeting,
    /// This is PostgreSQL.
    Login,
    /// It has let us in.
    Session,
}

impl Messages {
    pub(super) fn new(stream: Stream, limits: Limits) -> Self {
        let stream = Guard::new(stream, frames::read, limits);
        Self { stream, incoming: BytesMut::new(), phase: Phase::Greeting, outstanding: false }
    }

    /// The login is over.
    pub(super) fn logged_in(&mut self) {
        self.phase = Phase::Session;
    }

    /// What the server may send from now on.
    pub(super) fn renew(&mut self, limits: Limits) {
        self.stream.budget().renew(limits);
    }

    /// Sends a question. Until [`Messages::answered`] its answer is outstanding, and there can be no other question.
    pub(super) async fn ask(&mut self, messages: &[u8]) -> Result<(), Fault> {
        if self.outstanding {
            return Err(Fault::new(&code::CONNECTION_LOST).message("The session has ended with an earlier statement."));
        }
        self.expect_none()?;
        self.outstanding = true;
        self.send(messages).await
    }

    /// The answer has been read to its end.
    pub(super) fn answered(&mut self) {
        self.outstanding = false;
    }

    /// Whether an answer has not been read to its end: the server may still be at work.
    pub(super) fn outstanding(&self) -> bool {
        self.outstanding
    }

    /// Refuses an answer that has come before its question. Settings may come at any time.
    pub(super) fn expect_none(&self) -> Result<(), Fault> {
        let mut rest = &self.incoming[..];
        while !rest.is_empty() {
            rest = match frames::read(rest) {
                Ok(Some(Frame { length, kind: Kind::Setting })) => rest.get(length..).unwrap_or_default(),
                // Its kind is known from its first byte, if not its length.
                Ok(None) if rest.first() == Some(&b'S') => return Ok(()),
                _ => {
                    let message = "The server sent an answer before any question.";
                    return Err(Fault::new(&code::PROTOCOL_VIOLATION).message(message));
                }
            };
        }
        Ok(())
    }

    /// Sends whole messages.
    pub(super) async fn send(&mut self, messages: &[u8]) -> Result<(), Fault> {
        let sent = async {
            self.stream.write_all(messages).await?;
            self.stream.flush().await
        };
        match sent.await {
            // A server that hangs up has often said why: a full one, or one that refuses the client certificate. Whatever
            // is sent is followed by `next`, which reads that.
            Err(error) if !matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                Err(self.broken(&error))
            }
            _ => Ok(()),
        }
    }

    /// The next message.
    pub(super) async fn next(&mut self) -> Result<Message, Fault> {
        loop {
            let unknown_method = is_unknown_method(&self.incoming);
            match Message::parse(&mut self.incoming) {
                Ok(Some(message)) => {
                    if self.phase == Phase::Greeting {
                        self.phase = Phase::Login;
                    }
                    return Ok(message);
                }
                Ok(None) => self.read().await?,
                // It is not known to who reads messages either.
                Err(_) if unknown_method && self.phase != Phase::Session => {
                    return Err(Fault::new(&code::AUTHENTICATION_UNSUPPORTED));
                }
                Err(_) => return Err(self.misunderstood(Violation::Malformed)),
            }
        }
    }

    /// Says good-bye, with this message.
    pub(super) async fn close(&mut self, farewell: &[u8]) -> Result<(), Fault> {
        self.send(farewell).await?;
        self.stream.shutdown().await.map_err(|error| self.broken(&error))
    }

    async fn read(&mut self) -> Result<(), Fault> {
        // Else small messages would be read in small pieces.
        self.incoming.reserve(READ_BYTES);
        match self.stream.read_buf(&mut self.incoming).await {
            Ok(0) => {
                // There is nobody any more who could be at work.
                self.outstanding = false;
                Err(Fault::new(&code::CONNECTION_LOST))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(self.broken(&error)),
        }
    }

    /// What an error of the stream means.
    fn broken(&self, error: &io::Error) -> Fault {
        if let Some(violation) = Violation::from_io(error) {
            return self.misunderstood(violation);
        }
        match tls::fault_from_io(error) {
            None => Fault::new(&code::CONNECTION_LOST),
            // A server may refuse the client certificate only now; what else TLS can say belongs to the handshake.
            Some(fault) if fault.blame == Blame::Credential && self.phase != Phase::Session => fault,
            Some(_) => Fault::new(&code::PROTOCOL_VIOLATION),
        }
    }

    /// What cannot be read from the first byte on is something else than PostgreSQL.
    fn misunderstood(&self, violation: Violation) -> Fault {
        match violation {
            Violation::Malformed | Violation::MessageTooLarge(_) if self.phase == Phase::Greeting => {
                Fault::new(&code::NOT_POSTGRES)
            }
            violation => violation.fault(),
        }
    }
}

/// Whether the next message asks for a way to authenticate that this version of the protocol does not have (PostgreSQL
/// manual, "Message Formats").
fn is_unknown_method(message: &[u8]) -> bool {
    let method = message.get(5..9).and_then(|method| method.try_into().ok()).map(u32::from_be_bytes);
    message.first() == Some(&b'R') && method.is_some_and(|method| matches!(method, 1 | 4 | 13..))
}

/// The server does not keep to the protocol.
pub(super) fn violation() -> Fault {
    Fault::new(&code::PROTOCOL_VIOLATION)
}
