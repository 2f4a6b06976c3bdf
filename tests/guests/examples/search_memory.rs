//! Searches its memory for what others have left: every byte that it gets and has not written.

use guests::{Behaviour, Request, Verdict, good, memory};

/// With every bit turned, so that it does not find itself.
const CANARY: [u8; 7] = [!b'C', !b'A', !b'N', !b'A', !b'R', !b'Y', !b'-'];

fn is_canary(bytes: &[u8]) -> bool {
    bytes.iter().zip(&CANARY).all(|(byte, canary)| *byte == !canary)
}

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "search-memory";

    fn validate(request: &Request) -> Verdict {
        let canaries = memory::all().windows(CANARY.len()).filter(|bytes| is_canary(bytes)).count();
        let memory = memory::take_all();
        let words = memory.chunks_exact(8).filter(|bytes| **bytes != [0; 8]).count();
        let message = format!("Found {canaries} canaries, and {words} words in {} MiB.", memory.len() >> 20);
        good::warn(request, message)
    }
}

guests::export!(Guest);

fn main() {}
