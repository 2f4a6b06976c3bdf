//! Makes handles of a resource of its own without end; the host keeps the table of them.

use guests::{Behaviour, Request, Verdict};

#[expect(unsafe_code, reason = "generated: the canonical ABI")]
mod bindings {
    use super::Guest;

    wit_bindgen::generate!({ path: "wit", world: "resources" });
    export!(Guest with_types_in self);
}

use bindings::exports::patchpanel::zoo::things::{self, Thing};

struct Nothing;

impl things::GuestThing for Nothing {}

impl things::Guest for Guest {
    type Thing = Nothing;
}

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "hoard-handles";

    fn validate(_request: &Request) -> Verdict {
        loop {
            std::mem::forget(Thing::new(Nothing));
        }
    }
}

guests::export!(Guest);

fn main() {}
