//! Plans values of 100 MB.

use guests::{Behaviour, Finding, Page, Request, Statement, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "plan-long-values";

    fn plan(_request: &Request, _page: &Page) -> Result<Statement, Vec<Finding>> {
        let text = good::tables("repeat('x', 100000000)", "i::text");
        Ok(good::statement(&format!("{text} FROM generate_series(1, 100) i")))
    }
}

guests::export!(Guest);

fn main() {}
