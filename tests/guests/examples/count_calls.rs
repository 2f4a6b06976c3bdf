//! Counts how often it is called, if it can.

use std::sync::atomic::{AtomicU32, Ordering};

use guests::{Behaviour, Request, Verdict, good};

static CALLS: AtomicU32 = AtomicU32::new(0);

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "count-calls";

    fn validate(request: &Request) -> Verdict {
        good::warn(request, format!("Called {} times before.", CALLS.fetch_add(1, Ordering::Relaxed)))
    }
}

guests::export!(Guest);

fn main() {}
