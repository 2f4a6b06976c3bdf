//! Gives a hint that a terminal obeys.

use guests::{Behaviour, Finding, Request, Severity, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "finding-with-a-bad-hint";

    fn validate(_request: &Request) -> Verdict {
        let finding =
            Finding { hint: Some("Press\u{7} here.".to_owned()), ..good::finding(Severity::Error, "It is wrong.") };
        Verdict { findings: vec![finding], ..good::refuse() }
    }
}

guests::export!(Guest);

fn main() {}
