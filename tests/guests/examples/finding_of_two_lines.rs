//! Finds something wrong, on two lines by a separator that is not a control character.

use guests::{Behaviour, Finding, Request, Severity, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "finding-of-two-lines";

    fn validate(_request: &Request) -> Verdict {
        let finding = Finding {
            message: "It is wrong.\u{2028}Error: forged".to_owned(),
            ..good::finding(Severity::Error, "It is wrong.")
        };
        Verdict { findings: vec![finding], ..good::refuse() }
    }
}

guests::export!(Guest);

fn main() {}
