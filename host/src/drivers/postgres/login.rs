//! The login: from the startup message to a session that is ready (PostgreSQL manual, "Message Flow", "Start-up").

use std::io::ErrorKind;

use bytes::BytesMut;
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::server_error::{About, ServerError};
use super::target::Target;
use super::{frames, scram};
use crate::diagnosis::{Fault, ServerText, code};
use crate::egress::guard::{Frame, Guard, Kind, Limits, Violation};
use crate::egress::{Stream, tls};

/// What the driver reads from.
pub(super) type GuardedStream = Guard<Stream>;

/// A server that nobody has any reason to trust yet sends little: PostgreSQL about 20 messages and 600 bytes.
const LIMITS: Limits =
    Limits { message_bytes: 32 * 1024, messages: 200, bytes: 128 * 1024, grace: super::GRACE, settings: true };

/// What the server wanted as proof of who we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// Nothing at all.
    None,
    /// Nothing but the client certificate, as far as can be seen from here.
    Certificate,
    /// The password, by SCRAM.
    Scram,
    /// The password, by SCRAM bound to the server's certificate.
    ScramPlus,
}

impl Proof {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "trust",
            Self::Certificate => "certificate",
            Self::Scram => "scram-sha-256",
            Self::ScramPlus => "scram-sha-256-plus",
        }
    }
}

/// A login under way.
#[derive(Debug)]
pub(super) struct Login<'a> {
    pub(super) messages: Messages,
    pub(super) target: &'a Target,
    pub(super) tls: Option<&'a tls::Agreed>,
    about: About<'a>,
}

/// A session that is ready.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) stream: GuardedStream,
    /// What the server has sent since: nothing, or settings.
    pub(super) rest: BytesMut,
    pub(super) key: Option<SessionKey>,
    pub(super) version: String,
}

/// What a cancel request needs.
#[derive(Clone, Copy)]
pub(super) struct SessionKey {
    pub(super) process_id: i32,
    pub(super) secret_key: i32,
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SessionKey(…)")
    }
}

impl<'a> Login<'a> {
    pub(super) fn new(
        stream: Stream,
        tls: Option<&'a tls::Agreed>,
        certificate: bool,
        target: &'a Target,
        texts: &'a ServerText,
    ) -> Self {
        let messages = Messages::new(Guard::new(stream, frames::read, LIMITS));
        let about = About { texts, database: &target.database, encrypted: tls.is_some(), certificate };
        Self { messages, target, tls, about }
    }

    /// Proves who we are, by nothing weaker than SCRAM.
    pub(super) async fn authenticate(&mut self) -> Result<Proof, Fault> {
        self.send_startup().await?;
        match self.messages.next().await? {
            Message::AuthenticationOk if self.about.certificate => Ok(Proof::Certificate),
            Message::AuthenticationOk => Ok(Proof::None),
            Message::AuthenticationSasl(offer) => scram::prove(self, &offer).await,
            Message::AuthenticationCleartextPassword => Err(weak("in clear text")),
            Message::AuthenticationMd5Password(_) => Err(weak("hashed with MD5")),
            Message::AuthenticationKerberosV5 => Err(unsupported("Kerberos V5")),
            Message::AuthenticationGss => Err(unsupported("GSSAPI")),
            Message::AuthenticationSspi => Err(unsupported("SSPI")),
            Message::AuthenticationScmCredential => Err(unsupported("SCM credentials")),
            Message::ErrorResponse(error) => Err(self.refused(&ServerError::from(&error))),
            _ => Err(Fault::new(&code::NOT_POSTGRES)),
        }
    }

    /// What an error of the server during authentication means.
    pub(super) fn refused(&self, error: &ServerError) -> Fault {
        error.login_fault(&self.about, &code::AUTHENTICATION_FAILED)
    }

    async fn send_startup(&mut self) -> Result<(), Fault> {
        let parameters = [
            ("user", self.target.user.as_str()),
            ("database", &self.target.database),
            ("application_name", &self.target.application_name),
            ("client_encoding", "UTF8"),
        ];
        let mut message = BytesMut::new();
        // It fails for texts with zero characters only, and there are none.
        frontend::startup_message(parameters, &mut message).map_err(|_| Fault::new(&code::CONFIG_REJECTED))?;
        self.messages.send(&message).await
    }

    /// Waits until the server is ready for statements.
    pub(super) async fn open_session(mut self) -> Result<Opened, Fault> {
        let mut version = String::new();
        let mut key = None;
        loop {
            match self.messages.next().await? {
                Message::ParameterStatus(parameter) => {
                    if parameter.name().is_ok_and(|name| name == "server_version") {
                        version = self.about.texts.clean(parameter.value().unwrap_or_default().as_bytes());
                    }
                }
                Message::BackendKeyData(data) => {
                    key = Some(SessionKey { process_id: data.process_id(), secret_key: data.secret_key() });
                }
                Message::ReadyForQuery(_) => break,
                Message::ErrorResponse(error) => {
                    return Err(ServerError::from(&error).login_fault(&self.about, &code::SESSION_FAILED));
                }
                _ => return Err(Fault::new(&code::PROTOCOL_VIOLATION)),
            }
        }
        let (stream, rest) = self.messages.into_parts();
        if matches!(frames::read(&rest), Ok(Some(Frame { kind: Kind::Answer, .. }))) {
            let message = "The server sent an answer before any question.";
            return Err(Fault::new(&code::PROTOCOL_VIOLATION).message(message));
        }
        Ok(Opened { stream, rest, key, version })
    }
}

fn weak(how: &str) -> Fault {
    Fault::new(&code::WEAK_AUTHENTICATION)
        .message(format!("The server asks for the password {how}, so it was not sent: who reads it can log in."))
}

fn unsupported(method: &str) -> Fault {
    Fault::new(&code::AUTHENTICATION_UNSUPPORTED)
        .message(format!("The server asks for authentication by {method}, which is not supported."))
}

/// Messages to and from the server.
#[derive(Debug)]
pub(super) struct Messages {
    stream: GuardedStream,
    incoming: BytesMut,
    /// Whether one message has been understood, so that this is PostgreSQL.
    understood: bool,
}

impl Messages {
    fn new(stream: GuardedStream) -> Self {
        Self { stream, incoming: BytesMut::new(), understood: false }
    }

    fn into_parts(self) -> (GuardedStream, BytesMut) {
        (self.stream, self.incoming)
    }

    /// Sends a whole message.
    pub(super) async fn send(&mut self, message: &[u8]) -> Result<(), Fault> {
        let sent = async {
            self.stream.write_all(message).await?;
            self.stream.flush().await
        };
        match sent.await {
            Ok(()) => Ok(()),
            // A server that hangs up has often said why: a full one, or one that refuses the client certificate. Every
            // message is followed by `next`, which reads that.
            Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => Ok(()),
            Err(error) => Err(tls::fault_from_io(&error).unwrap_or_else(|| Fault::new(&code::CONNECTION_LOST))),
        }
    }

    /// The next message.
    pub(super) async fn next(&mut self) -> Result<Message, Fault> {
        loop {
            let kind = self.incoming.first().copied();
            match Message::parse(&mut self.incoming) {
                Ok(Some(message)) => {
                    self.understood = true;
                    return Ok(message);
                }
                Ok(None) => self.read().await?,
                Err(_) if kind == Some(b'R') => return Err(Fault::new(&code::AUTHENTICATION_UNSUPPORTED)),
                Err(_) => return Err(self.misunderstood(Violation::Malformed)),
            }
        }
    }

    async fn read(&mut self) -> Result<(), Fault> {
        match self.stream.read_buf(&mut self.incoming).await {
            Ok(0) => Err(Fault::new(&code::CONNECTION_LOST)),
            Ok(_) => Ok(()),
            Err(error) => Err(match Violation::from_io(&error) {
                Some(violation) => self.misunderstood(violation),
                None => tls::fault_from_io(&error).unwrap_or_else(|| Fault::new(&code::CONNECTION_LOST)),
            }),
        }
    }

    /// What cannot be read from the first byte on is something else than PostgreSQL.
    fn misunderstood(&self, violation: Violation) -> Fault {
        match violation {
            Violation::Malformed | Violation::MessageTooLarge(_) if !self.understood => Fault::new(&code::NOT_POSTGRES),
            violation => violation.fault(),
        }
    }
}
