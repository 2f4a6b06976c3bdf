//! Answers with one finding more than it may.

use guests::{Behaviour, Request, Severity, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "answer-101-findings";

    fn validate(request: &Request) -> Verdict {
        let findings = vec![good::finding(Severity::Warning, "There is more."); 101];
        Verdict { findings, ..good::validate(request) }
    }
}

guests::export!(Guest);

fn main() {}
