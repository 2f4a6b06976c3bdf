//! Whether a connector's answer is one at all: pointers that lead somewhere, texts of bounded length, a normalised
//! configuration that its own schema accepts.

use serde_json::Value;

use crate::connectors::contract::{Advice, Nonsense, Verdict, text};
use crate::drivers;
use crate::finding::{self, Finding};
use crate::schema::Schema;
use crate::statement::Statement;

const MAX_FINDINGS: usize = 100;
const MAX_CODE_BYTES: usize = 64;
const MAX_MESSAGE_BYTES: usize = 512;
const MAX_STATEMENT_BYTES: usize = 64 << 10;

/// Checks the answer to `validate` for this configuration.
pub(in crate::connectors) fn check_verdict(config: &Value, verdict: &Verdict, schema: &Schema) -> Result<(), Nonsense> {
    check_findings(config, &verdict.findings)?;
    let refused = finding::refuse(&verdict.findings);
    match &verdict.normalised {
        None if !refused => Err(Nonsense::NoNormalised),
        Some(_) if refused => Err(Nonsense::NormalisedBesideAnError),
        Some(normalised) if !normalised.is_object() || !schema.accepts(normalised) => {
            Err(Nonsense::NormalisedBreaksSchema)
        }
        _ => Ok(()),
    }
}

/// Checks findings that stand for an answer to `describe` or `plan`.
pub(in crate::connectors) fn check_refusal(config: &Value, findings: &[Finding]) -> Result<(), Nonsense> {
    if !finding::refuse(findings) {
        return Err(Nonsense::RefusedWithoutAReason);
    }
    check_findings(config, findings)
}

fn check_findings(config: &Value, findings: &[Finding]) -> Result<(), Nonsense> {
    if findings.len() > MAX_FINDINGS {
        return Err(Nonsense::TooManyFindings(MAX_FINDINGS));
    }
    findings.iter().try_for_each(|finding| {
        if !is_code(&finding.code) {
            return Err(Nonsense::BadCode(MAX_CODE_BYTES));
        }
        check_text(&finding.message)?;
        finding.hint.as_deref().map_or(Ok(()), check_text)?;
        if leads_somewhere(config, &finding.pointer) {
            return Ok(());
        }
        Err(Nonsense::PointerToNowhere(finding.code.clone()))
    })
}

/// Checks advice about a fault.
pub(in crate::connectors) fn check_advice(advice: &Advice) -> Result<(), Nonsense> {
    check_text(&advice.message)?;
    check_text(&advice.remedy)
}

/// Checks a statement that was planned for one of these drivers.
pub(in crate::connectors) fn check_statement(statement: &Statement, drivers: &[String]) -> Result<(), Nonsense> {
    let mut languages = drivers.iter().filter_map(|name| drivers::find(name)).flat_map(|driver| driver.languages);
    if !languages.any(|language| *language == statement.language) {
        return Err(Nonsense::UnknownLanguage);
    }
    if statement.text.len() > MAX_STATEMENT_BYTES {
        return Err(Nonsense::LongStatement(MAX_STATEMENT_BYTES >> 10));
    }
    // No text of a data source's protocol can have one.
    if std::iter::once(&statement.text).chain(&statement.parameters).any(|text| text.contains('\0')) {
        return Err(Nonsense::ZeroInStatement);
    }
    Ok(())
}

fn is_code(code: &str) -> bool {
    code.len() <= MAX_CODE_BYTES
        && code.starts_with(|first: char| first.is_ascii_lowercase())
        && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn check_text(text: &str) -> Result<(), Nonsense> {
    if text::is_line(text, MAX_MESSAGE_BYTES) {
        return Ok(());
    }
    Err(Nonsense::BadText(MAX_MESSAGE_BYTES))
}

/// Whether a pointer names something that is there, or an absent member of an object that is there.
fn leads_somewhere(config: &Value, pointer: &str) -> bool {
    let Some((parent, _)) = pointer.rsplit_once('/') else { return pointer.is_empty() };
    config.pointer(pointer).is_some() || config.pointer(parent).is_some_and(Value::is_object)
}

#[cfg(test)]
mod tests {
    use super::*;
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

    #[test]
    fn refuses_answers_that_are_none() {
        let good = Finding::error("empty", "/a", "a is empty.");
        let (code, text) = (Nonsense::BadCode(64), Nonsense::BadText(512));
        let cases = [
            (&code, Finding { code: "Empty".to_owned(), ..good.clone() }),
            (&text, Finding { message: "x".repeat(513), ..good.clone() }),
            (&text, Finding { message: "a\u{1b}[31m".to_owned(), ..good.clone() }),
            (&text, Finding { message: "a\u{202e}b".to_owned(), ..good.clone() }),
            (&text, Finding { hint: Some("a\u{2028}b".to_owned()), ..good.clone() }),
            (&text, Finding { hint: Some(String::new()), ..good.clone() }),
            (&Nonsense::PointerToNowhere("empty".to_owned()), Finding { pointer: "/x/y".to_owned(), ..good.clone() }),
        ];
        assert_eq!(check_findings(&json!({}), std::slice::from_ref(&good)), Ok(()));
        for (nonsense, finding) in cases {
            let checked = check_findings(&json!({}), std::slice::from_ref(&finding));
            assert_eq!(checked.as_ref(), Err(nonsense), "{finding:?}");
        }
        assert_eq!(check_findings(&json!({}), &vec![good.clone(); 101]), Err(Nonsense::TooManyFindings(100)));
        assert_eq!(check_refusal(&json!({}), &[]), Err(Nonsense::RefusedWithoutAReason));
    }

    #[test]
    fn refuses_verdicts_that_contradict_themselves() {
        let schema = Schema::compile(&json!({"required": ["a"]})).unwrap();
        let error = Finding::error("empty", "/a", "a is empty.");
        for (findings, normalised, nonsense) in [
            (vec![], None, Nonsense::NoNormalised),
            (vec![error], Some(json!({"a": 1})), Nonsense::NormalisedBesideAnError),
            (vec![], Some(json!({})), Nonsense::NormalisedBreaksSchema),
        ] {
            let verdict = Verdict { findings, normalised };
            assert_eq!(check_verdict(&json!({}), &verdict, &schema), Err(nonsense));
        }
    }

    #[test]
    fn refuses_statements_that_no_driver_can_run() {
        let select = Statement { language: "sql".to_owned(), text: "select 1".to_owned(), parameters: vec![] };
        let drivers = ["postgres".to_owned()];
        assert_eq!(check_statement(&select, &drivers), Ok(()));
        assert_eq!(check_statement(&select, &[]), Err(Nonsense::UnknownLanguage));
        for (statement, nonsense) in [
            (Statement { language: "cql".to_owned(), ..select.clone() }, Nonsense::UnknownLanguage),
            (Statement { text: "x".repeat(MAX_STATEMENT_BYTES + 1), ..select.clone() }, Nonsense::LongStatement(64)),
            (Statement { parameters: vec!["\0".to_owned()], ..select }, Nonsense::ZeroInStatement),
        ] {
            assert_eq!(check_statement(&statement, &drivers), Err(nonsense));
        }
    }
}
