//! Finds something wrong under a code that is none.

use guests::{Behaviour, Finding, Request, Severity, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "finding-with-a-bad-code";

    fn validate(_request: &Request) -> Verdict {
        let finding = Finding { code: "It's wrong".to_owned(), ..good::finding(Severity::Error, "It is wrong.") };
        Verdict { findings: vec![finding], ..good::refuse() }
    }
}

guests::export!(Guest);

fn main() {}
