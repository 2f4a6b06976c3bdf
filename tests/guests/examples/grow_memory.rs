//! Takes memory without end.

use guests::{Behaviour, Request, Verdict};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "grow-memory";

    fn validate(_request: &Request) -> Verdict {
        let mut memory = vec![7_u8];
        loop {
            memory.extend_from_within(..);
            std::hint::black_box(&mut memory);
        }
    }
}

guests::export!(Guest);

fn main() {}
