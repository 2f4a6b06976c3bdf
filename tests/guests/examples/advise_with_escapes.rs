//! Gives advice that a terminal obeys.

use guests::{Advice, Behaviour, Fault, Request};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "advise-with-escapes";

    fn diagnose(_request: &Request, _fault: &Fault) -> Option<Advice> {
        Some(Advice { message: "\u{1b}[2JAll is well.".to_owned(), remedy: "Go on.".to_owned(), extras: Vec::new() })
    }
}

guests::export!(Guest);

fn main() {}
