//! How large the patterns of a schema become when they are compiled: a thousand short ones can take minutes.

use regex::RegexBuilder;
use serde_json::Value;

/// Largest compiled pattern, in bytes. Patterns run in linear time, so only their size has to be bounded.
pub(super) const COMPILED_BYTES_MAX: usize = 1 << 20;
/// Sizes of compiled patterns in bytes; a pattern counts as the first that it fits.
const SIZES: [usize; 4] = [16 << 10, 64 << 10, 256 << 10, COMPILED_BYTES_MAX];
/// Most bytes of all compiled patterns of all charts: some tenths of a second to compile.
pub(super) const ALL_BYTES_MAX: usize = 24 << 20;
/// Longest pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 16 << 10;

/// Whether all patterns of a schema fit into what is left, which they are taken from.
pub(super) fn fits(schema: &Value, left: &mut usize) -> bool {
    match schema {
        Value::Object(rules) => {
            let own = rules.get("pattern").and_then(Value::as_str);
            let names = rules.get("patternProperties").and_then(Value::as_object);
            let names = names.into_iter().flat_map(|names| names.keys().map(String::as_str));
            own.into_iter().chain(names).all(|pattern| take(pattern, left))
                && rules.values().all(|inner| fits(inner, left))
        }
        Value::Array(items) => items.iter().all(|inner| fits(inner, left)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// Takes a pattern's size from what is left.
fn take(pattern: &str, left: &mut usize) -> bool {
    if pattern.len() > PATTERN_BYTES_MAX {
        return false;
    }
    // What cannot be compiled as it is written differs a little from what JSON Schema takes; its size is a guess.
    let size = SIZES.into_iter().find(|size| {
        let built = RegexBuilder::new(pattern).size_limit(*size).build();
        !matches!(built, Err(regex::Error::CompiledTooBig(_)))
    });
    let Some(rest) = size.and_then(|size| left.checked_sub(size)) else { return false };
    *left = rest;
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn is_small(schema: &Value) -> bool {
        fits(schema, &mut ALL_BYTES_MAX.clone())
    }

    #[test]
    fn ordinary_patterns_are_small() {
        assert!(is_small(&json!({"properties": {"a": {"pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$"}}})));
        let names: serde_json::Map<String, Value> = (0..500).map(|n| (format!("^x-{n}\\d+$"), json!({}))).collect();
        assert!(is_small(&json!({"patternProperties": names})));
    }

    #[test]
    fn large_and_many_patterns_are_not() {
        assert!(!is_small(&json!({"items": [{"pattern": "((a{500}){500}){500}"}]})));
        assert!(!is_small(&json!({"pattern": "a".repeat(20_000)})));
        let names: serde_json::Map<String, Value> =
            (0..2000).map(|n| (format!("\\p{{L}}{{5}}{n}"), json!({}))).collect();
        assert!(!is_small(&json!({"patternProperties": names})));
    }
}
