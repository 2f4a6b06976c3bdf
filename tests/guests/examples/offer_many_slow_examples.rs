//! Has a thousand examples and takes nearly all the time that there is for each.

use guests::{Behaviour, Manifest, Request, Verdict, good};

struct Guest;

impl Behaviour for Guest {
    const NAME: &'static str = "offer-many-slow-examples";

    fn manifest() -> Manifest {
        let mut manifest = good::manifest(Self::NAME);
        manifest.examples = vec![manifest.examples[0].clone(); 1_000];
        manifest
    }

    fn triggered(_request: &Request) -> bool {
        true
    }

    fn validate(request: &Request) -> Verdict {
        for number in 0..200_000_000 {
            std::hint::black_box(number);
        }
        good::validate(request)
    }
}

guests::export!(Guest);

fn main() {}
