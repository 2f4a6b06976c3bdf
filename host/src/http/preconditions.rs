//! Conditional requests (RFC 9110, section 13) and keys for idempotent ones.

use axum::extract::FromRequestParts;
use axum::http::header::{HeaderMap, HeaderValue};
use axum::http::request::Parts;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{RefOr, Required};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::error::ApiError;
use super::openapi::parameter;
use crate::connections::Connection;

/// The pattern of `*` or a list of entity tags, as [`parse_tags`] reads them.
const TAGS_PATTERN: &str = r#"^(\*|(W/)?"[!#-~\u0080-\u00ff]*"([ \t]*,[ \t]*(W/)?"[!#-~\u0080-\u00ff]*")*)$"#;

/// The schema of a record's strong entity tag.
#[derive(Debug)]
pub enum EntityTag {}

impl PartialSchema for EntityTag {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).pattern(Some(r#"^"[0-9]+\.[0-9]+"$"#)).into()
    }
}

impl ToSchema for EntityTag {}

/// The strong entity tag of a record.
pub(super) fn etag(connection: &Connection) -> HeaderValue {
    // Digits in quotes are always a header value; the fallback is never seen.
    HeaderValue::from_str(&format!("\"{}\"", connection.etag())).unwrap_or(HeaderValue::from_static("\"\""))
}

/// The conditions of a request on a record: `If-Match`, then `If-None-Match` (RFC 9110, section 13.2.2). The others that
/// there are go by a date, which records do not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preconditions {
    if_match: IfMatch,
    if_none_match: Option<Tags>,
}

/// The condition of `If-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum IfMatch {
    /// None, or `*`: the record must be there, which it must anyway.
    Any,
    /// It must have one of these revisions: those of the strong tags that are ours. The part of a tag that counts tests
    /// does not matter, so that a test in between breaks no edit.
    OneOf(Vec<i64>),
}

impl Preconditions {
    /// Whether there are none.
    pub fn are_none(&self) -> bool {
        self.if_match == IfMatch::Any && self.if_none_match.is_none()
    }

    /// Refuses to change a record that a condition does not hold for; else the revision to insist on, if there is any
    /// condition.
    pub fn check(&self, connection: &Connection) -> Result<Option<i64>, ApiError> {
        if self.has(connection)? {
            return Err(ApiError::PreconditionMet);
        }
        Ok((!self.are_none()).then_some(connection.revision))
    }

    /// Whether the caller has this record already, by `If-None-Match`; refuses it if `If-Match` does not hold.
    pub fn has(&self, connection: &Connection) -> Result<bool, ApiError> {
        match &self.if_match {
            IfMatch::OneOf(revisions) if !revisions.contains(&connection.revision) => Err(ApiError::PreconditionFailed),
            IfMatch::Any | IfMatch::OneOf(_) => {
                Ok(self.if_none_match.as_ref().is_some_and(|tags| tags.have(&connection.etag())))
            }
        }
    }
}

impl IntoParams for Preconditions {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let must_have = "Entity tags of which the record must have one, or `*`; else the answer is 412";
        let must_not = "Entity tags of which the record must have none, or `*`; else a change is 412, and a read 304";
        vec![tags_header("If-Match", must_have), tags_header("If-None-Match", must_not)]
    }
}

impl<S: Sync> FromRequestParts<S> for Preconditions {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let if_match = match entity_tags(&parts.headers, "if-match")? {
            None | Some(Tags::Any) => IfMatch::Any,
            Some(Tags::List(tags)) => {
                let strong = tags.iter().filter(|tag| !tag.weak);
                IfMatch::OneOf(strong.filter_map(|tag| Connection::revision_of(&tag.opaque)).collect())
            }
        };
        Ok(Self { if_match, if_none_match: entity_tags(&parts.headers, "if-none-match")? })
    }
}

/// Whether `If-None-Match` has this entity tag, with its quotes, or is `*`.
pub(super) fn has_one_of(headers: &HeaderMap, etag: &HeaderValue) -> Result<bool, ApiError> {
    let opaque = etag.to_str().unwrap_or_default().trim_matches('"');
    Ok(entity_tags(headers, "if-none-match")?.is_some_and(|tags| tags.have(opaque)))
}

/// The value of `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<String>);

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let key = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255));
        let key = key.pattern(Some("^[!-~]*$"));
        let description = "Makes a repetition within 24 hours harmless";
        vec![parameter(ParameterIn::Header, "Idempotency-Key", Required::False, description, key)]
    }
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut values = parts.headers.get_all("idempotency-key").iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        let key = value.as_bytes();
        if values.next().is_some() || key.is_empty() || key.len() > 255 || !key.iter().all(u8::is_ascii_graphic) {
            let message = "Idempotency-Key must be 1 to 255 visible ASCII characters, once.";
            return Err(ApiError::InvalidRequest(message.into()));
        }
        Ok(Self(Some(String::from_utf8_lossy(key).into_owned())))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Tags {
    Any,
    List(Vec<Tag>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Tag {
    weak: bool,
    opaque: String,
}

impl Tags {
    /// Whether this tag is one of them, by the weak comparison (RFC 9110, section 8.8.3.2).
    fn have(&self, opaque: &str) -> bool {
        match self {
            Self::Any => true,
            Self::List(tags) => tags.iter().any(|tag| tag.opaque == opaque),
        }
    }
}

/// A header of entity tags in the document.
fn tags_header(name: &str, description: &str) -> Parameter {
    let tags = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).pattern(Some(TAGS_PATTERN));
    parameter(ParameterIn::Header, name, Required::False, description, tags)
}

fn entity_tags(headers: &HeaderMap, name: &str) -> Result<Option<Tags>, ApiError> {
    if !headers.contains_key(name) {
        return Ok(None);
    }
    let texts: Result<Vec<&str>, _> = headers.get_all(name).iter().map(HeaderValue::to_str).collect();
    texts.ok().and_then(|texts| parse_tags(&texts.join(","))).map(Some).ok_or_else(|| {
        let message = format!("{name} must be `*` or a list of entity tags, such as \"7.0\".");
        ApiError::InvalidRequest(message.into())
    })
}

/// Parses `*` or `#entity-tag` (RFC 9110, sections 8.8.3 and 5.6.1: empty elements are allowed).
fn parse_tags(text: &str) -> Option<Tags> {
    if text.trim() == "*" {
        return Some(Tags::Any);
    }
    let mut tags = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let (weak, quoted) = rest.strip_prefix("W/").map_or((false, rest), |rest| (true, rest));
        let (opaque, after) = quoted.strip_prefix('"')?.split_once('"')?;
        if !opaque.bytes().all(|byte| byte > b' ' && byte != 0x7f) {
            return None;
        }
        tags.push(Tag { weak, opaque: opaque.to_owned() });
        let after = after.trim_start_matches([' ', '\t']);
        if !after.is_empty() && !after.starts_with(',') {
            return None;
        }
        rest = after.trim_start_matches([' ', '\t', ',']);
    }
    (!tags.is_empty()).then_some(Tags::List(tags))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(weak: bool, opaque: &str) -> Tag {
        Tag { weak, opaque: opaque.to_owned() }
    }

    #[test]
    fn reads_lists_of_entity_tags() {
        for (text, tags) in [
            ("*", Some(Tags::Any)),
            (" * ", Some(Tags::Any)),
            ("\"7\"", Some(Tags::List(vec![tag(false, "7")]))),
            ("W/\"7\"", Some(Tags::List(vec![tag(true, "7")]))),
            ("\"7\", W/\"8\",\"9\"", Some(Tags::List(vec![tag(false, "7"), tag(true, "8"), tag(false, "9")]))),
            (",, \"7\" ,", Some(Tags::List(vec![tag(false, "7")]))),
            ("\"a,b\"", Some(Tags::List(vec![tag(false, "a,b")]))),
            ("\"\"", Some(Tags::List(vec![tag(false, "")]))),
            ("7", None),
            ("\"7", None),
            ("\"7\" \"8\"", None),
            ("w/\"7\"", None),
            ("\"a b\"", None),
            ("*, \"7\"", None),
            ("", None),
            (",", None),
        ] {
            assert_eq!(parse_tags(text), tags, "{text:?}");
        }
    }
}
