//! SCRAM-SHA-256 (RFC 5802, RFC 7677; PostgreSQL manual, "SASL Authentication"): both sides prove that they know the
//! password, and neither sends it.

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramSha256};
use postgres_protocol::message::backend::{AuthenticationSaslBody, Message};
use postgres_protocol::message::frontend;

use super::login::{Login, Proof};
use super::server_error::ServerError;
use crate::diagnosis::{Fault, code};
use crate::egress::tls::Agreed;

/// The most rounds of hashing that a server may ask for: 24 times PostgreSQL's default of 4,096, about 20 ms of a core.
/// postgres-protocol has the same bound (CVE-2026-42198 was a driver without one).
const MAX_ITERATIONS: u32 = 100_000;

/// Proves the password and has the server prove it too.
pub(super) async fn prove(login: &mut Login<'_>, offer: &AuthenticationSaslBody) -> Result<Proof, Fault> {
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

/// Answers the server's challenge. The hashing takes up to 20 ms, so it is done off the async threads.
async fn hash(mut scram: ScramSha256, challenge: Vec<u8>) -> Result<ScramSha256, Fault> {
    if iterations(&challenge).is_some_and(|iterations| iterations > MAX_ITERATIONS) {
        return Err(Fault::new(&code::PROTOCOL_VIOLATION).message(format!(
            "The server asks for more than {MAX_ITERATIONS} rounds of hashing the password, which is not accepted."
        )));
    }
    let answered = tokio::task::spawn_blocking(move || scram.update(&challenge).map(|()| scram)).await;
    answered.map_err(|_| violation())?.map_err(|_| {
        Fault::new(&code::PROTOCOL_VIOLATION).message("The server's challenge for the login is not a right one.")
    })
}

/// The iteration count of the server's first message, `r=…,s=…,i=…`.
fn iterations(challenge: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(challenge).ok()?.rsplit_once(",i=")?.1;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().unwrap_or(u32::MAX))
}

fn unexpected(login: &Login<'_>, message: Message) -> Fault {
    match message {
        Message::ErrorResponse(error) => login.refused(&ServerError::from(&error)),
        Message::AuthenticationOk => Fault::new(&code::SERVER_NOT_PROVEN)
            .message("The server let us in without proving that it knows the password, so it may be an impostor."),
        _ => violation(),
    }
}

fn violation() -> Fault {
    Fault::new(&code::PROTOCOL_VIOLATION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_iteration_count() {
        for (challenge, expected) in [
            (&b"r=abc,s=c2FsdA==,i=4096"[..], Some(4096)),
            (b"r=,i=1,s=x,i=7", Some(7)),
            (b"r=a,s=b,i=99999999999999", Some(u32::MAX)),
            (b"r=a,s=b,i=-1", None),
            (b"r=a,s=b", None),
            (b"\xff,i=1", None),
        ] {
            assert_eq!(iterations(challenge), expected);
        }
    }
}
