//! Plans a second statement behind the first.

use guests::{Behaviour, Finding, Page, Request, Statement, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "plan-two-statements";

    fn plan(_request: &Request, _page: &Page) -> Result<Statement, Vec<Finding>> {
        let text = good::tables("'a'", "'b'");
        Ok(good::statement(&format!("{text}; DROP TABLE IF EXISTS zoo")))
    }
}

guests::export!(Guest);

fn main() {}
