//! Plans to bind more values than the statement takes.

use guests::{Behaviour, Finding, Page, Request, Statement, Value, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "plan-with-too-many-parameters";

    fn plan(_request: &Request, _page: &Page) -> Result<Statement, Vec<Finding>> {
        let parameters = vec![Value::Text("1".to_owned()); 1_000];
        Ok(Statement { parameters, ..good::statement(&good::tables("$1", "'a'")) })
    }
}

guests::export!(Guest);

fn main() {}
