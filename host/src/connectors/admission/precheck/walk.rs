//! One walk through a file: section after section, modules and components inside one another included. Nothing in it
//! recurses, and what it keeps is bounded by the limits.

use std::mem;

use wasmparser::{Chunk, Encoding, Error, OperatorsReaderAllocations, Parser, Payload};

use super::module::Module;
use super::scope::{Names, Scope};
use super::{Counts, FEATURES};
use crate::connectors::guest::give_way;

/// Counts what is in a file, and says what in it cannot be read, if so.
pub(super) fn count(bytes: &[u8], limits: &Counts) -> (Counts, Option<Error>) {
    let mut walk = Walk {
        bytes,
        limits,
        counts: Counts::default(),
        fault: None,
        module: Module::default(),
        operators: OperatorsReaderAllocations::default(),
        scopes: Vec::new(),
        names: Vec::new(),
        blind: false,
    };
    if let Err(error) = walk.run() {
        walk.fault.get_or_insert(error);
    }
    (walk.counts, walk.fault)
}

/// Where the walk is, and what it has seen.
pub(super) struct Walk<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) limits: &'a Counts,
    pub(super) counts: Counts,
    /// The first thing that cannot be read.
    fault: Option<Error>,
    /// The core module that is open.
    pub(super) module: Module,
    pub(super) operators: OperatorsReaderAllocations,
    /// The components and component types that are open, outermost first.
    pub(super) scopes: Vec<Scope<'a>>,
    /// What each component and instance exports.
    pub(super) names: Vec<Names<'a>>,
    /// Whether the scopes are no longer complete, because of a fault or of a limit that keeps them small. From then on
    /// sections of components are only counted.
    pub(super) blind: bool,
}

impl<'a> Walk<'a> {
    fn run(&mut self) -> Result<(), Error> {
        let mut rest = self.bytes;
        let mut parser = Parser::new(0);
        parser.set_features(FEATURES);
        let (mut outer, mut encodings) = (Vec::new(), Vec::new());
        // More is never needed, since the end was announced.
        while let Chunk::Parsed { consumed, payload } = parser.parse(rest, true)? {
            give_way();
            rest = rest.get(consumed..).unwrap_or_default();
            match payload {
                Payload::Version { encoding, .. } => {
                    encodings.push(encoding);
                    self.open(encoding);
                }
                Payload::ModuleSection { parser: inner, unchecked_range: range }
                | Payload::ComponentSection { parser: inner, unchecked_range: range } => {
                    outer.push(mem::replace(&mut parser, inner));
                    if self.is_too_deep(outer.len()) {
                        rest = rest.get(range.len()..).unwrap_or_default();
                        parser = outer.pop().unwrap_or_default();
                    }
                }
                Payload::End(_) => {
                    if let Some(encoding) = encodings.pop() {
                        self.close(encoding);
                    }
                    match outer.pop() {
                        Some(next) => parser = next,
                        None => return Ok(()),
                    }
                }
                payload => {
                    if let Err(error) = self.section(payload, encodings.last()) {
                        self.fault.get_or_insert(error);
                        self.blind = true;
                    }
                }
            }
        }
        Ok(())
    }

    fn open(&mut self, encoding: Encoding) {
        match encoding {
            Encoding::Module => {
                self.counts.modules += 1;
                self.blind |= self.counts.modules > self.limits.modules;
                self.module = Module::default();
            }
            Encoding::Component => {
                self.counts.components += 1;
                self.blind |= self.counts.components > self.limits.components;
                if !self.blind {
                    self.enter();
                }
            }
        }
    }

    fn close(&mut self, encoding: Encoding) {
        match encoding {
            Encoding::Module => self.end_module(),
            Encoding::Component => self.end_component(),
        }
    }

    fn section(&mut self, payload: Payload<'a>, encoding: Option<&Encoding>) -> Result<(), Error> {
        match (payload, encoding) {
            (Payload::CustomSection(section), _) => {
                self.counts.custom_sections += 1;
                self.counts.custom_bytes += section.range().len() as u64;
                Ok(())
            }
            (payload, Some(Encoding::Component)) => self.component_section(payload),
            (payload, _) => self.module_section(payload),
        }
    }

    /// Whether that many levels are more than are looked at; what is that deep is not.
    pub(super) fn is_too_deep(&mut self, levels: usize) -> bool {
        raise(&mut self.counts.nesting, levels);
        let is_too_deep = self.counts.nesting > self.limits.nesting;
        self.blind |= is_too_deep;
        is_too_deep
    }

    /// Looks at a name that its author was free to choose.
    pub(super) fn name(&mut self, name: &str) {
        raise(&mut self.counts.name_bytes, name.len());
        self.counts.control_names += u64::from(name.chars().any(char::is_control));
    }
}

/// Keeps the largest.
pub(super) fn raise(most: &mut u64, found: impl TryInto<u64>) {
    *most = (*most).max(found.try_into().unwrap_or(u64::MAX));
}

/// Adds, up to the largest number there is.
pub(super) fn add(sum: &mut u64, more: u64) {
    *sum = sum.saturating_add(more);
}
