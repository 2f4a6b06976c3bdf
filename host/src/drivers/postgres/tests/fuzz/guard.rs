//! The guard with PostgreSQL's frames: whatever comes, in whatever pieces, what it hands on is what a reader of whole
//! inputs says.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::super::frames;
use crate::egress::guard::{Guard, Limits, Violation};
use crate::fuzz;

/// Small, so that mutations reach them.
const MESSAGE_BYTES: usize = 400;
const MESSAGES: usize = 40;
const BYTES: usize = 3_000;

/// What the guard may hold of what it has not handed on: a little more than it reads at once.
const MAX_HELD: usize = 3 * 8 * 1024;

#[test]
fn guard() {
    let runtime = super::runtime();
    let target = fuzz::Target { name: "guard", dictionary: super::DICTIONARY, parts: super::messages, rounds: 3_000 };
    target.run(|input| {
        let settings = input.len().is_multiple_of(3);
        let limits = Limits {
            message_bytes: MESSAGE_BYTES,
            messages: MESSAGES,
            bytes: BYTES,
            grace: Duration::from_secs(5),
            settings,
        };
        let (expected, broken) = read_whole(input, limits);
        for piece in [1, 7, 1 + input.len() % 61, 4_096] {
            let (handed_on, violation) = runtime.block_on(read_in_pieces(input, piece, limits));
            match violation {
                // It counts bytes as they come, perhaps before it has looked at what is wrong with them.
                Some(Violation::TooManyBytes(_)) => {
                    assert!(input.len() > BYTES && expected.starts_with(&handed_on), "in pieces of {piece}");
                }
                violation => assert_eq!((&handed_on, violation), (&expected, broken), "in pieces of {piece}"),
            }
        }
    });
}

/// What is handed on of an input, and what is wrong with the rest.
fn read_whole(input: &[u8], limits: Limits) -> (Vec<u8>, Option<Violation>) {
    let (mut handed_on, mut rest, mut count) = (Vec::new(), input, 0);
    while let [kind, after @ ..] = rest {
        if !b"RKZTDCE123nstISNA".contains(kind) {
            return (handed_on, Some(Violation::Malformed));
        }
        let Some(length) = after.first_chunk().map(|length| i32::from_be_bytes(*length)) else { break };
        let Some(length) = usize::try_from(length).ok().filter(|length| *length >= 4) else {
            return (handed_on, Some(Violation::Malformed));
        };
        count += 1;
        if length + 1 > limits.message_bytes {
            return (handed_on, Some(Violation::MessageTooLarge(length + 1)));
        }
        if count > limits.messages {
            return (handed_on, Some(Violation::TooManyMessages(limits.messages)));
        }
        // One that is cut off is handed on as far as it has come.
        let (message, behind) = rest.split_at((length + 1).min(rest.len()));
        if !b"NA".contains(kind) && (*kind != b'S' || limits.settings) {
            handed_on.extend_from_slice(message);
        }
        rest = behind;
    }
    (handed_on, None)
}

async fn read_in_pieces(input: &[u8], piece: usize, limits: Limits) -> (Vec<u8>, Option<Violation>) {
    let (mut server, client) = tokio::io::duplex(256);
    let sending = async move {
        for bytes in input.chunks(piece) {
            if server.write_all(bytes).await.is_err() {
                return;
            }
        }
    };
    let receiving = async move {
        let mut guard = Guard::new(client, frames::read, limits);
        let mut handed_on = Vec::new();
        loop {
            // With little room, so that messages are handed on in pieces too.
            let mut room = [0; 50];
            let read = guard.read(&mut room[..=piece % 50]).await;
            assert!(guard.held() <= MAX_HELD, "{} bytes are held", guard.held());
            match read {
                Ok(0) => return (handed_on, None),
                Ok(length) => handed_on.extend_from_slice(&room[..length]),
                Err(error) => return (handed_on, Some(Violation::from_io(&error).unwrap())),
            }
        }
    };
    tokio::join!(sending, receiving).1
}
