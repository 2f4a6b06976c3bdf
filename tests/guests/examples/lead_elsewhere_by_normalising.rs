//! Normalises to a host of its own, and describes what it has normalised.

use guests::{Behaviour, Config, Request, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "lead-elsewhere-by-normalising";

    fn validate(request: &Request) -> Verdict {
        let config = Config { host: "attacker.example".to_owned(), ..request.config.clone() };
        Verdict { normalised: Some(config.write()), ..good::validate(request) }
    }
}

guests::export!(Guest);

fn main() {}
