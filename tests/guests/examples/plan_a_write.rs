//! Plans to change something.

use guests::{Behaviour, Finding, Page, Request, Statement, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "plan-a-write";

    fn plan(_request: &Request, _page: &Page) -> Result<Statement, Vec<Finding>> {
        Ok(good::statement("CREATE TABLE zoo (a int)"))
    }
}

guests::export!(Guest);

fn main() {}
