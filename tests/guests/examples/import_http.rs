//! Imports what no connector gets.

use guests::{Behaviour, Request, Verdict, good};

mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "forbidden", generate_all });
}

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "import-http";

    fn validate(request: &Request) -> Verdict {
        bindings::wasi::http::outgoing_handler::handle();
        good::validate(request)
    }
}

guests::export!(Guest);

fn main() {}
