//! The check of bearer tokens (RFC 7519, RFC 8725), stricter than the library's defaults: one algorithm, one key, and
//! nothing in the header that asks for other handling.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Caller, Grant, Role, check_organization, check_project};
use crate::{hex, json};

/// A longer token is refused unread.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// How far the clocks of issuer and host may differ, for `iat` and `nbf`. An expired token is expired.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(30);

/// The longest life that a token may claim.
pub const MAX_LIFETIME: SignedDuration = SignedDuration::from_hours(24 * 366);

/// A token for more audiences is one for everybody: each of them could use it here.
const MAX_AUDIENCES: usize = 10;

/// Why a token is refused. For the log: callers learn only that it was, and whether it has expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(&'static str);

/// The one reason that callers learn: whose token has expired has had a good one.
const EXPIRED: Refusal = Refusal("it has expired");

impl Refusal {
    /// Whether the token was a good one until it expired.
    pub fn is_expired(self) -> bool {
        self == EXPIRED
    }
}

/// Checks tokens of one issuer, signed with one Ed25519 key.
#[derive(Debug, Clone)]
pub struct Verifier {
    key: DecodingKey,
    key_id: String,
    issuer: String,
    audience: String,
}

/// What the header may hold. `crit`, `b64`, `jwk`, `jku`, `x5u`, `x5c` and whatever else would change how the token is
/// checked are refused with all other members.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub(super) alg: String,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) typ: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) kid: Option<String>,
}

/// The claims that count; others are ignored, as RFC 7519 section 4 demands.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) aud: Audience,
    pub(super) sub: String,
    pub(super) exp: i64,
    pub(super) iat: i64,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) nbf: Option<i64>,
    pub(super) org_id: String,
    pub(super) roles: Vec<RoleClaim>,
}

/// One audience or several (RFC 7519 section 4.1.3).
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Several(Vec<String>),
}

/// A role in the organization, or in one of its projects.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleClaim {
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) project: Option<String>,
    pub(super) role: String,
}

/// Reads an optional member that may be absent but not null: a role with `"project": null` must not become one for the
/// whole organization by accident.
fn present<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl Verifier {
    /// A verifier for tokens with this issuer and audience; `public_key` is the raw Ed25519 key of 32 bytes.
    pub fn new(public_key: &[u8], issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            key: DecodingKey::from_ed_der(public_key),
            key_id: key_id(public_key),
            issuer: issuer.into(),
            audience: audience.into(),
        }
    }

    /// Checks a token and says who calls with it.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Caller, Refusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Refusal("it is longer than 8 KiB"));
        }
        let (message, signature) = token.rsplit_once('.').ok_or(Refusal("it has one part, not three"))?;
        let (header, payload) = message.split_once('.').ok_or(Refusal("it has two parts, not three"))?;
        if payload.contains('.') {
            return Err(Refusal("it has more than three parts"));
        }
        self.check_header(part(header)?)?;
        match jsonwebtoken::crypto::verify(signature, message.as_bytes(), &self.key, Algorithm::EdDSA) {
            Ok(true) => {}
            Ok(false) | Err(_) => return Err(Refusal("its signature is not by our key")),
        }
        self.caller(part(payload)?, now)
    }

    fn check_header(&self, header: Header) -> Result<(), Refusal> {
        if header.alg != "EdDSA" {
            return Err(Refusal("its algorithm is not EdDSA"));
        }
        if header.typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
            return Err(Refusal("its typ is not JWT"));
        }
        if header.kid.is_some_and(|kid| kid != self.key_id) {
            return Err(Refusal("its kid is not our key's"));
        }
        Ok(())
    }

    fn caller(&self, claims: Claims, now: Timestamp) -> Result<Caller, Refusal> {
        if claims.iss != self.issuer {
            return Err(Refusal("its issuer is another"));
        }
        let for_us = match &claims.aud {
            Audience::One(audience) => *audience == self.audience,
            Audience::Several(audiences) if audiences.len() > MAX_AUDIENCES => {
                return Err(Refusal("it is for too many audiences"));
            }
            Audience::Several(audiences) => audiences.contains(&self.audience),
        };
        if !for_us {
            return Err(Refusal("it is for another audience"));
        }
        check_times(&claims, now)?;
        if check_project(&claims.sub).is_err() {
            return Err(Refusal("its subject is empty, too long or has control characters"));
        }
        if check_organization(&claims.org_id).is_err() {
            return Err(Refusal("its organization is not a valid name"));
        }
        Ok(Caller {
            principal: format!("user:{}", claims.sub),
            organization: claims.org_id,
            grants: claims.roles.into_iter().map(grant).collect::<Result<_, _>>()?,
        })
    }
}

/// The name of a key in the header of tokens: the first 16 hex digits of its SHA-256.
pub(super) fn key_id(public_key: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, public_key);
    hex::encode(&digest.as_ref()[..8])
}

/// Decodes one part: base64url without padding, white space or stray bits, then JSON without duplicate members.
fn part<T: DeserializeOwned>(encoded: &str) -> Result<T, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| Refusal("a part of it is not base64url"))?;
    let value: Value = json::parse(&bytes).map_err(|_| Refusal("a part of it is not JSON with unique members"))?;
    T::deserialize(value).map_err(|_| Refusal("a member of it is missing, unknown or of the wrong type"))
}

fn check_times(claims: &Claims, now: Timestamp) -> Result<(), Refusal> {
    let time = |seconds| Timestamp::from_second(seconds).map_err(|_| Refusal("one of its times is out of range"));
    let (issued, expires) = (time(claims.iat)?, time(claims.exp)?);
    if expires <= now {
        return Err(EXPIRED);
    }
    // Durations between timestamps cannot overflow, whereas adding to one can.
    if issued.duration_since(now) > CLOCK_SKEW {
        return Err(Refusal("it was issued in the future"));
    }
    if expires.duration_since(issued) > MAX_LIFETIME || expires <= issued {
        return Err(Refusal("it claims to live too long or not at all"));
    }
    if let Some(not_before) = claims.nbf
        && time(not_before)?.duration_since(now) > CLOCK_SKEW
    {
        return Err(Refusal("it is not valid yet"));
    }
    Ok(())
}

fn grant(claim: RoleClaim) -> Result<Grant, Refusal> {
    if claim.project.as_deref().is_some_and(|project| check_project(project).is_err()) {
        return Err(Refusal("one of its projects is not a valid name"));
    }
    let role = Role::from_name(&claim.role).ok_or(Refusal("one of its roles is unknown"))?;
    Ok(Grant { project: claim.project, role })
}

#[cfg(test)]
mod tests;
