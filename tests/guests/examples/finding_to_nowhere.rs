//! Finds something wrong with a member of nothing.

use guests::{Behaviour, Finding, Request, Severity, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "finding-to-nowhere";

    fn validate(_request: &Request) -> Verdict {
        let finding = Finding { pointer: "/nothing/here".to_owned(), ..good::finding(Severity::Error, "It is wrong.") };
        Verdict { findings: vec![finding], ..good::refuse() }
    }
}

guests::export!(Guest);

fn main() {}
