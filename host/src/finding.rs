//! One thing to say about an input, in the form that schemas, connectors and the host itself share.

use std::fmt;

use crate::json;

/// A pointer is cut to this many bytes: who sends an input may give its members names of megabytes.
const MAX_POINTER_BYTES: usize = 1024;

/// The same for a message, which may have names in it.
const MAX_MESSAGE_BYTES: usize = 4096;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The input is refused: nothing is stored, and nothing dialled.
    Error,
    /// The input is taken, and the user told.
    Warning,
}

impl Severity {
    /// Every severity.
    pub const ALL: [Self; 2] = [Self::Error, Self::Warning];

    /// The name in the HTTP API, such as `error`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One thing to say about an input: found by a schema, a connector or the host itself. It never repeats the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// Stable, such as `required`.
    pub code: String,
    /// JSON pointer (RFC 6901) of the member that it is about; empty for the whole input, and cut when it is long.
    pub pointer: String,
    /// One sentence.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Finding {
    /// An error about the member at a JSON pointer, without a hint.
    pub fn error(code: &str, pointer: &str, message: &str) -> Self {
        Self {
            severity: Severity::Error,
            code: code.to_owned(),
            pointer: bounded(pointer),
            message: cut(message, MAX_MESSAGE_BYTES),
            hint: None,
        }
    }

    /// The finding, with what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: &str) -> Self {
        self.hint = Some(hint.to_owned());
        self
    }

    /// Whether it refuses the input.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// In one line: where, unless it is about the whole input, and what.
impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.pointer.is_empty() {
            write!(formatter, "{}: ", self.pointer)?;
        }
        formatter.write_str(&self.message)
    }
}

/// Whether one of these findings refuses the input.
pub fn refuse(findings: &[Finding]) -> bool {
    findings.iter().any(Finding::is_error)
}

/// The one that speaks for all: the first that refuses the input, or else the first.
pub fn first(findings: &[Finding]) -> Option<&Finding> {
    findings.iter().find(|finding| finding.is_error()).or(findings.first())
}

/// One sentence for all of them: the [`first`], and how many more there are.
pub fn summary(findings: &[Finding]) -> Option<String> {
    let (first, more) = (first(findings)?.to_string(), findings.len() - 1);
    Some(match first.strip_suffix('.') {
        _ if more == 0 => first,
        Some(sentence) => format!("{sentence}, and {more} more."),
        None => format!("{first} And {more} more."),
    })
}

/// A pointer as findings have it.
pub fn bounded(pointer: &str) -> String {
    cut(pointer, MAX_POINTER_BYTES)
}

/// At most so many bytes of a text, and what says that there were more.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(most)])
}

/// Moves findings about a value to where the value is in the object around it: below this member.
pub fn under(member: &str, findings: Vec<Finding>) -> impl Iterator<Item = Finding> {
    let prefix = json::member("", member);
    let moved = move |pointer: &str| bounded(&format!("{prefix}{pointer}"));
    findings.into_iter().map(move |finding| Finding { pointer: moved(&finding.pointer), ..finding })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_point_into_the_body() {
        let findings = vec![Finding::error("a", "", "m"), Finding::error("b", "/port", "m")];
        let moved: Vec<_> = under("a/b~c", findings).map(|finding| finding.pointer).collect();
        assert_eq!(moved, ["/a~1b~0c", "/a~1b~0c/port"]);
    }

    #[test]
    fn long_names_are_cut_between_characters_and_alike_wherever_a_finding_comes_from() {
        for (name, kept) in [("k".repeat(900_000), 1023), ("é".repeat(500_000), 1022), ("k".repeat(1023), 1023)] {
            let whole = format!("/{name}");
            let found = Finding::error("a", &whole, "m");
            let expected = format!("/{}{}", &name[..kept], if name.len() == kept { "" } else { "…" });
            assert_eq!(found.pointer, expected);
            let moved: Vec<_> = under("config", vec![found]).collect();
            assert_eq!(moved[0].pointer, bounded(&format!("/config{whole}")));
        }
        assert!(Finding::error("a", "", &"m".repeat(900_000)).message.len() < 5000);
    }

    #[test]
    fn the_first_error_speaks_for_all() {
        let error = Finding::error("a", "/a", "It is wrong.");
        let warning = Finding { severity: Severity::Warning, pointer: "/w".to_owned(), ..error.clone() };
        assert_eq!(summary(&[]), None);
        assert_eq!(summary(std::slice::from_ref(&warning)).unwrap(), "/w: It is wrong.");
        assert_eq!(summary(&[warning, error.clone(), error.clone()]).unwrap(), "/a: It is wrong, and 2 more.");
        let question = Finding { message: "Did you mean it?".to_owned(), ..error.clone() };
        assert_eq!(summary(&[question, error]).unwrap(), "/a: Did you mean it? And 1 more.");
    }

    #[test]
    fn an_error_refuses_and_a_warning_does_not() {
        let error = Finding::error("a", "", "m");
        let warning = Finding { severity: Severity::Warning, ..error.clone() };
        for (findings, refused) in [(vec![], false), (vec![warning.clone()], false), (vec![warning, error], true)] {
            assert_eq!(refuse(&findings), refused, "{findings:?}");
        }
    }
}
