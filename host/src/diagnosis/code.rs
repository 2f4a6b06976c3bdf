//! The stable codes of faults: for each the stages where it can occur, whose fault it is, whether a retry can help, and
//! the words for it. A driver adds what it knows of the single case.

use super::{Blame, Stage};

mod login;
mod network;
mod server;
mod stored;
mod tls;
mod usage;

pub use login::*;
pub use network::*;
pub use server::*;
pub use stored::*;
pub use tls::*;
pub use usage::*;

/// What a stable code stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// The code, `[a-z][a-z0-9_]*`.
    pub name: &'static str,
    /// The stages where it can occur.
    pub stages: &'static [Stage],
    /// Whose fault it is.
    pub blame: Blame,
    /// Whether trying again later, with nothing changed, can help.
    pub retryable: bool,
    /// What happened, where nothing more is known.
    pub message: &'static str,
    /// What to do, where nothing more is known.
    pub remedy: &'static str,
}

/// A fault that the stage where it came up is not known to have; which one it was is in the log.
pub const UNCLASSIFIED: Code = Code {
    name: "unclassified",
    stages: &Stage::ALL,
    blame: Blame::Host,
    retryable: false,
    message: "Something went wrong that is not known to go wrong here.",
    remedy: "Tell whoever runs this installation; its log says more.",
};

/// Every code, in the order of the stages.
pub fn all() -> impl Iterator<Item = &'static Code> {
    let tables = [stored::ALL, network::ALL, tls::ALL, login::ALL, server::ALL, usage::ALL, &[&UNCLASSIFIED]];
    tables.into_iter().flatten().copied()
}

/// Whether the code of this name can occur in this stage.
pub fn occurs(name: &str, stage: Stage) -> bool {
    all().any(|code| code.name == name && code.stages.contains(&stage))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_code_is_well_formed_and_unique() {
        let mut names = HashSet::new();
        for code in all() {
            assert!(names.insert(code.name), "{} is there twice", code.name);
            assert!(code.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", code.name);
            assert!(!code.stages.is_empty(), "{} occurs nowhere", code.name);
            for words in [code.message, code.remedy] {
                assert!(words.ends_with('.') && words.len() <= 512, "{}: {words}", code.name);
            }
        }
        assert!(names.len() > 50);
    }

    #[test]
    fn no_code_is_missing_in_the_table_of_its_file() {
        for (file, table) in [
            (include_str!("code/stored.rs"), stored::ALL),
            (include_str!("code/network.rs"), network::ALL),
            (include_str!("code/tls.rs"), tls::ALL),
            (include_str!("code/login.rs"), login::ALL),
            (include_str!("code/server.rs"), server::ALL),
            (include_str!("code/usage.rs"), usage::ALL),
        ] {
            assert_eq!(file.matches(": Code = Code {").count(), table.len(), "behind {}", table[0].name);
        }
    }
}
