//! Does what it should: the twin of all the others.

use guests::Behaviour;

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "good";
}

guests::export!(Guest);

fn main() {}
