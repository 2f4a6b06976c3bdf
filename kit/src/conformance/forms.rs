//! Whether a form can be drawn from the schemas: every field has a type and words for people, and what the schema offers
//! as a value is one. Admission has seen to what would be dangerous.

use patchpanel::schema::Schema;
use patchpanel::schema::portable::{Unportable, unportable_patterns};
use patchpanel::stranger::shown;
use serde_json::Value;

use super::{Finding, Kit, Tried};

/// Fields of all schemas together; nobody fills in more.
const MAX_FIELDS: usize = 500;

pub(super) fn check(kit: &Kit<'_>) -> Tried {
    let manifest = kit.version.manifest();
    let mut form = Form { tried: Tried::default(), fields: 0, root: &manifest.config_schema, name: "config-schema" };
    form.object("", &manifest.config_schema);
    form.patterns();
    for method in &manifest.auth_methods {
        (form.root, form.name) = (&method.credential_schema, "credential-schema");
        form.object("", &method.credential_schema);
        form.patterns();
        form.secrets(&method.credential_schema);
    }
    form.tried.what = format!("{} fields of the schemas", form.fields);
    form.tried
}

struct Form<'a> {
    tried: Tried,
    fields: usize,
    root: &'a Value,
    name: &'static str,
}

impl<'a> Form<'a> {
    /// Looks at the properties of an object's schema, and at what is below them.
    fn object(&mut self, pointer: &str, schema: &'a Value) {
        let properties = schema.get("properties").and_then(Value::as_object);
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            if !properties.is_some_and(|properties| properties.contains_key(name)) {
                let message = format!("{} requires \"{}\", which is no property", self.at(pointer), shown(name));
                let remedy = "Add the property, or do not require it.";
                self.tried.add(Finding::error("unknown_required", message, remedy));
            }
        }
        for (name, property) in properties.into_iter().flatten() {
            if self.fields < MAX_FIELDS {
                self.fields += 1;
                self.field(&patchpanel::json::member(pointer, name), property);
            }
        }
    }

    fn field(&mut self, pointer: &str, field: &'a Value) {
        let schema = self.resolve(field);
        let at = self.at(pointer);
        let has = |keyword: &str| schema.get(keyword).is_some();
        if !["type", "enum", "const", "anyOf", "oneOf", "allOf"].into_iter().any(has) {
            let message = format!("{at} has neither a type nor choices, so no field can be drawn for it");
            self.tried.add(Finding::error("not_drawable", message, "Give it a `type`, or an `enum` to choose from."));
        }
        for keyword in ["title", "description"] {
            // What stands beside a reference is said of this field alone.
            let words = field.get(keyword).or(schema.get(keyword)).and_then(Value::as_str);
            if words.is_none_or(|words| words.trim().is_empty()) {
                let remedy = format!("Write a `{keyword}` for people who know their database, and not this connector.");
                self.tried.add(Finding::warning("no_words", format!("{at} has no {keyword}"), remedy));
            }
        }
        self.values(&at, schema);
        self.bound(&at, schema);
        if let Some(items) = schema.get("items") {
            let items = self.resolve(items);
            self.bound(&format!("each of {at}"), items);
            self.object(pointer, items);
        } else if schema.get("type").and_then(Value::as_str) == Some("array") {
            let message = format!("{at} is a list, and its schema does not say of what");
            self.tried.add(Finding::error("not_drawable", message, "Describe the elements by `items`."));
        }
        self.object(pointer, schema);
    }

    /// Looks whether everybody who gets the schema can read its patterns.
    fn patterns(&mut self) {
        for (pointer, Unportable { what, instead }) in unportable_patterns(self.root) {
            let message = format!("the pattern of {} has {what}, which not every client can read", self.at(&pointer));
            let remedy = format!("Write {instead}. Until then clients get the schema without the pattern.");
            self.tried.add(Finding::warning("unportable_pattern", message, remedy));
        }
    }

    /// Looks whether a text or a list of the configuration ends somewhere. What is too long for the limits of a call is refused
    /// by the host, in words that know nothing of the data source.
    fn bound(&mut self, at: &str, schema: &Value) {
        let is = |kind: &str| schema.get("type").and_then(Value::as_str) == Some(kind);
        let has = |keyword: &str| schema.get(keyword).is_some();
        let (what, keyword) = if is("string") && !has("enum") && !has("const") {
            ("text", "maxLength")
        } else if is("array") {
            ("list", "maxItems")
        } else {
            return;
        };
        if self.name == "config-schema" && !has(keyword) {
            let message = format!("{at} is a {what} of any length");
            let remedy = format!("Write a `{keyword}` that no data source needs more than, such as 253 for a host.");
            self.tried.add(Finding::warning("unbounded", message, remedy));
        }
    }

    /// Looks at the values that a schema offers.
    fn values(&mut self, at: &str, schema: &Value) {
        let examples = schema.get("examples").and_then(Value::as_array).into_iter().flatten();
        let offered = schema.get("default").into_iter().map(|value| ("default", value));
        for (keyword, value) in offered.chain(examples.map(|value| ("examples", value))) {
            // References are from the root.
            let mut alone = schema.clone();
            if let (Some(members), Some(definitions)) = (alone.as_object_mut(), self.root.get("$defs")) {
                members.insert("$defs".to_owned(), definitions.clone());
            }
            let refused = Schema::compile(&alone).ok().and_then(|schema| schema.check(value).into_iter().next());
            if let Some(refused) = refused {
                let message = format!("{at} offers a value in `{keyword}` that it refuses: {}", refused.message);
                self.tried.add(Finding::error("bad_offer", message, "Offer only what the schema accepts."));
            }
        }
    }

    /// A form hides what is typed into a field that is `writeOnly`.
    fn secrets(&mut self, schema: &Value) {
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let says = |keyword: &str| property.get(keyword).and_then(Value::as_bool);
            if says("x-secret") != Some(false) && says("writeOnly") != Some(true) {
                let message = format!("{} is a secret, and a form would show it", self.at(&format!("/{name}")));
                let remedy = "Write \"writeOnly\": true, or \"x-secret\": false if it is none.";
                self.tried.add(Finding::warning("secret_shown", message, remedy));
            }
        }
    }

    fn at(&self, pointer: &str) -> String {
        format!("{} {}", self.name, shown(if pointer.is_empty() { "itself" } else { pointer }))
    }

    /// What a reference refers to. Admission has seen to it that none leads back to itself.
    fn resolve(&self, mut schema: &'a Value) -> &'a Value {
        while let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            match reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer)) {
                Some(target) => schema = target,
                None => break,
            }
        }
        schema
    }
}
