//! What hostile servers do instead of what they should say. Each gets that, and goes on with it or not.

use std::io;
use std::thread;
use std::time::Duration;

use super::Session;

/// What is done in the place of something honest.
pub type Mischief = Box<dyn Fn(&mut Session, &[u8]) -> io::Result<()> + Send + Sync>;

/// Bytes of a flood that are sent at once, at least.
const BURST: usize = 32 * 1024;

/// Says nothing.
pub fn silence() -> Mischief {
    Box::new(|session, _| session.fall_silent())
}

/// Hangs up.
pub fn hang_up() -> Mischief {
    Box::new(|session, _| session.hang_up())
}

/// Ends the connection by a reset.
pub fn reset() -> Mischief {
    Box::new(|session, _| session.reset())
}

/// Says what it should, a byte a second.
pub fn drip() -> Mischief {
    Box::new(|session, honest| {
        honest.iter().try_for_each(|byte| {
            thread::sleep(Duration::from_secs(1));
            session.send(&[*byte])
        })
    })
}

/// Says this without an end.
pub fn flood(bytes: Vec<u8>) -> Mischief {
    Box::new(move |session, _| endlessly(session, &bytes))
}

/// Says what it should, and then this without an end.
pub fn flood_behind(bytes: Vec<u8>) -> Mischief {
    Box::new(move |session, honest| {
        session.send(honest)?;
        endlessly(session, &bytes)
    })
}

/// Says this, and then nothing.
pub fn instead(bytes: Vec<u8>) -> Mischief {
    Box::new(move |session, _| {
        session.send(&bytes)?;
        session.fall_silent()
    })
}

/// Says this, and hangs up.
pub fn last_words(bytes: Vec<u8>) -> Mischief {
    Box::new(move |session, _| {
        session.send(&bytes)?;
        session.hang_up()
    })
}

/// Says this before what it should, at once.
pub fn before(bytes: Vec<u8>) -> Mischief {
    edit(move |honest| [&bytes[..], honest].concat())
}

/// Says this behind what it should, at once.
pub fn behind(bytes: Vec<u8>) -> Mischief {
    edit(move |honest| [honest, &bytes[..]].concat())
}

/// Says what this makes of what it should say.
pub fn edit(make: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> Mischief {
    Box::new(move |session, honest| session.send(&make(honest)))
}

/// Says what this makes of what it should say, and then nothing.
pub fn cut(make: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> Mischief {
    Box::new(move |session, honest| {
        session.send(&make(honest))?;
        session.fall_silent()
    })
}

/// Says this by the side of TLS, once the handshake is over.
pub fn unprotected(bytes: Vec<u8>) -> Mischief {
    Box::new(move |session, _| {
        session.send_unprotected(&bytes)?;
        session.fall_silent()
    })
}

/// Answers the client's first message behind the honest answer, its TLS handshake perhaps, with something else.
pub fn then(answer: Mischief) -> Mischief {
    Box::new(move |session, honest| {
        session.send(honest)?;
        session.hear()?;
        answer(session, b"")
    })
}

fn endlessly(session: &mut Session, bytes: &[u8]) -> io::Result<()> {
    let burst = bytes.repeat(BURST.div_ceil(bytes.len()));
    loop {
        session.send(&burst)?;
    }
}
