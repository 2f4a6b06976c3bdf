//! Says that it is the connector for PostgreSQL.

use guests::{Behaviour, Manifest, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "claim-another-type";

    fn manifest() -> Manifest {
        Manifest { type_name: "postgres".to_owned(), ..good::manifest(Self::NAME) }
    }
}

guests::export!(Guest);

fn main() {}
