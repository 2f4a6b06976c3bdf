//! Reads environment, arguments and current directory.

use guests::{Behaviour, Request, Verdict, good, wasi::wasi::cli::environment};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "read-environment";

    fn validate(request: &Request) -> Verdict {
        let (variables, arguments) = (environment::get_environment(), environment::get_arguments());
        let directories = environment::initial_cwd().iter().count();
        let (variables, arguments) = (variables.len(), arguments.len());
        good::warn(request, format!("Read {variables} variables, {arguments} arguments, {directories} directories."))
    }
}

guests::export!(Guest);

fn main() {}
