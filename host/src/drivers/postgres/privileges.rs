//! The stage privileges: what the user may do, in one round trip.

use super::Session;
use super::names::{self, identifier};
use crate::diagnosis::{Fault, Halted, Privileges, ReadOnlyLevel, Stage, Stages, code};

mod probe;

use probe::{Found, SchemaAccess};

/// The schema that a connection is about when nobody has said so: it need not be there.
pub(super) const DEFAULT_SCHEMA: &str = "public";

/// So many examples of what the user may do are named in a warning.
const MAX_EXAMPLES: usize = 5;

impl Session {
    /// The stage privileges, warnings included.
    pub(super) async fn privileges(&mut self, stages: &mut Stages) -> Result<Privileges, Halted> {
        let looked = async { self.probe().await.and_then(|found| Ok((self.check_schema(&found)?, found))) };
        let (about_schema, found) = stages.run(Stage::Privileges, looked).await?;
        let warnings = about_schema.into_iter().chain(found.warnings()).collect();
        stages.warn(Stage::Privileges, warnings);
        Ok(found.privileges())
    }

    /// A fault where the user has no access to the schema, and a warning where it is the default that is not there.
    fn check_schema(&self, found: &Found) -> Result<Option<Fault>, Fault> {
        let schema = identifier(&self.schema);
        match found.schema {
            SchemaAccess::Open => Ok(None),
            SchemaAccess::Absent => {
                let absent = format!("There is no schema {schema} in the database. {}", self.others(found));
                let fault = Fault::new(&code::UNKNOWN_SCHEMA).message(absent);
                if self.schema == DEFAULT_SCHEMA { Ok(Some(fault)) } else { Err(fault) }
            }
            SchemaAccess::Closed => Err(Fault::new(&code::NO_SCHEMA_USAGE)
                .message(format!("The user may not use the schema {schema}."))
                .remedy(format!("Grant it: GRANT USAGE ON SCHEMA {schema} TO <user>;"))),
        }
    }

    fn others(&self, found: &Found) -> String {
        match found.other_schemas.as_slice() {
            [] => "There is none that the user may use.".to_owned(),
            schemas => format!("The user may use {}.", self.list(schemas, probe::MAX_SCHEMAS)),
        }
    }

    /// Names that the server has sent, in a sentence.
    pub(super) fn list(&self, names: &[String], most: usize) -> String {
        names::list(names.iter().map(|name| self.texts.clean(name.as_bytes())), most)
    }
}

impl Found {
    fn privileges(&self) -> Privileges {
        let may_write = self.superuser || !self.writes.is_empty();
        let may_not = !may_write && self.escapes.is_empty();
        let read_only = match (self.recovery, may_not) {
            (true, _) => ReadOnlyLevel::Database,
            (false, true) => ReadOnlyLevel::Role,
            (false, false) => ReadOnlyLevel::None,
        };
        let enforced_by = [(self.recovery, "recovery"), (may_not, "privileges")];
        let escapes = self.escapes.iter().map(|escape| escape.kind.name());
        Privileges {
            superuser: self.superuser,
            read_only,
            enforced_by: enforced_by.into_iter().filter_map(|(holds, by)| holds.then_some(by)).collect(),
            // Whoever may do everything need not be told what else.
            escapes: if self.superuser { vec!["superuser"] } else { escapes.collect() },
            security_definer_functions: self.definers.unwrap_or_default(),
        }
    }

    fn warnings(&self) -> Vec<Fault> {
        let mut warnings = Vec::new();
        let examples = |examples: &[String]| examples.iter().take(MAX_EXAMPLES).cloned().collect::<Vec<_>>().join("; ");
        if self.superuser {
            warnings.push(Fault::new(&code::SUPERUSER));
        }
        // In recovery the server refuses it to everybody.
        if !self.recovery && (self.superuser || !self.writes.is_empty()) {
            let how = if self.superuser {
                "as a superuser".to_owned()
            } else {
                format!("for example by {}", examples(&self.writes))
            };
            warnings.push(Fault::new(&code::CAN_WRITE).message(format!("The user can write, {how}.")));
        }
        if !self.superuser && !self.escapes.is_empty() {
            let ways: Vec<_> =
                self.escapes.iter().map(|escape| format!("{}: {}", escape.kind.name(), escape.how)).collect();
            let message = format!("The user can do what no right on a table stands for: {}.", examples(&ways));
            warnings.push(Fault::new(&code::REACHES_BEYOND).message(message));
        }
        warnings
    }
}
