//! One of a row of versions of the same connector, of which none takes a configuration that another one has written: it
//! migrates them first. What it is stands in its label, which tests replace in the built component.

use std::hint::black_box;

use guests::{Behaviour, Config, Descriptor, Finding, Manifest, Reach, Request, Severity, Verdict, good};

/// The number of the version and what it does:
///
/// - `good`: nothing bad
/// - `trap`: traps when a connection is used
/// - `reject`: does not accept a database whose name begins with `x`
/// - `differ`: describes connections with another parameter
/// - `reach`: may lead to another port, too
static LABEL: [u8; 32] = *b"generation=1.1000.0 mode=good   ";

struct Guest;

/// Not known to the compiler, since it is another one in the component that runs.
fn label() -> &'static str {
    std::str::from_utf8(black_box(&LABEL)).unwrap_or_default()
}

fn version() -> &'static str {
    label().get(11..19).unwrap_or_default()
}

fn mode() -> &'static str {
    label().get(25..).unwrap_or_default().trim_end()
}

/// The configuration as this version writes it.
fn write(config: &Config) -> Verdict {
    let own = Config { trigger: version().to_owned(), ..config.clone() };
    Verdict { findings: Vec::new(), normalised: Some(own.write()), extras: Vec::new() }
}

impl Behaviour for Guest {
    const NAME: &'static str = "generation";

    fn manifest() -> Manifest {
        let mut manifest = good::manifest(Self::NAME);
        version().clone_into(&mut manifest.version);
        if mode() == "reach" {
            let other = Reach { port: "2".to_owned(), ..manifest.reaches[0].clone() };
            manifest.reaches.push(other);
        }
        manifest
    }

    fn triggered(_request: &Request) -> bool {
        true
    }

    fn validate(request: &Request) -> Verdict {
        if mode() == "reject" && request.config.database.starts_with('x') {
            let finding = Finding {
                pointer: "/database".to_owned(),
                ..good::finding(Severity::Error, "No database may begin with x any more.")
            };
            return Verdict { findings: vec![finding], normalised: None, extras: Vec::new() };
        }
        write(&request.config)
    }

    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        if mode() == "trap" && request.context.purpose == "use" {
            std::process::abort();
        }
        if request.config.trigger != version() {
            let message = format!("It was written by {}, and this is {}.", request.config.trigger, version());
            return Err(vec![good::finding(Severity::Error, message)]);
        }
        let mut descriptor = good::describe(request);
        if mode() == "differ" {
            descriptor.parameters[1] = good::text("schema", "information_schema");
        }
        Ok(descriptor)
    }

    fn migrate(request: &Request) -> Verdict {
        write(&request.config)
    }
}

guests::export!(Guest);

fn main() {}
