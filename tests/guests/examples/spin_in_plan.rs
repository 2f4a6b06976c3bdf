//! Never ends in `plan`.

use guests::{Behaviour, Finding, Page, Request, Statement, memory};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "spin-in-plan";

    fn plan(_request: &Request, _page: &Page) -> Result<Statement, Vec<Finding>> {
        memory::spin()
    }
}

guests::export!(Guest);

fn main() {}
