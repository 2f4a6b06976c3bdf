//! The login: from the startup message to a session that is ready (PostgreSQL manual, "Message Flow", "Start-up").

use bytes::BytesMut;
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend;

use super::cancel::SessionKey;
use super::messages::Messages;
use super::scram::{self, Hashing};
use super::server_error::{About, ServerError};
use super::target::Target;
use crate::diagnosis::{Fault, ServerText, Stage, code};
use crate::egress::guard::Limits;
use crate::egress::{Stream, tls};

/// A server that nobody has any reason to trust yet sends little: PostgreSQL about 20 messages and 600 bytes.
const LIMITS: Limits =
    Limits { message_bytes: 32 * 1024, messages: 200, bytes: 128 * 1024, grace: super::GRACE, settings: true };

/// Where the server wants the password itself, mostly because somebody else checks it.
const REMEDY_CLEAR: &str = "Use scram-sha-256 instead of password in pg_hba.conf for this user, or auth_type = scram-sha-256 \
    instead of plain in PgBouncer. Where passwords are checked by LDAP, PAM, RADIUS or a cloud's identity service, there is no \
    other form: make a user with a password of its own for this connection, and a pg_hba.conf line with scram-sha-256 for it.";

/// Where the password is stored as MD5, or a pooler is set to ask so.
const REMEDY_MD5: &str = "At the server: set password_encryption = 'scram-sha-256', set the user's password again, and use \
    scram-sha-256 in pg_hba.conf. Behind PgBouncer: set auth_type = scram-sha-256, with the password or its SCRAM secret instead \
    of an md5 hash in auth_file, or an auth_query that finds one.";

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
    pub(super) messages: Messages,
    /// None where the server gives no way to cancel.
    pub(super) key: Option<SessionKey>,
    pub(super) version: String,
}

impl<'a> Login<'a> {
    pub(super) fn new(
        stream: Stream,
        tls: Option<&'a tls::Agreed>,
        certificate: bool,
        target: &'a Target,
        texts: &'a ServerText,
    ) -> Self {
        let messages = Messages::new(stream, LIMITS);
        let about = About {
            texts,
            user: &target.user,
            database: &target.database,
            encrypted: tls.is_some(),
            certificate,
            proven: false,
        };
        Self { messages, target, tls, about }
    }

    /// Proves who we are, by nothing weaker than SCRAM with this many rounds of hashing.
    pub(super) async fn authenticate(&mut self, hashing: Hashing<'_>) -> Result<Proof, Fault> {
        self.send_startup().await?;
        match self.messages.next().await? {
            Message::AuthenticationOk if self.about.certificate => Ok(Proof::Certificate),
            // Whoever encrypts wants to know who is at the other end, and here nobody has proven anything.
            Message::AuthenticationOk if self.about.encrypted => Err(Fault::new(&code::PASSWORD_NOT_ASKED)),
            Message::AuthenticationOk => Ok(Proof::None),
            Message::AuthenticationSasl(offer) => {
                // The largest part of all that a test keeps while it waits.
                let proof = Box::pin(scram::prove(self, &offer, hashing)).await?;
                self.about.proven = true;
                Ok(proof)
            }
            Message::AuthenticationCleartextPassword => Err(weak("in clear text", REMEDY_CLEAR)),
            Message::AuthenticationMd5Password(_) => Err(weak("hashed with MD5", REMEDY_MD5)),
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
        error.login_fault(&self.about, &code::LOGIN_REFUSED)
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
        self.messages.logged_in();
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
        self.messages.expect_none()?;
        Ok(Opened { messages: self.messages, key, version })
    }
}

fn weak(how: &str, remedy: &str) -> Fault {
    Fault::new(&code::WEAK_AUTHENTICATION)
        .message(format!("The server asks for the password {how}, so it was not sent: who reads it can log in."))
        .remedy(remedy)
}

fn unsupported(method: &str) -> Fault {
    Fault::new(&code::AUTHENTICATION_UNSUPPORTED)
        .message(format!("The server asks for authentication by {method}, which is not supported."))
}

/// The stage of what came of opening a session: the server looks the user up after it has said that all is well.
pub(super) fn stage_of<T>(opened: &Result<T, Fault>) -> Stage {
    match opened {
        Err(fault) if !code::occurs(fault.code, Stage::Session) => Stage::Authenticate,
        _ => Stage::Session,
    }
}
