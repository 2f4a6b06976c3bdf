//! Hostile values in every field of the examples, one at a time.

use serde_json::{Value, json};

use super::generate::Generator;
use super::{Kit, MAX_FAILURES, Tried};

/// Texts that have broken something, somewhere.
pub(super) const TEXTS: [&str; 36] = [
    "",
    " ",
    "\0",
    "a\0b",
    "\n",
    "a\r\nb",
    "\t",
    "\u{1b}[31m",
    "\u{7f}",
    "\u{85}",
    "\u{202e}moc.elpmaxe",
    "\u{feff}",
    "\u{fffd}",
    "\u{10ffff}",
    "e\u{301}",
    "👩‍👩‍👧‍👦",
    "ﬀ",
    "İ",
    "１２７.0.0.1",
    "'",
    "\"",
    "\\",
    "`",
    "'; drop table users; --",
    "${jndi:ldap://example.com/a}",
    "{{7*7}}",
    "{/host}",
    "%00",
    "%s%n",
    "../../../../etc/passwd",
    "/var/run/postgresql",
    "postgres://user:password@db.example.com:5432/sales?sslmode=disable",
    "db.example.com,evil.example.net",
    "host=db.example.com hostaddr=169.254.169.254",
    "[::1]",
    "__proto__",
];

/// Characters of the texts that are only long.
const LONG: [usize; 3] = [256, 65_536, 200_000];

/// Numbers at the edges.
pub(super) fn numbers() -> Vec<Value> {
    vec![
        json!(0),
        json!(-1),
        json!(-0.0),
        json!(0.5),
        json!(1.0),
        json!(65535),
        json!(65536),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(9_007_199_254_740_993_u64),
        json!(1e308),
        json!(-1e308),
        json!(5e-324),
    ]
}

/// A value of many levels; a host takes 64.
pub(super) fn nested() -> Value {
    (0..50).fold(json!("deep"), |inner, _| json!([inner]))
}

pub(super) fn check(kit: &Kit<'_>) -> Tried {
    let mut tried = Tried::default();
    let (mut count, mut failures) = (0, 0);
    let examples = kit.version.manifest().examples.iter().map(|example| (example.clone(), places(example)));
    for config in examples.chain(extended(kit)).flat_map(spoilt) {
        if failures == MAX_FAILURES || tried.is_full() {
            break;
        }
        count += 1;
        if let Err(failed) = kit.try_it(&config) {
            failures += 1;
            tried.add(failed.finding(&config));
        }
    }
    tried.what = format!("{count} values in the fields of the examples, and in those that they have not");
    tried
}

/// The examples with one more member that the schema has, and the places in it.
pub(super) fn extended(kit: &Kit<'_>) -> impl Iterator<Item = (Value, Vec<String>)> {
    let manifest = kit.version.manifest();
    let extended = Generator::new(&manifest.config_schema, &manifest.examples, kit.options.seed).extended();
    extended.into_iter().map(|(config, added)| {
        let inside = config.pointer(&added).map(places).unwrap_or_default();
        (config, inside.into_iter().map(|place| format!("{added}{place}")).collect())
    })
}

/// An example with each value in each of these places.
fn spoilt((example, places): (Value, Vec<String>)) -> impl Iterator<Item = Value> {
    let spoil = move |(place, value): (String, Value)| {
        let mut config = example.clone();
        *config.pointer_mut(&place)? = value;
        Some(config)
    };
    let each = places.into_iter().flat_map(|place| values().map(move |value| (place.clone(), value)));
    each.filter_map(spoil)
}

fn values() -> impl Iterator<Item = Value> {
    let long = LONG.into_iter().map(|length| Value::String("x".repeat(length)));
    let others = [Value::Null, json!(true), json!([]), json!({}), nested(), Value::from(vec!["x"; 5000])];
    TEXTS.into_iter().map(Value::from).chain(long).chain(numbers()).chain(others)
}

/// The pointers of everything in a value that has nothing below itself.
pub(super) fn places(value: &Value) -> Vec<String> {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(members) => {
            members.iter().map(|(name, member)| (patchpanel::json::member("", name), member)).collect()
        }
        Value::Array(elements) => {
            elements.iter().enumerate().map(|(index, element)| (format!("/{index}"), element)).collect()
        }
        _ => return vec![String::new()],
    };
    let inside = |(here, inner): (String, &Value)| places(inner).into_iter().map(move |more| format!("{here}{more}"));
    below.into_iter().flat_map(inside).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_place() {
        let value = json!({"a": 1, "b/c": [{"d": "x"}, []], "e": {}});
        assert_eq!(places(&value), ["/a", "/b~1c/0/d"]);
    }
}
