//! Refuses to plan, and gives no reason.

use guests::{Behaviour, Finding, Page, Request, Statement};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "refuse-to-plan";

    fn plan(_request: &Request, _page: &Page) -> Result<Statement, Vec<Finding>> {
        Err(Vec::new())
    }
}

guests::export!(Guest);

fn main() {}
