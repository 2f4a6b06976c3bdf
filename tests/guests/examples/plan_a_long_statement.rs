//! Plans a statement of more than 64 KiB.

use guests::{Behaviour, Finding, Page, Request, Statement, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "plan-a-long-statement";

    fn plan(_request: &Request, _page: &Page) -> Result<Statement, Vec<Finding>> {
        Ok(good::statement(&format!("SELECT 1 -- {}", "x".repeat(64 << 10))))
    }
}

guests::export!(Guest);

fn main() {}
