//! Never ends in `validate`.

use guests::{Behaviour, Request, Verdict, memory};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "spin-in-validate";

    fn validate(_request: &Request) -> Verdict {
        memory::spin()
    }
}

guests::export!(Guest);

fn main() {}
