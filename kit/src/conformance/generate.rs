//! Configurations made from a schema and a seed: about half of them as the schema wants them, the others spoilt.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use serde_json::{Map, Number, Value, json};

use super::hostile;

/// Levels of a value; deeper than most people nest, and less than a host takes.
const MAX_DEPTH: usize = 6;

/// Elements of a list, unless the schema asks for more.
const MAX_ELEMENTS: u64 = 4;

/// The longest text that is made for its length alone.
const MAX_LENGTH: u64 = 4096;

/// Texts as people write them.
const WORDS: [&str; 12] = [
    "db.example.com",
    "localhost",
    "203.0.113.7",
    "2001:db8::1",
    "sales",
    "public",
    "Ünïcödé",
    "数据库",
    "a",
    "A longer text, with spaces and a full stop.",
    "5432",
    "true",
];

/// Makes configurations of one schema.
pub(super) struct Generator<'a> {
    schema: &'a Value,
    /// Configurations that are accepted, to begin with.
    examples: &'a [Value],
    random: ChaCha8Rng,
}

impl<'a> Generator<'a> {
    /// A generator of configurations; the same seed gives the same ones.
    pub(super) fn new(schema: &'a Value, examples: &'a [Value], seed: u64) -> Self {
        Self { schema, examples, random: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// Makes the next configuration.
    pub(super) fn config(&mut self) -> Value {
        let mut config = self.value(self.schema, 0);
        if self.one_in(2) {
            let (generated, example) = (config, self.pick(self.examples).cloned());
            config = example.unwrap_or_default();
            // An example with a few members of the other.
            for (name, value) in generated.as_object().into_iter().flatten() {
                if self.one_in(4) {
                    config.as_object_mut().and_then(|members| members.insert(name.clone(), value.clone()));
                }
            }
        }
        if !config.is_object() {
            config = json!({});
        }
        if self.one_in(2) {
            for _ in 0..=self.below(3) {
                self.spoil(&mut config);
            }
        }
        config
    }

    /// The examples, each with one more member that the schema has for one of its objects; and the pointer of that member.
    pub(super) fn extended(&mut self) -> Vec<(Value, String)> {
        let mut extended = Vec::new();
        for example in self.examples {
            let mut open = vec![(String::new(), self.schema.clone(), example)];
            while let Some((pointer, schema, value)) = open.pop() {
                let (schema, Some(members)) = (self.resolve(&schema), value.as_object()) else { continue };
                for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
                    let here = patchpanel::json::member(&pointer, name);
                    if let Some(member) = members.get(name) {
                        open.push((here, property.clone(), member));
                        continue;
                    }
                    let (mut config, value) = (example.clone(), self.value(property, 0));
                    let object = config.pointer_mut(&pointer).and_then(Value::as_object_mut);
                    object.and_then(|object| object.insert(name.clone(), value));
                    extended.push((config, here));
                }
            }
        }
        extended
    }

    fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.random.next_u64() % end }
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn pick<'b, T>(&mut self, from: &'b [T]) -> Option<&'b T> {
        let index = self.below(from.len() as u64);
        from.get(usize::try_from(index).unwrap_or_default())
    }

    fn value(&mut self, schema: &Value, depth: usize) -> Value {
        let schema = &self.resolve(schema);
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let Some(value) = schema.get("enum").and_then(Value::as_array).and_then(|values| self.pick(values)) {
            return value.clone();
        }
        let mut known: Vec<Value> = schema.get("examples").and_then(Value::as_array).cloned().unwrap_or_default();
        known.extend(schema.get("default").cloned());
        if !known.is_empty() && self.one_in(2) {
            return self.pick(&known).cloned().unwrap_or_default();
        }
        match self.kind(schema).as_str() {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, depth),
            "string" => Value::String(self.text(schema)),
            "integer" => self.integer(schema),
            "number" => Number::from_f64(self.random.next_u32().into()).map_or(Value::Null, Value::Number),
            "boolean" => Value::Bool(self.one_in(2)),
            _ => Value::Null,
        }
    }

    /// A schema with its reference and one of its alternatives put in.
    fn resolve(&mut self, schema: &Value) -> Value {
        let mut whole = schema.clone();
        // Admission has seen to it that no reference leads back to itself.
        while let Some(reference) = whole.get("$ref").and_then(Value::as_str) {
            let target = reference.strip_prefix('#').and_then(|pointer| self.schema.pointer(pointer));
            let target = target.cloned().unwrap_or_default();
            whole.as_object_mut().and_then(|members| members.remove("$ref"));
            merge(&mut whole, target);
        }
        for keyword in ["anyOf", "oneOf"] {
            let branches = whole.get(keyword).and_then(Value::as_array).cloned().unwrap_or_default();
            if let Some(branch) = self.pick(&branches).cloned() {
                whole.as_object_mut().and_then(|members| members.remove(keyword));
                let branch = self.resolve(&branch);
                merge(&mut whole, branch);
            }
        }
        let parts = whole.get("allOf").and_then(Value::as_array).cloned().unwrap_or_default();
        for part in parts {
            let part = self.resolve(&part);
            merge(&mut whole, part);
        }
        whole
    }

    fn kind(&mut self, schema: &Value) -> String {
        match schema.get("type") {
            Some(Value::String(kind)) => kind.clone(),
            Some(Value::Array(kinds)) => self.pick(kinds).and_then(Value::as_str).unwrap_or_default().to_owned(),
            _ if schema.get("properties").is_some() => "object".to_owned(),
            _ if schema.get("items").is_some() => "array".to_owned(),
            _ => self.pick(&["string", "integer", "boolean", "null"]).map_or_else(String::new, |&it| it.to_owned()),
        }
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let required: Vec<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let mut members = Map::new();
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if required.contains(&name.as_str()) || (depth < MAX_DEPTH && self.one_in(2)) {
                members.insert(name.clone(), self.value(property, depth + 1));
            }
        }
        Value::Object(members)
    }

    fn array(&mut self, schema: &Value, depth: usize) -> Value {
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0).min(1000);
        let most = schema.get("maxItems").and_then(Value::as_u64).unwrap_or(u64::MAX).min(least + MAX_ELEMENTS);
        let count = if depth < MAX_DEPTH { least + self.below((most - least) + 1) } else { least };
        let any = json!({});
        let items = schema.get("items").unwrap_or(&any).clone();
        (0..count).map(|_| self.value(&items, depth + 1)).collect()
    }

    fn text(&mut self, schema: &Value) -> String {
        let least = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0).min(MAX_LENGTH);
        let most = schema.get("maxLength").and_then(Value::as_u64).unwrap_or(MAX_LENGTH).min(MAX_LENGTH).max(least);
        let word = self.pick(&WORDS).copied().unwrap_or_default();
        let length = match self.below(16) {
            0 => least,
            1 => most,
            _ => (word.chars().count() as u64).clamp(least, most),
        };
        word.chars().cycle().take(usize::try_from(length).unwrap_or_default()).collect()
    }

    fn integer(&mut self, schema: &Value) -> Value {
        let bound = |name: &str, fallback: i64| {
            schema.get(name).and_then(Value::as_f64).filter(|bound| bound.abs() < 1e15).map_or(fallback, whole)
        };
        let (least, most) = (bound("minimum", -1000), bound("maximum", 100_000));
        let span = u64::try_from(most.saturating_sub(least)).unwrap_or(0).saturating_add(1);
        let between = least.saturating_add_unsigned(self.below(span));
        match self.below(8) {
            0 => least.into(),
            1 => most.into(),
            // 5.0 is an integer to JSON Schema too.
            #[expect(clippy::cast_precision_loss, reason = "a large one loses its last digits, which is fine here")]
            2 => Number::from_f64(between as f64).map_or(Value::Null, Value::Number),
            _ => between.into(),
        }
    }

    /// Spoils a value in one place: somewhere below, if it is an object or a list.
    fn spoil(&mut self, value: &mut Value) {
        let names: Vec<String> = value.as_object().into_iter().flat_map(|members| members.keys().cloned()).collect();
        match value {
            Value::Object(members) => {
                let name = self.pick(&names).cloned();
                match (self.below(6), name.as_ref().and_then(|name| members.get_mut(name))) {
                    (0, Some(_)) => {
                        name.and_then(|name| members.shift_remove(&name));
                    }
                    (0 | 1, _) => {
                        let unknown = self.pick(&hostile::TEXTS).copied().unwrap_or_default();
                        members.insert(unknown.to_owned(), self.anything());
                    }
                    (2, Some(inner)) => self.spoil(inner),
                    (_, Some(inner)) => *inner = self.anything(),
                    (_, None) => {}
                }
            }
            Value::Array(elements) => match self.below(3) {
                0 => elements.push(self.anything()),
                1 => elements.extend(elements.clone()),
                _ => match elements.first_mut() {
                    Some(first) => self.spoil(first),
                    None => elements.push(Value::Null),
                },
            },
            other => *other = self.anything(),
        }
    }

    /// What belongs nowhere.
    fn anything(&mut self) -> Value {
        match self.below(12) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!([]),
            3 => json!({}),
            4 => self.pick(&hostile::numbers()).cloned().unwrap_or_default(),
            5 => hostile::nested(),
            6 => json!([[1, "a"], {"b": null}]),
            _ => Value::String(self.pick(&hostile::TEXTS).copied().unwrap_or_default().to_owned()),
        }
    }
}

/// Puts the members of one schema into another; properties and required names are joined.
fn merge(into: &mut Value, from: Value) {
    let (Value::Object(members), Value::Object(more)) = (into, from) else { return };
    for (name, value) in more {
        match (name.as_str(), members.get_mut(&name), value) {
            ("properties", Some(Value::Object(known)), Value::Object(more)) => known.extend(more),
            ("required", Some(Value::Array(known)), Value::Array(more)) => known.extend(more),
            (_, _, value) => {
                members.insert(name, value);
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the caller has bounded it")]
fn whole(number: f64) -> i64 {
    number as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchpanel::schema::Schema;

    #[test]
    fn an_example_is_extended_by_every_member_that_it_has_not() {
        let schema = json!({"properties": {"a": {"type": "string"}, "b": {"const": 1},
            "c": {"properties": {"d/e": {"const": 2}, "f": {}}}}});
        let examples = [json!({"a": "x", "c": {"f": 3}})];
        let mut extended = Generator::new(&schema, &examples, 1).extended();
        extended.sort_by(|one, other| one.1.cmp(&other.1));
        let expected = [
            (json!({"a": "x", "c": {"f": 3}, "b": 1}), "/b".to_owned()),
            (json!({"a": "x", "c": {"f": 3, "d/e": 2}}), "/c/d~1e".to_owned()),
        ];
        assert_eq!(extended, expected);
    }

    #[test]
    fn the_same_seed_gives_the_same_and_many_satisfy_the_schema() {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["host", "kind"],
            "properties": {
                "host": {"type": "string", "minLength": 1, "maxLength": 30},
                "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 5432},
                "kind": {"enum": ["a", "b"]},
                "list": {"type": "array", "maxItems": 3, "items": {"$ref": "#/$defs/item"}},
                "either": {"anyOf": [{"type": "boolean"}, {"type": "null"}]}
            },
            "$defs": {"item": {"type": "object", "required": ["x"], "properties": {"x": {"type": "integer"}}}}
        });
        let compiled = Schema::compile(&schema).unwrap();
        let examples = [json!({"host": "h", "kind": "a"})];
        let configs = |seed| {
            let mut generator = Generator::new(&schema, &examples, seed);
            (0..1000).map(|_| generator.config()).collect::<Vec<_>>()
        };
        let first = configs(7);
        assert_eq!(first, configs(7));
        assert_ne!(first, configs(8));
        assert!(first.iter().all(Value::is_object));
        let right = first.iter().filter(|config| compiled.accepts(config)).count();
        assert!((400..800).contains(&right), "{right} of 1000 satisfy the schema");
    }
}
