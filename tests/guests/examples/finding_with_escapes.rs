//! Finds something wrong, in words that a terminal obeys.

use guests::{Behaviour, Finding, Request, Severity, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "finding-with-escapes";

    fn validate(_request: &Request) -> Verdict {
        let finding = Finding {
            message: "It is \u{1b}[2Jwrong.\nError: forged".to_owned(),
            ..good::finding(Severity::Error, "It is wrong.")
        };
        Verdict { findings: vec![finding], ..good::refuse() }
    }
}

guests::export!(Guest);

fn main() {}
