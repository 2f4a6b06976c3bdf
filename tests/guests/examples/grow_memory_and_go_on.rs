//! Takes all the memory that there is, and then does what it should.

use guests::{Behaviour, Request, Verdict, good, memory};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "grow-memory-and-go-on";

    fn validate(request: &Request) -> Verdict {
        std::hint::black_box(memory::take_all());
        good::validate(request)
    }
}

guests::export!(Guest);

fn main() {}
