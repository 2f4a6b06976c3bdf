//! Plans to end the transaction that keeps it from writing.

use guests::{Behaviour, Finding, Page, Request, Statement, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "plan-to-leave-the-transaction";

    fn plan(_request: &Request, _page: &Page) -> Result<Statement, Vec<Finding>> {
        Ok(good::statement("COMMIT"))
    }
}

guests::export!(Guest);

fn main() {}
