//! Parts of schemas that are small to write and large to use.

/// Definitions `a0` to `a` with this number, each of them twice as large as the one before.
pub fn doubling(steps: usize) -> String {
    let definition = |step: usize| match step.checked_sub(1) {
        None => r#""a0": {"maxLength": 1}"#.to_owned(),
        Some(before) => {
            let half = format!("{{\"$ref\": \"#/$defs/a{before}\"}}");
            format!(r#""a{step}": {{"allOf": [{half}, {half}]}}"#)
        }
    };
    (0..=steps).map(definition).collect::<Vec<_>>().join(", ")
}

/// A list of schemas, each with a pattern of its own that takes long not to match a text of `a` and `b`, if in linear time;
/// the last one accepts anything.
pub fn slow_patterns(count: usize) -> String {
    let pattern = |number: usize| format!(r#"{{"pattern": "^(a|b)*a(a|b){{200}}c{number}$"}}, "#);
    (0..count).map(pattern).collect::<String>() + "{}"
}
