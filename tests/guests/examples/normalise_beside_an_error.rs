//! Finds an error and normalises all the same.

use guests::{Behaviour, Request, Severity, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "normalise-beside-an-error";

    fn validate(request: &Request) -> Verdict {
        let findings = vec![good::finding(Severity::Error, "It is wrong.")];
        Verdict { findings, ..good::validate(request) }
    }
}

guests::export!(Guest);

fn main() {}
