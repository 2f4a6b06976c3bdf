//! Keys that are derived from the master key (HKDF-SHA-256, RFC 5869), each by a label of its own, and what they
//! authenticate (HMAC-SHA-256, RFC 2104). They are beside the secret stores, not in one: whichever store has a
//! connection's credentials, its row is authenticated alike.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;

use super::master_key::{IfMissing, MasterKeyError, MasterKeys};
use super::sealing::{Key, push_text};
use super::{Error, Reference};
use crate::{digest, hex};

/// The label of the keys that authenticate connections' rows.
const ROWS: &str = "patchpanel connection row";

/// The label of the key that marks compiled connectors.
const COMPILED: &str = "patchpanel compiled connector";

/// Keys that are derived from the master key. Clones share them.
#[derive(Clone)]
pub struct DerivedKeys {
    /// By the version of the master key: one that has been replaced still checks what it has signed.
    rows: Arc<BTreeMap<i64, hmac::Key>>,
    current: i64,
    compiled: hmac::Key,
}

/// What a connection is in the host's own words: whose, where it leads by its tenant's words, where its credentials are and
/// where they may go.
#[derive(Debug, Clone, Copy)]
pub struct RowFacts<'a> {
    /// The connection's id.
    pub connection: &'a str,
    /// The connection's project; empty for one of the whole organization.
    pub project: &'a str,
    /// The connection's organization.
    pub organization: &'a str,
    /// The secret store's name, and where the credentials are in it; none where there are none.
    pub secret: Option<(&'a str, &'a Reference)>,
    /// JSON, as it is stored: the configuration as the tenant sent it. What is made anew of a connection is made of that.
    pub config_sent: &'a str,
    /// JSON, as it is stored: what the credentials were accepted for.
    pub bindings: &'a str,
}

impl DerivedKeys {
    pub(super) fn of(master_keys: &MasterKeys) -> Result<Self, MasterKeyError> {
        let random = |Unspecified| MasterKeyError::Random;
        let current = master_keys.current_key();
        let derive = |(version, key): (i64, &Key)| Ok((version, key.derive(ROWS)?));
        let rows: Result<_, Unspecified> = master_keys.iter().map(derive).collect();
        Ok(Self {
            rows: Arc::new(rows.map_err(random)?),
            current: master_keys.current(),
            compiled: current.derive(COMPILED).map_err(random)?,
        })
    }

    /// The keys that come from the master key in the file at this path, which is made only as `if_missing` says.
    pub fn open(path: &Path, if_missing: IfMissing) -> Result<Self, MasterKeyError> {
        Self::of(&MasterKeys::open(path, if_missing)?)
    }

    /// Keys of a master key that is nowhere but in this process: what they sign is worth nothing to another one.
    #[cfg(test)]
    fn of_this_process() -> Result<Self, MasterKeyError> {
        Self::of(&MasterKeys::generate()?)
    }

    /// The key that marks compiled connectors.
    pub fn compiled(&self) -> hmac::Key {
        self.compiled.clone()
    }

    /// The signature of these facts: the master key's version, a dot, and 64 hex digits.
    pub fn sign(&self, facts: &RowFacts<'_>) -> Result<String, Error> {
        self.signature(self.current, facts).ok_or(Error::Corrupt)
    }

    /// Whether this is the signature of these facts.
    pub fn verify(&self, facts: &RowFacts<'_>, signature: &str) -> bool {
        let version = signature.split_once('.').and_then(|(version, _)| version.parse().ok());
        let right = version.and_then(|version| self.signature(version, facts));
        right.is_some_and(|right| verify_slices_are_equal(right.as_bytes(), signature.as_bytes()).is_ok())
    }

    /// None when there is no master key of this version.
    fn signature(&self, version: i64, facts: &RowFacts<'_>) -> Option<String> {
        let tag = hmac::sign(self.rows.get(&version)?, &facts.encode());
        Some(format!("{version}.{}", hex::encode(tag.as_ref())))
    }
}

impl RowFacts<'_> {
    /// Every field, each text with its length before it: no two facts are the same bytes.
    fn encode(&self) -> Vec<u8> {
        let Self { connection, project, organization, secret, config_sent, bindings } = self;
        let mut bytes = Vec::new();
        let (config_sent, bindings) = (digest::of(config_sent.as_bytes()), digest::of(bindings.as_bytes()));
        for text in [*organization, *project, *connection, &config_sent, &bindings] {
            push_text(&mut bytes, text);
        }
        if let Some((store, Reference { organization, key, version })) = secret {
            for text in [*store, organization, key] {
                push_text(&mut bytes, text);
            }
            bytes.extend_from_slice(&version.to_be_bytes());
        }
        bytes
    }
}

impl std::fmt::Debug for DerivedKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("DerivedKeys").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(organization: &str, key: &str, version: i64) -> Reference {
        Reference { organization: organization.into(), key: key.into(), version }
    }

    fn facts(reference: &Reference) -> RowFacts<'_> {
        RowFacts {
            connection: "c",
            project: "sales",
            organization: "acme",
            secret: Some(("local", reference)),
            config_sent: "{}",
            bindings: "[]",
        }
    }

    #[test]
    fn every_field_of_a_claim_counts() {
        let keys = DerivedKeys::of_this_process().unwrap();
        let right = reference("acme", "k", 1);
        let signature = keys.sign(&facts(&right)).unwrap();
        assert!(keys.verify(&facts(&right), &signature));
        for other in [reference("acmes", "k", 1), reference("acme", "l", 1), reference("acme", "k", 2)] {
            assert!(!keys.verify(&facts(&other), &signature), "{other:?}");
        }
        let facts = facts(&right);
        for other in [
            RowFacts { connection: "d", ..facts },
            RowFacts { project: "", ..facts },
            RowFacts { connection: "ccsales", project: "", ..facts },
            RowFacts { organization: "other", ..facts },
            RowFacts { secret: Some(("vault", &right)), ..facts },
            RowFacts { secret: None, ..facts },
            RowFacts { config_sent: "{ }", ..facts },
            RowFacts { bindings: "[ ]", ..facts },
        ] {
            assert!(!keys.verify(&other, &signature), "{other:?}");
        }
        let upper = signature.to_uppercase();
        for wrong in [
            "",
            "1.",
            "1",
            ".",
            "2.00",
            &signature[..signature.len() - 2],
            &signature[2..],
            &signature.replace("1.", "2."),
            &upper,
        ] {
            assert!(!keys.verify(&facts, wrong), "{wrong}");
        }
        assert!(!DerivedKeys::of_this_process().unwrap().verify(&facts, &signature), "another master key");
    }

    #[test]
    fn a_replaced_master_key_still_checks_what_it_signed() {
        let line = |version: i64, digit: &str| format!("{version} {}\n", digit.repeat(64));
        let keys = |text: &str| DerivedKeys::of(&MasterKeys::parse(text).unwrap()).unwrap();
        let (old, both, new) = (keys(&line(1, "a")), keys(&(line(1, "a") + &line(2, "b"))), keys(&line(2, "b")));
        let reference = reference("acme", "k", 1);
        let facts = facts(&reference);
        let signature = old.sign(&facts).unwrap();
        assert!(both.verify(&facts, &signature) && !new.verify(&facts, &signature));
        let signature = both.sign(&facts).unwrap();
        assert!(new.verify(&facts, &signature) && !old.verify(&facts, &signature));
    }
}
