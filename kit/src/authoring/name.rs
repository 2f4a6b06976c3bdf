//! The name of a connector: its type, and a part of the names of its files and packages.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// A name such as `my-database`: words of lower-case letters and digits, the first of them beginning with a letter, with
/// single hyphens between them, at most 64 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Name(String);

impl Name {
    /// The name as it stands in URLs and file names.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name for people: `my-database` is `My Database`.
    pub fn title(&self) -> String {
        let words = self.0.split('-').map(|word| {
            let (first, rest) = word.split_at(word.len().min(1));
            first.to_uppercase() + rest
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let begins = text.starts_with(|first: char| first.is_ascii_lowercase());
        if begins && text.len() <= 64 && text.split('-').all(is_word) {
            return Ok(Self(text.to_owned()));
        }
        Err("a connector's name begins with a lower-case letter and has lower-case letters, digits and single hyphens \
             between them, at most 64, such as my-database"
            .to_owned())
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_names_that_become_packages_and_types() {
        for name in ["a", "my-database", "db2", "x-1"] {
            assert_eq!(name.parse::<Name>().unwrap().as_str(), name);
        }
        let long = "a".repeat(65);
        for name in ["", "-a", "a-", "a--b", "A", "1a", "a_b", "a.b", "../a", "a/b", "é", "a b", &long] {
            assert!(name.parse::<Name>().is_err(), "{name}");
        }
        assert_eq!("my-db2".parse::<Name>().unwrap().title(), "My Db2");
    }
}
