//! Plans to bind a credential to the statement.

use guests::{Behaviour, Finding, Page, Request, Statement, Value, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "plan-with-a-credential";

    fn plan(_request: &Request, _page: &Page) -> Result<Statement, Vec<Finding>> {
        let parameters = vec![Value::Credential("password".to_owned())];
        Ok(Statement { parameters, ..good::statement("SELECT $1") })
    }
}

guests::export!(Guest);

fn main() {}
