//! Fills all the memory that it can get, again and again: few instructions that take long.

use guests::{Behaviour, Request, Verdict, memory};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "spin-filling-memory";

    fn validate(_request: &Request) -> Verdict {
        let memory = memory::take_all();
        loop {
            std::hint::black_box(&mut *memory).fill(7);
        }
    }
}

guests::export!(Guest);

fn main() {}
