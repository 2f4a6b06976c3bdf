//! Finds something wrong and does not say what.

use guests::{Behaviour, Finding, Request, Severity, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "finding-without-words";

    fn validate(_request: &Request) -> Verdict {
        let finding = Finding { message: String::new(), ..good::finding(Severity::Error, "It is wrong.") };
        Verdict { findings: vec![finding], ..good::refuse() }
    }
}

guests::export!(Guest);

fn main() {}
