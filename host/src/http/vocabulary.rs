//! Texts of the API that are one of few: each is an enum of the document, made of the names that the host itself uses, so
//! that no word is in one of them and not in the other.

use std::borrow::Cow;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::connections::Status;
use crate::connectors::contract::{CONFIG_MEMBERS, INSTRUCTION_LANGUAGES};
use crate::descriptor::TlsMode;
use crate::diagnosis::{Blame, Outcome, ReadOnlyLevel, Stage};
use crate::finding::Severity;
use crate::rollout::{SHADOW_OUTCOMES, Standing};

/// The schema of a text that is one of these.
pub(super) fn one_of(description: &str, names: impl IntoIterator<Item = &'static str>) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).description(Some(description)).enum_values(Some(names)).into()
}

impl PartialSchema for Status {
    fn schema() -> RefOr<Schema> {
        let description = "`PENDING` until the first test, then `ACTIVE` or `ERROR` by the last one; `DISABLED` while an \
                           operator says so.";
        one_of(description, Self::ALL.map(Self::name))
    }
}

impl ToSchema for Status {
    fn name() -> Cow<'static, str> {
        "ConnectionStatus".into()
    }
}

impl PartialSchema for Stage {
    fn schema() -> RefOr<Schema> {
        one_of("A step of a connection test; they are in this order.", Self::ALL.map(Self::name))
    }
}

impl ToSchema for Stage {}

impl PartialSchema for Outcome {
    fn schema() -> RefOr<Schema> {
        let description = "How a stage ended; `skipped` where an earlier one failed, or there was nothing to do.";
        one_of(description, Self::NAMES)
    }
}

impl ToSchema for Outcome {
    fn name() -> Cow<'static, str> {
        "StageOutcome".into()
    }
}

/// The schema of what became of an endpoint.
#[derive(Debug)]
pub(super) enum EndpointOutcome {}

impl PartialSchema for EndpointOutcome {
    fn schema() -> RefOr<Schema> {
        one_of("Whether a session was opened at an endpoint.", ["opened", "failed"])
    }
}

impl ToSchema for EndpointOutcome {}

impl PartialSchema for Blame {
    fn schema() -> RefOr<Schema> {
        let description = "Whose fault it is: the configuration's, a credential's, the network's, the server's, the \
                           connector's, or that of this host.";
        one_of(description, Self::ALL.map(Self::name))
    }
}

impl ToSchema for Blame {}

impl PartialSchema for ReadOnlyLevel {
    fn schema() -> RefOr<Schema> {
        let description = "Why nothing can be written: `database` (the server refuses it to everybody), `role` (the user \
                           may not), or `none`.";
        one_of(description, Self::ALL.map(Self::name))
    }
}

impl ToSchema for ReadOnlyLevel {}

impl PartialSchema for TlsMode {
    fn schema() -> RefOr<Schema> {
        let description = "From loose to strict; `require` is encrypted, and verified as `verify-ca` where the connection \
                           has root certificates of its own.";
        one_of(description, Self::ALL.map(Self::name))
    }
}

impl ToSchema for TlsMode {}

impl PartialSchema for Standing {
    fn schema() -> RefOr<Schema> {
        let description = "`PENDING` while it is admitted; `SHADOW` when it has been tried and waits to be activated; \
                           `ACTIVE`; `DRAINING` while connections or requests are still with it; `RETIRED`; `REFUSED`; \
                           `ROLLED_BACK`.";
        one_of(description, Self::ALL.map(Self::name))
    }
}

impl ToSchema for Standing {
    fn name() -> Cow<'static, str> {
        "ConnectorVersionState".into()
    }
}

/// The schema of what becomes of a connection with another connector version.
#[derive(Debug)]
pub(super) enum ShadowOutcome {}

impl PartialSchema for ShadowOutcome {
    fn schema() -> RefOr<Schema> {
        let description = "What becomes of a connection: it fails, is held by the version that serves it, is described \
                           otherwise, or fails already.";
        one_of(description, SHADOW_OUTCOMES)
    }
}

impl ToSchema for ShadowOutcome {}

/// The schema of the name of a request's member that holds a configuration.
#[derive(Debug)]
pub(super) enum ConfigMember {}

impl PartialSchema for ConfigMember {
    fn schema() -> RefOr<Schema> {
        one_of("The member of a request that holds the configuration.", CONFIG_MEMBERS)
    }
}

impl ToSchema for ConfigMember {}

/// The schema of what an instruction's text is written in.
#[derive(Debug)]
pub(super) enum InstructionLanguage {}

impl PartialSchema for InstructionLanguage {
    fn schema() -> RefOr<Schema> {
        one_of("What the text is written in.", INSTRUCTION_LANGUAGES)
    }
}

impl ToSchema for InstructionLanguage {}

impl PartialSchema for Severity {
    fn schema() -> RefOr<Schema> {
        let description = "How much a finding weighs: an input with an `error` is refused, one with warnings is taken.";
        one_of(description, Self::ALL.map(Self::name))
    }
}

impl ToSchema for Severity {}
