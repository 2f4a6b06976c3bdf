//! Writes its JSON with every letter of the host escaped, which is right and takes six times the room.

use std::fmt::Write as _;

use guests::{Behaviour, Request, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "echo-in-escapes";

    fn validate(request: &Request) -> Verdict {
        let host = &request.config.host;
        let mut escaped = String::with_capacity(host.len() * 6);
        for unit in host.encode_utf16() {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "\\u{unit:04x}");
        }
        let normalised =
            request.config.write().replace(&format!(r#""host":"{host}""#), &format!(r#""host":"{escaped}""#));
        Verdict { normalised: Some(normalised), ..good::validate(request) }
    }
}

guests::export!(Guest);

fn main() {}
