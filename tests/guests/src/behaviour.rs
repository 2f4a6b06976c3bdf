//! What a hostile connector may do otherwise than a good one.

use crate::bindings::exports::patchpanel::connector::{catalog, connector, diagnosis, migration};
use crate::config::Config;
use crate::good;
use crate::{Advice, Configuration, Context, Descriptor, Fault, Finding, Manifest, Page, Statement, Verdict};

/// A call of the host.
#[derive(Debug)]
pub struct Request {
    /// Why it calls.
    pub context: Context,
    /// What the tenant has set.
    pub configuration: Configuration,
    /// The same, read.
    pub config: Config,
}

/// A connector. Each function but `manifest` and `triggered` is called only when the behaviour is triggered; else the good
/// one answers.
pub trait Behaviour {
    /// Its type is this after `zoo-`.
    const NAME: &'static str;

    /// What it says that it is.
    fn manifest() -> Manifest {
        good::manifest(Self::NAME)
    }

    /// Whether it misbehaves now.
    fn triggered(request: &Request) -> bool {
        request.config.trigger == "on"
    }

    /// Looks at a configuration.
    fn validate(request: &Request) -> Verdict {
        good::validate(request)
    }

    /// Says what to connect to.
    fn describe(request: &Request) -> Result<Descriptor, Vec<Finding>> {
        Ok(good::describe(request))
    }

    /// Plans a page of the catalog.
    fn plan(_request: &Request, page: &Page) -> Result<Statement, Vec<Finding>> {
        good::plan(page)
    }

    /// Gives advice about a fault.
    fn diagnose(_request: &Request, _fault: &Fault) -> Option<Advice> {
        None
    }

    /// Brings a configuration to this version.
    fn migrate(request: &Request) -> Verdict {
        good::validate(request)
    }
}

impl Request {
    /// None when the configuration is none of a good connector's.
    fn new(context: Context, configuration: Configuration) -> Option<Self> {
        let config = Config::read(&configuration.config)?;
        Some(Self { context, configuration, config })
    }
}

impl<T: Behaviour> connector::Guest for T {
    fn get_manifest() -> Manifest {
        T::manifest()
    }

    fn validate(context: Context, configuration: Configuration) -> Verdict {
        match Request::new(context, configuration) {
            Some(request) if T::triggered(&request) => T::validate(&request),
            Some(request) => good::validate(&request),
            None => good::refuse(),
        }
    }

    fn describe(context: Context, configuration: Configuration) -> Result<Descriptor, Vec<Finding>> {
        match Request::new(context, configuration) {
            Some(request) if T::triggered(&request) => T::describe(&request),
            Some(request) => Ok(good::describe(&request)),
            None => Err(good::refuse().findings),
        }
    }
}

impl<T: Behaviour> catalog::Guest for T {
    fn plan(context: Context, configuration: Configuration, page: Page) -> Result<Statement, Vec<Finding>> {
        match Request::new(context, configuration) {
            Some(request) if T::triggered(&request) => T::plan(&request, &page),
            Some(_) => good::plan(&page),
            None => Err(good::refuse().findings),
        }
    }
}

impl<T: Behaviour> diagnosis::Guest for T {
    fn diagnose(context: Context, configuration: Configuration, fault: Fault) -> Option<Advice> {
        let request = Request::new(context, configuration).filter(T::triggered)?;
        T::diagnose(&request, &fault)
    }
}

impl<T: Behaviour> migration::Guest for T {
    fn migrate(context: Context, configuration: Configuration) -> Verdict {
        match Request::new(context, configuration) {
            Some(request) if T::triggered(&request) => T::migrate(&request),
            Some(request) => good::validate(&request),
            None => good::refuse(),
        }
    }
}
