//! Answers with 100,000 findings.

use guests::{Behaviour, Request, Severity, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "answer-many-findings";

    fn validate(request: &Request) -> Verdict {
        let findings = vec![good::finding(Severity::Warning, "There is more."); 100_000];
        Verdict { findings, ..good::validate(request) }
    }
}

guests::export!(Guest);

fn main() {}
