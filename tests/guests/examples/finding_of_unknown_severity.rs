//! Finds something of a severity that nobody knows, which counts as an error.

use guests::{Behaviour, Finding, Request, Severity, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "finding-of-unknown-severity";

    fn validate(_request: &Request) -> Verdict {
        let finding =
            Finding { severity: Severity::Other("fatal".to_owned()), ..good::finding(Severity::Error, "It is wrong.") };
        Verdict { findings: vec![finding], ..good::refuse() }
    }
}

guests::export!(Guest);

fn main() {}
