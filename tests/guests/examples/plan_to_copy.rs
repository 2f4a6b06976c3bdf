//! Plans to copy instead of to select.

use guests::{Behaviour, Finding, Page, Request, Statement, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "plan-to-copy";

    fn plan(_request: &Request, _page: &Page) -> Result<Statement, Vec<Finding>> {
        Ok(good::statement("COPY pg_class TO STDOUT"))
    }
}

guests::export!(Guest);

fn main() {}
