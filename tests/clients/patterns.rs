//! Every pattern of the document and of the forms is read alike by the engines that clients have.

use serde_json::{Value, json};
use test_support::tools::Tools;

use super::{document, host, run};

/// Texts that patterns are tried with. None ends with a line end, before which Python's `$` matches too.
const TEXTS: [&str; 14] = [
    "",
    "a",
    "Orders",
    "a b",
    "a,b",
    "a\tb",
    "a\nb",
    "a\u{0}b",
    "a\u{85}b",
    "é",
    "\u{1f600}",
    "\"1.0\"",
    "W/\"x\", \"y\"",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
];

#[test]
fn every_pattern_is_read_alike_by_every_engine() {
    let test = "every_pattern_is_read_alike_by_every_engine";
    let (Some(python), Some(node)) = ["python", "typescript"].map(|name| Tools::find(test, name).unwrap()).into()
    else {
        return;
    };
    let viewer = host().client_of("patterns", "sales", "viewer").unwrap();
    let mut patterns = Vec::new();
    collect(&document(), &mut patterns);
    let of_document = patterns.len();
    collect(&viewer.get("/assets/data/types").unwrap().json().unwrap(), &mut patterns);
    assert!(of_document > 5 && patterns.len() > of_document, "{patterns:?}");

    let ours: Vec<Vec<bool>> = patterns
        .iter()
        .map(|pattern| {
            let validator = jsonschema::draft202012::new(&json!({ "pattern": pattern })).unwrap();
            TEXTS.iter().map(|text| validator.is_valid(&json!(text))).collect()
        })
        .collect();
    let input = json!({"patterns": patterns, "texts": TEXTS}).to_string();
    let script = "import json, os, re; i = json.loads(os.environ['INPUT']); \
                  print(json.dumps([[re.search(p, t) is not None for t in i['texts']] for p in i['patterns']]))";
    let theirs = run(python.command("python").args(["-W", "error", "-c", script]).env("INPUT", &input));
    assert_eq!(serde_json::from_str::<Value>(&theirs).unwrap(), json!(ours), "Python, {patterns:?}");
    for flags in ["", "u"] {
        let script = format!(
            "const i = JSON.parse(process.env.INPUT); \
             console.log(JSON.stringify(i.patterns.map(p => i.texts.map(t => new RegExp(p, '{flags}').test(t)))))"
        );
        let theirs = run(node.command("node").args(["-e", &script]).env("INPUT", &input));
        assert_eq!(
            serde_json::from_str::<Value>(&theirs).unwrap(),
            json!(ours),
            "ECMA-262 with {flags:?}, {patterns:?}"
        );
    }
}

/// The patterns of a document, wherever they are.
fn collect(value: &Value, patterns: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(pattern) if name == "pattern" => patterns.push(pattern.clone()),
                    member => collect(member, patterns),
                }
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, patterns)),
        _ => {}
    }
}
