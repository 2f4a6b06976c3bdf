//! Answers with 100,000 extras.

use guests::{Behaviour, Request, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "answer-many-extras";

    fn validate(request: &Request) -> Verdict {
        let extras = vec![("zoo".to_owned(), "0".to_owned()); 100_000];
        Verdict { extras, ..good::validate(request) }
    }
}

guests::export!(Guest);

fn main() {}
