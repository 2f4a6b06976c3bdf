//! Tests that cannot run everywhere.

use std::fmt::Display;
use std::io::Write as _;

/// Says loudly that a test is skipped, and why; panics in a CI job, which is there to see every test run.
pub fn skip(test: &str, reason: impl Display) {
    assert!(std::env::var_os("CI").is_none_or(|value| value != "true"), "{test}: {reason}");
    // Around the test runner, which would show it only if the test failed.
    assert!(writeln!(std::io::stderr(), "\nSKIPPED {test}: {reason}").is_ok(), "nobody can be told: {reason}");
}
