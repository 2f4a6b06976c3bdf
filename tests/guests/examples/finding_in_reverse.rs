//! Finds something wrong, in words that read otherwise than they are written.

use guests::{Behaviour, Finding, Request, Severity, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "finding-in-reverse";

    fn validate(_request: &Request) -> Verdict {
        let finding = Finding {
            message: "It is \u{202e}.lla ta gnorw ton\u{202c}".to_owned(),
            ..good::finding(Severity::Error, "It is wrong.")
        };
        Verdict { findings: vec![finding], ..good::refuse() }
    }
}

guests::export!(Guest);

fn main() {}
