//! Its texts are HTML, scripts and links, and its schema is made to break whoever draws a form of it: names that mean something
//! to JavaScript, writing that turns round, a pattern that some engines never finish, thousands of choices, many levels.

use guests::{Behaviour, Finding, Instruction, Manifest, Request, Severity, Verdict, good};

struct Guest;

const HTML: &str = "<img src=x onerror=window.broken=1><script>window.broken=2</script><b>bold</b>";
const LINKS: &str =
    "[here](javascript:window.broken=3) https://evil.example/ <a href='javascript:window.broken=4'>there</a>";

/// Members whose names or schemas are the trap.
fn traps() -> String {
    let choices: Vec<String> = (0..4_000).map(|number| format!(r#""choice-{number}""#)).collect();
    let wide: Vec<String> = (0..600).map(|number| format!(r#""w{number}": {{"type": "string"}}"#)).collect();
    let deep = (0..28).fold(r#"{"type": "string"}"#.to_owned(), |inner, level| {
        format!(r#"{{"type": "object", "title": "Level {level}", "properties": {{"inner": {inner}}}}}"#)
    });
    let (choices, wide) = (choices.join(", "), wide.join(", "));
    format!(
        r#""__proto__": {{"type": "string", "title": "__proto__", "description": "{HTML}"}},
        "constructor": {{"type": "object", "title": "constructor", "properties": {{
            "prototype": {{"type": "object", "properties": {{"broken": {{"type": "string", "title": "Broken"}}}}}}}}}},
        "toString": {{"type": "boolean", "title": "{HTML}", "default": true}},
        "turned": {{"type": "string", "title": "\u202egnp.exe", "description": "Read \u202e\u2066backwards, \u200bhidden"}},
        "slow": {{"type": "string", "title": "Slow", "pattern": "^(a+)+$", "maxLength": 200}},
        "many": {{"title": "Many", "enum": [{choices}]}},
        "wide": {{"type": "object", "title": "Wide", "properties": {{{wide}}}}},
        "deep": {deep},
        "large": {{"type": "integer", "title": "Large"}},
        "kinds": {{"title": "Kinds", "oneOf": [
            {{"title": "By file", "type": "object", "required": ["kind"], "properties": {{
                "kind": {{"const": "file"}}, "path": {{"type": "string", "title": "Path"}}}}}},
            {{"title": "By name", "type": "object", "required": ["kind"], "properties": {{
                "kind": {{"const": "name"}}, "label": {{"type": "string", "title": "Label"}}}}}}]}},
        "labels": {{"type": "object", "title": "Labels", "additionalProperties": {{"type": "string"}}}},
        "anything": {{"title": "Anything", "description": "{HTML}"}},"#
    )
}

impl Behaviour for Guest {
    const NAME: &'static str = "break-the-form";

    fn manifest() -> Manifest {
        let schema = good::CONFIG_SCHEMA.replace(r#""trigger": {"#, &format!(r#"{} "trigger": {{"#, traps()));
        let setup = Instruction {
            title: HTML.to_owned(),
            language: "text".to_owned(),
            text: format!("{HTML}\n{LINKS}"),
            extras: Vec::new(),
        };
        Manifest {
            title: HTML.to_owned(),
            description: format!("{HTML} {LINKS}"),
            config_schema: schema,
            setup: vec![setup],
            ..good::manifest(Self::NAME)
        }
    }

    fn validate(request: &Request) -> Verdict {
        let finding = Finding { hint: Some(LINKS.to_owned()), ..good::finding(Severity::Warning, HTML) };
        Verdict { findings: vec![finding], ..good::validate(request) }
    }
}

guests::export!(Guest);

fn main() {}
