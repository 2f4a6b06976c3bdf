//! Finds something wrong, in 513 bytes.

use guests::{Behaviour, Finding, Request, Severity, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "finding-of-a-novel";

    fn validate(_request: &Request) -> Verdict {
        let finding = Finding { message: "x".repeat(513), ..good::finding(Severity::Error, "It is wrong.") };
        Verdict { findings: vec![finding], ..good::refuse() }
    }
}

guests::export!(Guest);

fn main() {}
