//! How much a configuration says back. A connector repeats it: whole in `validate`, and a member of it up to once in each
//! endpoint in `describe`. What exceeds a limit of the host's because the tenant has sent much is the tenant's to shorten,
//! however valid it is, and nothing against the connector.

use serde_json::Value;

use super::descriptor::MAX_ENDPOINTS;
use crate::connectors::CallError;
use crate::connectors::guest::{Exceeded, Limit, Limits};
use crate::finding::Finding;
use crate::json;

/// The finding that stands for a failed call about this configuration, if it is so long that the connector need not have
/// done anything wrong; else the failure.
pub(in crate::connectors) fn too_long(config: &Value, error: CallError, limits: &Limits) -> Result<Finding, CallError> {
    let CallError::Limit { exceeded: Exceeded { limit: Limit::Answer | Limit::Memory, .. }, .. } = &error else {
        return Err(error);
    };
    let members = || config.as_object().into_iter().flatten().map(|(name, member)| (written(member), name));
    let Some((_, longest)) = members().max_by_key(|(length, _)| *length) else { return Err(error) };
    if members().map(|(length, _)| length).sum::<usize>().saturating_mul(MAX_ENDPOINTS) <= limits.answer_bytes {
        return Err(error);
    }
    let message = format!("It is too long: with it, {error}.");
    let hint = "Send only what is needed, such as only the certificates that count.";
    Ok(Finding::error("too_long", &json::member("", longest), &message).with_hint(hint))
}

/// Bytes of a value as JSON by the most verbose of usual writers, which escapes all that is not ASCII.
fn written(value: &Value) -> usize {
    match value {
        Value::String(text) => 2 + text.chars().map(escaped).sum::<usize>(),
        Value::Array(elements) => 2 + elements.iter().map(|element| 2 + written(element)).sum::<usize>(),
        Value::Object(members) => {
            let member =
                |(name, member): (&String, &Value)| 6 + name.chars().map(escaped).sum::<usize>() + written(member);
            2 + members.iter().map(member).sum::<usize>()
        }
        other => other.to_string().len(),
    }
}

fn escaped(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        ' '..='~' => 1,
        other => 6 * other.len_utf16(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn failure(limit: Limit) -> CallError {
        CallError::Limit { connector: "a 1.0.0".to_owned(), exceeded: Exceeded::new(limit, &Limits::default()) }
    }

    #[test]
    fn only_a_long_configuration_is_the_tenants_to_shorten() {
        let limits = Limits::default();
        let config = |bytes: usize| json!({"host": "h", "root/cert": "x".repeat(bytes)});
        for (limit, bytes, pointer) in [
            (Limit::Answer, 100, None),
            (Limit::Answer, (1 << 16) - 8, None),
            (Limit::Answer, 1 << 16, Some("/root~1cert")),
            (Limit::Memory, 1 << 16, Some("/root~1cert")),
            // Time, depth and what it holds are the connector's own.
            (Limit::CpuTime, 1 << 19, None),
            (Limit::Stack, 1 << 19, None),
            (Limit::Handles, 1 << 19, None),
        ] {
            let found = too_long(&config(bytes), failure(limit), &limits);
            assert_eq!(found.as_ref().ok().map(|finding| finding.pointer.as_str()), pointer, "{limit:?} {bytes}");
        }
        assert!(too_long(&config(1 << 19), CallError::Trap { connector: String::new() }, &limits).is_err());
        let short = Limits { answer_bytes: 64 << 10, ..limits };
        assert!(too_long(&config(1 << 12), failure(Limit::Answer), &short).is_ok());
    }

    #[test]
    fn counts_what_the_most_verbose_writer_needs() {
        let value = json!({"é": ["a\n\u{7f}", "😀", 12]});
        // {"\u00e9": ["a\n\u007f", "\ud83d\ude00", 12]}
        assert!((46..=56).contains(&written(&value)), "{}", written(&value));
    }
}
