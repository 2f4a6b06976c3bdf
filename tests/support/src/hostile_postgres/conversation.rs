//! A whole conversation, honest but for one moment.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::Ordering;

use super::login::Scram;
use super::{Mischief, Session, Shown, message, scripts};

/// Codes that stand where others have the version of the protocol (PostgreSQL manual, "Message Formats").
const SSL_REQUEST: [u8; 4] = 80_877_103_u32.to_be_bytes();
const CANCEL_REQUEST: [u8; 4] = 80_877_102_u32.to_be_bytes();

/// When a server has something to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The answer to the request for TLS.
    Tls,
    /// How the client has to prove who it is.
    Greeting,
    /// SCRAM's challenge.
    Challenge,
    /// SCRAM's last message.
    Verifier,
    /// `AuthenticationOk`.
    Admission,
    /// Settings, the key to cancel, and `ReadyForQuery`.
    Session,
    /// The answer to the look at the privileges.
    Privileges,
    /// The answer to the connector's listing.
    Listing,
}

/// What a server says to each client.
#[derive(Default)]
pub struct Conversation {
    password: String,
    shown: Option<Shown>,
    deviation: Option<(Moment, Mischief)>,
}

impl Conversation {
    /// An honest one, without TLS.
    pub fn new(password: &str) -> Self {
        Self { password: password.to_owned(), ..Self::default() }
    }

    /// With TLS.
    #[must_use]
    pub fn shows(self, shown: Shown) -> Self {
        Self { shown: Some(shown), ..self }
    }

    /// At this moment, mischief instead of what an honest server says.
    #[must_use]
    pub fn deviates(self, moment: Moment, mischief: Mischief) -> Self {
        Self { deviation: Some((moment, mischief)), ..self }
    }

    /// From the first byte to the client's good-bye.
    pub fn hold(&self, session: &mut Session) -> io::Result<()> {
        if self.log_in(session)? { self.serve(session) } else { Ok(()) }
    }

    /// Lets the client in if it knows the password, and proves that it is known here too; up to `ReadyForQuery`. False for
    /// a client that only wants a statement cancelled.
    pub(super) fn log_in(&self, session: &mut Session) -> io::Result<bool> {
        if self.greet(session)?.is_none() {
            return Ok(false);
        }
        self.prove(session)?;
        self.welcome(session)?;
        Ok(true)
    }

    /// Who the client says that it is, by name and value; none when it has come to cancel a statement.
    pub(super) fn greet(&self, session: &mut Session) -> io::Result<Option<HashMap<String, String>>> {
        loop {
            let body = session.body()?;
            match body.get(..4) {
                Some(code) if code == SSL_REQUEST => {
                    self.say(session, Moment::Tls, if self.shown.is_some() { b"S" } else { b"N" })?;
                    if let Some(shown) = &self.shown {
                        session.encrypt(shown)?;
                    }
                }
                Some(code) if code == CANCEL_REQUEST => {
                    session.seen.cancels.fetch_add(1, Ordering::Relaxed);
                    return Ok(None);
                }
                _ => {
                    let said = String::from_utf8_lossy(body.get(4..).unwrap_or_default());
                    let mut words = said.split('\0').map(str::to_owned);
                    return Ok(Some(std::iter::from_fn(|| Some((words.next()?, words.next()?))).collect()));
                }
            }
        }
    }

    /// Has the client prove that it knows the password, and proves that it is known here too.
    pub(super) fn prove(&self, session: &mut Session) -> io::Result<()> {
        self.say(session, Moment::Greeting, &authentication(10, b"SCRAM-SHA-256\0\0"))?;
        let scram = Scram::begin(&session.next_message()?.body).ok_or(io::ErrorKind::InvalidData)?;
        self.say(session, Moment::Challenge, &authentication(11, scram.challenge().as_bytes()))?;
        let verifier = scram.verifier(&self.password, &session.next_message()?.body);
        let verifier = verifier.ok_or(io::ErrorKind::PermissionDenied)?;
        self.say(session, Moment::Verifier, &authentication(12, verifier.as_bytes()))
    }

    /// All is well, and the session is ready.
    pub(super) fn welcome(&self, session: &mut Session) -> io::Result<()> {
        self.say(session, Moment::Admission, &authentication(0, b""))?;
        let parameter = message(b'S', b"server_version\x0015.1\0");
        let key = message(b'K', &[0, 0, 0, 1, 0, 0, 0, 2]);
        self.say(session, Moment::Session, &[parameter, key, message(b'Z', b"I")].concat())?;
        session.seen.logins.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn serve(&self, session: &mut Session) -> io::Result<()> {
        let say = |session: &mut Session, series: &str, answer: &[u8]| {
            match series {
                // What ends a transaction that has failed.
                "" => session.send(answer),
                own if own.contains(scripts::UNLISTED) => session.send(answer),
                own if own.contains(scripts::PROBE) => self.say(session, Moment::Privileges, answer),
                _ => self.say(session, Moment::Listing, answer),
            }
        };
        session.serve_by("", say, scripts::honest)
    }

    fn say(&self, session: &mut Session, moment: Moment, honest: &[u8]) -> io::Result<()> {
        match &self.deviation {
            Some((when, mischief)) if *when == moment => mischief(session, honest),
            _ => session.send(honest),
        }
    }
}

/// A message about authentication, of this kind.
pub(super) fn authentication(kind: u32, data: &[u8]) -> Vec<u8> {
    message(b'R', &[&kind.to_be_bytes()[..], data].concat())
}
