//! SCRAM-SHA-256 (RFC 5802, RFC 7677; PostgreSQL manual, "SASL Authentication"): both sides prove that they know the
//! password, and neither sends it.

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramSha256};
use postgres_protocol::message::backend::{AuthenticationSaslBody, Message};
use postgres_protocol::message::frontend;

use super::login::{Login, Proof};
use super::messages::violation;
use super::server_error::ServerError;
use crate::diagnosis::{Fault, code};
use crate::egress::tls::Agreed;

/// The least rounds of hashing that a server may ask for, where the operator does not say otherwise: what RFC 7677, section
/// 4, demands, and PostgreSQL's default. With fewer, whoever pretends to be the server can try passwords faster.
pub(in crate::drivers) const MIN_ITERATIONS: u32 = 4096;

/// The most rounds of hashing that a server may ask for: 24 times PostgreSQL's default of 4,096, about 20 ms of a core.
/// postgres-protocol has the same bound (CVE-2026-42198 was a driver without one).
const MAX_ITERATIONS: u32 = 100_000;

/// Proves the password and has the server prove it too.
pub(super) async fn prove(
    login: &mut Login<'_>,
    offer: &AuthenticationSaslBody,
    min_iterations: u32,
) -> Result<Proof, Fault> {
    let password = login.target.password.as_ref().ok_or_else(|| {
        Fault::new(&code::CREDENTIAL_MISSING).message("The server asks for a password, and none is set.")
    })?;
    let (proof, binding) = choose(offer, login.tls.and_then(Agreed::server_end_point))?;
    let mechanism = if proof == Proof::ScramPlus { SCRAM_SHA_256_PLUS } else { SCRAM_SHA_256 };
    let scram = ScramSha256::new(password.expose(), binding);

    let mut message = BytesMut::new();
    frontend::sasl_initial_response(mechanism, scram.message(), &mut message).map_err(|_| violation())?;
    login.messages.send(&message).await?;
    let challenge = match login.messages.next().await? {
        Message::AuthenticationSaslContinue(challenge) => challenge,
        message => return Err(unexpected(login, message)),
    };

    judge(challenge.data(), scram.message(), min_iterations)?;
    let mut scram = hash(scram, challenge.data().to_vec()).await?;
    message.clear();
    frontend::sasl_response(scram.message(), &mut message).map_err(|_| violation())?;
    login.messages.send(&message).await?;
    match login.messages.next().await? {
        Message::AuthenticationSaslFinal(last) if last.data().starts_with(b"e=") => {
            return Err(Fault::new(&code::AUTHENTICATION_FAILED));
        }
        Message::AuthenticationSaslFinal(last) => {
            scram.finish(last.data()).map_err(|_| Fault::new(&code::SERVER_NOT_PROVEN))?;
        }
        message => return Err(unexpected(login, message)),
    }
    match login.messages.next().await? {
        Message::AuthenticationOk => Ok(proof),
        message => Err(unexpected(login, message)),
    }
}

/// Binds to the server's certificate where both sides can; `end_point` is what there is to bind to.
fn choose(offer: &AuthenticationSaslBody, end_point: Option<Vec<u8>>) -> Result<(Proof, ChannelBinding), Fault> {
    let offered: Vec<&str> = offer.mechanisms().collect().map_err(|_| violation())?;
    let (plain, plus) = (offered.contains(&SCRAM_SHA_256), offered.contains(&SCRAM_SHA_256_PLUS));
    match end_point {
        Some(end_point) if plus => Ok((Proof::ScramPlus, ChannelBinding::tls_server_end_point(end_point))),
        // "We could have": a server that did offer it then knows that somebody took the offer away.
        Some(_) if plain => Ok((Proof::Scram, ChannelBinding::unrequested())),
        None if plain => Ok((Proof::Scram, ChannelBinding::unsupported())),
        _ => Err(Fault::new(&code::AUTHENTICATION_UNSUPPORTED)
            .message("The server offers no authentication by SCRAM-SHA-256, the only SASL mechanism supported.")),
    }
}

/// Refuses a challenge that would have the password's proof be cheap to attack, or costly to make. What cannot be read is
/// left to who answers it.
fn judge(challenge: &[u8], first: &[u8], min_iterations: u32) -> Result<(), Fault> {
    let Some(Challenge { nonce, salt, iterations }) = Challenge::read(challenge) else { return Ok(()) };
    let ours = str::from_utf8(first).ok().and_then(|first| Some(first.rsplit_once(",r=")?.1));
    if ours == Some(nonce) {
        return Err(Fault::new(&code::PROTOCOL_VIOLATION).message(
            "The server adds nothing of its own to the challenge for the login, which could be replayed then.",
        ));
    }
    if salt.is_empty() {
        return Err(Fault::new(&code::WEAK_HASHING)
            .message("The server hashes the password without a salt, so nothing was proven to it."));
    }
    if iterations < min_iterations {
        return Err(Fault::new(&code::WEAK_HASHING).message(format!(
            "The server asks for {iterations} rounds of hashing the password; fewer than {min_iterations} are not \
             accepted, so nothing was proven to it."
        )));
    }
    if iterations > MAX_ITERATIONS {
        return Err(Fault::new(&code::COSTLY_HASHING).message(format!(
            "The server asks for {iterations} rounds of hashing the password; at most {MAX_ITERATIONS} are accepted."
        )));
    }
    Ok(())
}

/// Answers the server's challenge. The hashing takes up to 20 ms, so it is done off the async threads.
async fn hash(mut scram: ScramSha256, challenge: Vec<u8>) -> Result<ScramSha256, Fault> {
    let answered = tokio::task::spawn_blocking(move || scram.update(&challenge).map(|()| scram)).await;
    answered.map_err(|_| violation())?.map_err(|_| {
        Fault::new(&code::PROTOCOL_VIOLATION).message("The server's challenge for the login is not a right one.")
    })
}

/// The server's first message, `r=…,s=…,i=…`, perhaps with extensions behind.
#[derive(Debug, PartialEq, Eq)]
struct Challenge<'a> {
    nonce: &'a str,
    salt: &'a str,
    iterations: u32,
}

impl<'a> Challenge<'a> {
    fn read(message: &'a [u8]) -> Option<Self> {
        let mut parts = str::from_utf8(message).ok()?.split(',');
        let mut value = |name| parts.next()?.strip_prefix(name);
        let (nonce, salt, digits) = (value("r=")?, value("s=")?, value("i=")?);
        let iterations =
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().unwrap_or(u32::MAX))?;
        Some(Self { nonce, salt, iterations })
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
        let first = b"n,,n=,r=ours";
        for (challenge, expected) in [
            (&b"r=ours+,s=c2FsdA==,i=4096"[..], None),
            (b"r=ours+,s=c2FsdA==,i=100000,x=more", None),
            (b"r=ours+,s=c2FsdA==,i=4095", Some("weak_hashing")),
            (b"r=ours+,s=c2FsdA==,i=1", Some("weak_hashing")),
            (b"r=ours+,s=c2FsdA==,i=0", Some("weak_hashing")),
            (b"r=ours+,s=,i=4096", Some("weak_hashing")),
            (b"r=ours,s=c2FsdA==,i=4096", Some("protocol_violation")),
            (b"r=ours+,s=c2FsdA==,i=100001", Some("costly_hashing")),
            (b"r=ours+,s=c2FsdA==,i=99999999999999", Some("costly_hashing")),
            // Left to postgres-protocol, which takes none of them.
            (b"r=ours+,s=c2FsdA==,i=-1", None),
            (b"r=ours+,s=c2FsdA==", None),
            (b"m=x,r=ours+,s=c2FsdA==,i=1", None),
            (b"\xff,i=1", None),
        ] {
            let judged = judge(challenge, first, MIN_ITERATIONS).err().map(|fault| fault.code);
            assert_eq!(judged, expected, "{}", String::from_utf8_lossy(challenge));
        }
        assert_eq!(judge(b"r=ours+,s=c2FsdA==,i=1000", first, 1000), Ok(()));
    }

    #[test]
    fn what_is_not_judged_is_not_answered() {
        for tail in ["s=c2FsdA==,i=-1", "s=c2FsdA==,i=", "s=c2FsdA==", "i=4096,s=c2FsdA==", "s=c2FsdA==,i=+1"] {
            let mut scram = ScramSha256::new(b"secret", ChannelBinding::unsupported());
            let nonce = str::from_utf8(scram.message()).unwrap().rsplit_once(",r=").unwrap().1.to_owned();
            assert!(scram.update(format!("r={nonce}+,{tail}").as_bytes()).is_err(), "{tail}");
        }
    }
}
