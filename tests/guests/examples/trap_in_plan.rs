//! Traps when it is asked for a plan.

use guests::{Behaviour, Finding, Page, Request, Statement};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "trap-in-plan";

    fn plan(_request: &Request, _page: &Page) -> Result<Statement, Vec<Finding>> {
        std::process::abort()
    }
}

guests::export!(Guest);

fn main() {}
