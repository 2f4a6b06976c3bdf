//! Plans to switch off what keeps it from writing.

use guests::{Behaviour, Finding, Page, Request, Statement, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "plan-to-lift-its-limits";

    fn plan(_request: &Request, _page: &Page) -> Result<Statement, Vec<Finding>> {
        Ok(good::statement(&good::tables("set_config('transaction_read_only', 'off', true)", "'a'")))
    }
}

guests::export!(Guest);

fn main() {}
