//! Plans a statement with other columns than those of the level.

use guests::{Behaviour, Finding, Page, Request, Statement, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "plan-other-columns";

    fn plan(_request: &Request, _page: &Page) -> Result<Statement, Vec<Finding>> {
        Ok(good::statement("SELECT 1 AS one"))
    }
}

guests::export!(Guest);

fn main() {}
