//! Whether a connector's answer is one at all: pointers that lead somewhere, texts of bounded length, a normalised
//! configuration that its own schema accepts.

use serde_json::Value;

use crate::connectors::contract::{Advice, Verdict, text};
use crate::finding::{self, Finding};
use crate::schema::Schema;
use crate::statement::Statement;

const MAX_FINDINGS: usize = 100;
const MAX_CODE_BYTES: usize = 64;
const MAX_MESSAGE_BYTES: usize = 512;
const MAX_STATEMENT_BYTES: usize = 64 << 10;

/// Checks the answer to `validate` for this configuration.
pub(in crate::connectors) fn check_verdict(config: &Value, verdict: &Verdict, schema: &Schema) -> Result<(), String> {
    check_findings(config, &verdict.findings)?;
    let refused = finding::refuse(&verdict.findings);
    match &verdict.normalised {
        None if !refused => Err("it found no error, and gave no normalised configuration".to_owned()),
        Some(_) if refused => Err("it found an error, and gave a normalised configuration".to_owned()),
        Some(normalised) if !normalised.is_object() || !schema.accepts(normalised) => {
            Err("its normalised configuration breaks its own schema".to_owned())
        }
        _ => Ok(()),
    }
}

/// Checks findings that stand for an answer to `describe` or `plan`.
pub(in crate::connectors) fn check_refusal(config: &Value, findings: &[Finding]) -> Result<(), String> {
    if !finding::refuse(findings) {
        return Err("it refused without a finding that is an error".to_owned());
    }
    check_findings(config, findings)
}

fn check_findings(config: &Value, findings: &[Finding]) -> Result<(), String> {
    if findings.len() > MAX_FINDINGS {
        return Err(format!("it has more than {MAX_FINDINGS} findings"));
    }
    findings.iter().try_for_each(|finding| {
        if !is_code(&finding.code) {
            return Err("a finding's code is not [a-z][a-z0-9_]* of at most 64 bytes".to_owned());
        }
        check_text(&finding.message)?;
        finding.hint.as_deref().map_or(Ok(()), check_text)?;
        if leads_somewhere(config, &finding.pointer) {
            return Ok(());
        }
        Err(format!("the finding {} points to nowhere", finding.code))
    })
}

/// Checks advice about a fault.
pub(in crate::connectors) fn check_advice(advice: &Advice) -> Result<(), String> {
    check_text(&advice.message)?;
    check_text(&advice.remedy)
}

/// Checks a planned statement.
pub(in crate::connectors) fn check_statement(statement: &Statement) -> Result<(), String> {
    if statement.language != "sql" {
        return Err("a statement is in a language that this host does not know".to_owned());
    }
    if statement.text.len() > MAX_STATEMENT_BYTES {
        return Err(format!("a statement is longer than {} KiB", MAX_STATEMENT_BYTES >> 10));
    }
    // No text of a data source's protocol can have one.
    if std::iter::once(&statement.text).chain(&statement.parameters).any(|text| text.contains('\0')) {
        return Err("a statement or a parameter of it has a zero character".to_owned());
    }
    Ok(())
}

fn is_code(code: &str) -> bool {
    code.len() <= MAX_CODE_BYTES
        && code.starts_with(|first: char| first.is_ascii_lowercase())
        && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn check_text(text: &str) -> Result<(), String> {
    if text::is_line(text, MAX_MESSAGE_BYTES) {
        return Ok(());
    }
    Err(format!("a text is not one line of 1 to {MAX_MESSAGE_BYTES} bytes, without control characters of any kind"))
}

/// Whether a pointer names something that is there, or an absent member of an object that is there.
fn leads_somewhere(config: &Value, pointer: &str) -> bool {
    let Some((parent, _)) = pointer.rsplit_once('/') else { return pointer.is_empty() };
    config.pointer(pointer).is_some() || config.pointer(parent).is_some_and(Value::is_object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::code_of;
    use serde_json::json;

    #[test]
    fn knows_pointers_that_lead_somewhere() {
        let config = json!({"a": {"b/c": [1]}});
        for (pointer, leads) in [
            ("", true),
            ("/a", true),
            ("/absent", true),
            ("/a/b~1c/0", true),
            ("/a/absent", true),
            ("/a/b~1c/1", false),
            ("/absent/x", false),
            ("a", false),
        ] {
            assert_eq!(leads_somewhere(&config, pointer), leads, "{pointer}");
        }
    }

    /// Expects a refusal that an author is told what to do about.
    fn refused(answer: Result<(), String>, what: &str) {
        let reason = answer.expect_err(what);
        assert!(code_of(&reason).is_some(), "an author is not told what to do about {reason:?}");
    }

    #[test]
    fn refuses_answers_that_are_none() {
        let good = Finding::error("empty", "/a", "a is empty.");
        let cases = [
            Finding { code: "Empty".to_owned(), ..good.clone() },
            Finding { message: "x".repeat(513), ..good.clone() },
            Finding { message: "a\u{1b}[31m".to_owned(), ..good.clone() },
            Finding { message: "a\u{202e}b".to_owned(), ..good.clone() },
            Finding { hint: Some("a\u{2028}b".to_owned()), ..good.clone() },
            Finding { hint: Some(String::new()), ..good.clone() },
            Finding { pointer: "/x/y".to_owned(), ..good.clone() },
        ];
        assert_eq!(check_findings(&json!({}), std::slice::from_ref(&good)), Ok(()));
        for finding in cases {
            refused(check_findings(&json!({}), std::slice::from_ref(&finding)), &format!("{finding:?}"));
        }
        refused(check_findings(&json!({}), &vec![good.clone(); 101]), "101 findings");
        refused(check_refusal(&json!({}), &[]), "no finding");

        let schema = Schema::compile(&json!({"required": ["a"]})).unwrap();
        for (findings, normalised) in [(vec![], None), (vec![good], Some(json!({"a": 1}))), (vec![], Some(json!({})))] {
            let verdict = Verdict { findings, normalised };
            refused(check_verdict(&json!({}), &verdict, &schema), &format!("{verdict:?}"));
        }
        let select = Statement { language: "sql".to_owned(), text: "select 1".to_owned(), parameters: vec![] };
        for statement in [
            Statement { language: "cql".to_owned(), ..select.clone() },
            Statement { text: "x".repeat(MAX_STATEMENT_BYTES + 1), ..select.clone() },
            Statement { parameters: vec!["\0".to_owned()], ..select },
        ] {
            refused(check_statement(&statement), "a statement");
        }
    }
}
