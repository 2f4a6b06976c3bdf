//! Plans in a language that the driver does not know.

use guests::{Behaviour, Finding, Page, Request, Statement, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "plan-in-another-language";

    fn plan(_request: &Request, _page: &Page) -> Result<Statement, Vec<Finding>> {
        Ok(Statement { language: "shell".to_owned(), ..good::statement("id") })
    }
}

guests::export!(Guest);

fn main() {}
