//! Instructs to run something else than what is read.

use guests::{Behaviour, Instruction, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "instruct-in-reverse";

    fn manifest() -> Manifest {
        let instruction = Instruction {
            title: "Create a user".to_owned(),
            language: "sql".to_owned(),
            text: "CREATE ROLE reader\n/*\u{202e} \u{2066}*/ SUPERUSER /* \u{2069} \u{2066}for reading */;".to_owned(),
            extras: Vec::new(),
        };
        Manifest { setup: vec![instruction], ..good::manifest(Self::NAME) }
    }
}

guests::export!(Guest);

fn main() {}
