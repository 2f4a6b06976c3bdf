//! Plans to sleep for an hour.

use guests::{Behaviour, Finding, Page, Request, Statement, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "plan-a-sleep";

    fn plan(_request: &Request, _page: &Page) -> Result<Statement, Vec<Finding>> {
        Ok(good::statement(&good::tables("pg_sleep(3600)::text", "'a'")))
    }
}

guests::export!(Guest);

fn main() {}
