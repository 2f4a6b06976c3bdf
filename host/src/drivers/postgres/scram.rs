//! SCRAM-SHA-256 (RFC 5802, RFC 7677; PostgreSQL manual, "SASL Authentication"): both sides prove that they know the
//! password, and neither sends it.

mod exchange;
mod password;

use std::num::NonZeroU32;
use std::thread;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::{AuthenticationSaslBody, Message};
use postgres_protocol::message::frontend;

use self::exchange::{Answer, Binding, Challenge, Exchange};
use super::login::{Login, Proof};
use super::messages::violation;
use super::server_error::ServerError;
use crate::diagnosis::{Code, Fault, code};
use crate::egress::Deadline;
use crate::egress::tls::Agreed;
use crate::fairness::Shares;
use crate::secrets::Secret;

/// The least rounds of hashing that a server may ask for, where the operator does not say otherwise: what RFC 7677, section
/// 4, demands, and PostgreSQL's default. With fewer, whoever pretends to be the server can try passwords faster.
pub(super) const MIN_ITERATIONS: u32 = 4096;

/// The most rounds of hashing that a server may ask for: 48 times PostgreSQL's default of 4,096, about 45 ms of a core. Some
/// users' secrets are made with more than 100,000; without a bound, any server could keep a core busy (CVE-2026-42198).
const MAX_ITERATIONS: u32 = 200_000;

/// The names of the mechanisms.
const SCRAM_SHA_256: &str = "SCRAM-SHA-256";
const SCRAM_SHA_256_PLUS: &str = "SCRAM-SHA-256-PLUS";

/// As many passwords are hashed at once as there are cores, whatever all servers together ask for, and in turns between
/// those whom it counts for: servers that ask for much hold up the logins of nobody else.
pub(super) fn turns() -> Shares<String> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    Shares::new(cores, cores)
}

/// What a login may ask of this process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hashing<'a> {
    /// The least rounds that a server may ask for.
    pub(super) min_iterations: u32,
    /// When it may hash.
    pub(super) turns: &'a Shares<String>,
    /// Whom it counts for.
    pub(super) payer: &'a str,
    /// When the login has to be done.
    pub(super) deadline: Deadline,
}

/// Proves the password and has the server prove it too.
pub(super) async fn prove(
    login: &mut Login<'_>,
    offer: &AuthenticationSaslBody,
    hashing: Hashing<'_>,
) -> Result<Proof, Fault> {
    let password = login.target.password.clone().ok_or_else(|| {
        Fault::new(&code::CREDENTIAL_MISSING).message("The server asks for a password, and none is set.")
    })?;
    let (proof, binding) = choose(offer, login.tls.and_then(Agreed::server_end_point))?;
    let mechanism = if proof == Proof::ScramPlus { SCRAM_SHA_256_PLUS } else { SCRAM_SHA_256 };
    let exchange = Exchange::new(binding).ok_or_else(|| Fault::new(&code::UNCLASSIFIED))?;

    let mut message = BytesMut::new();
    frontend::sasl_initial_response(mechanism, exchange.first().as_bytes(), &mut message).map_err(|_| violation())?;
    login.messages.send(&message).await?;
    let challenge = match login.messages.next().await? {
        Message::AuthenticationSaslContinue(challenge) => Challenge::read(challenge.data()),
        message => return Err(unexpected(login, message)),
    };
    let challenge = challenge.filter(|challenge| exchange.knows(challenge)).ok_or_else(|| {
        Fault::new(&code::PROTOCOL_VIOLATION).message("The server's challenge for the login is not a right one.")
    })?;

    let iterations = judge(&exchange, &challenge, hashing.min_iterations)?;
    let answer = hash(exchange, challenge, password, (iterations, hashing)).await?;
    message.clear();
    frontend::sasl_response(answer.message.as_bytes(), &mut message).map_err(|_| violation())?;
    login.messages.send(&message).await?;
    match login.messages.next().await? {
        Message::AuthenticationSaslFinal(last) => {
            if let Some(reason) = last.data().strip_prefix(b"e=") {
                return Err(Fault::new(refusal(reason)));
            }
            if !answer.is_proven_by(last.data()) {
                return Err(Fault::new(&code::SERVER_NOT_PROVEN));
            }
        }
        message => return Err(unexpected(login, message)),
    }
    match login.messages.next().await? {
        Message::AuthenticationOk => Ok(proof),
        message => Err(unexpected(login, message)),
    }
}

/// Binds to the server's certificate where both sides can; `end_point` is what there is to bind to.
fn choose(offer: &AuthenticationSaslBody, end_point: Option<Vec<u8>>) -> Result<(Proof, Binding), Fault> {
    let offered: Vec<&str> = offer.mechanisms().collect().map_err(|_| violation())?;
    let (plain, plus) = (offered.contains(&SCRAM_SHA_256), offered.contains(&SCRAM_SHA_256_PLUS));
    match end_point {
        Some(end_point) if plus => Ok((Proof::ScramPlus, Binding::Certificate(end_point))),
        Some(_) if plain => Ok((Proof::Scram, Binding::NotOffered)),
        None if plain => Ok((Proof::Scram, Binding::Unsupported)),
        _ => Err(Fault::new(&code::AUTHENTICATION_UNSUPPORTED)
            .message("The server offers no authentication by SCRAM-SHA-256, the only SASL mechanism supported.")),
    }
}

/// Refuses a challenge that would have the password's proof be cheap to attack, or costly to make.
fn judge(exchange: &Exchange, challenge: &Challenge, min_iterations: u32) -> Result<NonZeroU32, Fault> {
    let iterations = challenge.iterations;
    if !exchange.is_extended_by(challenge) {
        return Err(Fault::new(&code::PROTOCOL_VIOLATION).message(
            "The server adds nothing of its own to the challenge for the login, which could be replayed then.",
        ));
    }
    if challenge.salt.is_empty() {
        return Err(Fault::new(&code::WEAK_HASHING)
            .message("The server hashes the password without a salt, so nothing was proven to it."));
    }
    if iterations > MAX_ITERATIONS {
        return Err(Fault::new(&code::COSTLY_HASHING).message(format!(
            "The server asks for {iterations} rounds of hashing the password; at most {MAX_ITERATIONS} are accepted."
        )));
    }
    NonZeroU32::new(iterations).filter(|_| iterations >= min_iterations).ok_or_else(|| {
        Fault::new(&code::WEAK_HASHING).message(format!(
            "The server asks for {iterations} rounds of hashing the password; fewer than {min_iterations} are not \
             accepted, so nothing was proven to it."
        ))
    })
}

/// Answers the server's challenge, off the threads that serve others, when it is its turn.
async fn hash(
    exchange: Exchange,
    challenge: Challenge,
    password: Secret,
    (iterations, Hashing { turns, payer, deadline, .. }): (NonZeroU32, Hashing<'_>),
) -> Result<Answer, Fault> {
    // A little before the time of the login is over, so that it is told what it went by with.
    let wait = deadline.left().mul_f32(0.9);
    let turn = turns.take(&payer.to_owned(), 1, wait).await.map_err(|_| Fault::new(&code::HASHING_BUSY))?;
    let hashing = tokio::task::spawn_blocking(move || {
        // Kept until the work is done, also when nobody waits for it any more.
        let _turn = turn;
        exchange.answer(&challenge, &password, iterations)
    });
    hashing.await.map_err(|_| Fault::new(&code::UNCLASSIFIED))
}

/// What a server means that says in SCRAM's own words why it refuses (RFC 5802, section 7, `server-error-value`).
fn refusal(reason: &[u8]) -> &'static Code {
    match reason.split(|&byte| byte == b',').next().unwrap_or_default() {
        b"invalid-proof" => &code::PASSWORD_REJECTED,
        b"unknown-user" => &code::UNKNOWN_USER,
        b"channel-bindings-dont-match" | b"server-does-support-channel-binding" => &code::TLS_INTERCEPTED,
        b"no-resources" => &code::OUT_OF_RESOURCES,
        _ => &code::LOGIN_REFUSED,
    }
}

fn unexpected(login: &Login<'_>, message: Message) -> Fault {
    match message {
        Message::ErrorResponse(error) => login.refused(&ServerError::from(&error)),
        Message::AuthenticationOk => Fault::new(&code::SERVER_NOT_PROVEN)
            .message("The server let us in without proving that it knows the password, so it may be an impostor."),
        _ => violation(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judges_the_challenge() {
        let exchange = Exchange::new(Binding::Unsupported).unwrap();
        let nonce = exchange.first().rsplit_once(",r=").unwrap().1.to_owned();
        for (tail, expected) in [
            ("+,s=c2FsdA==,i=4096", None),
            ("+,s=c2FsdA==,i=200000,x=more", None),
            ("+,s=c2FsdA==,i=4095", Some("weak_hashing")),
            ("+,s=c2FsdA==,i=1", Some("weak_hashing")),
            ("+,s=c2FsdA==,i=0", Some("weak_hashing")),
            ("+,s=,i=4096", Some("weak_hashing")),
            (",s=c2FsdA==,i=4096", Some("protocol_violation")),
            ("+,s=c2FsdA==,i=200001", Some("costly_hashing")),
            ("+,s=c2FsdA==,i=99999999999999", Some("costly_hashing")),
        ] {
            let challenge = Challenge::read(format!("r={nonce}{tail}").as_bytes()).unwrap();
            let judged = judge(&exchange, &challenge, MIN_ITERATIONS).err().map(|fault| fault.code);
            assert_eq!(judged, expected, "{tail}");
        }
        let few = Challenge::read(format!("r={nonce}+,s=c2FsdA==,i=1").as_bytes()).unwrap();
        assert_eq!(judge(&exchange, &few, 0).map(NonZeroU32::get), Ok(1));
        let zero = Challenge::read(format!("r={nonce}+,s=c2FsdA==,i=0").as_bytes()).unwrap();
        assert_eq!(judge(&exchange, &zero, 0).unwrap_err().code, "weak_hashing");
    }

    #[test]
    fn understands_the_words_of_a_refusal() {
        for (reason, expected) in [
            (&b"invalid-proof"[..], "password_rejected"),
            (b"unknown-user,x=more", "unknown_user"),
            (b"channel-bindings-dont-match", "tls_intercepted"),
            (b"other-error", "login_refused"),
            (b"", "login_refused"),
        ] {
            assert_eq!(refusal(reason).name, expected);
        }
    }
}
