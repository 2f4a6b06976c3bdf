//! Plans a thousand million rows.

use guests::{Behaviour, Finding, Page, Request, Statement, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "plan-rows-without-end";

    fn plan(_request: &Request, _page: &Page) -> Result<Statement, Vec<Finding>> {
        Ok(good::statement(&good::tables("'a'", "generate_series(1, 1000000000)::text")))
    }
}

guests::export!(Guest);

fn main() {}
