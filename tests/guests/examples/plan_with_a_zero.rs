//! Plans a statement that would end early in the protocol.

use guests::{Behaviour, Finding, Page, Request, Statement, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "plan-with-a-zero";

    fn plan(_request: &Request, _page: &Page) -> Result<Statement, Vec<Finding>> {
        Ok(good::statement("SELECT 1\0Q\0\0\0\u{10}DROP TABLE zoo"))
    }
}

guests::export!(Guest);

fn main() {}
