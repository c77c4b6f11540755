//! What checking values against a schema will cost, counted before it is done.
//!
//! A schema of ten lines can ask for more work than any machine does: two rules for each level of values that both lead
//! back to the schema are 2^levels checks. The validator has no limit of its own, so each rule is followed here to each
//! value that it will look at, every pair of them once, and the pairs' costs are added up.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// Most checks of all charts together: about a second's worth. Values of public charts need some ten thousand.
pub(super) const CHECKS_MAX: u64 = 5_000_000;
/// Most pairs of a rule and a value; each takes some dozen bytes here.
const PAIRS_MAX: usize = 1_000_000;
/// Most rules inside each other, references followed: checking recurses.
const DEPTH_MAX: usize = 800;

/// Rules for the value itself, each a list of schemas.
const LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];
/// Rules for the value itself, each a schema.
const SINGLES: [&str; 4] = ["not", "if", "then", "else"];
/// References by name.
const DYNAMIC: [&str; 2] = ["$dynamicRef", "$recursiveRef"];

/// Why a schema is not used with some values: the reason, for a message.
pub(super) type Refusal = &'static str;

const TOO_MUCH: Refusal = "checking these values takes too much work; use fewer rules that lead to each other";
const ENDLESS: Refusal = "its references lead in a circle, or rules stand too deep in each other";

/// Refuses schemas whose check takes too long for these values; takes the checks from what is left.
pub(super) fn check(schema: &Value, values: &Map<String, Value>, left: &mut u64) -> Result<(), Refusal> {
    let mut names = HashMap::new();
    collect_names(schema, &mut names);
    let mut effort = Effort { root: schema, names, known: HashMap::new(), depth: 0 };
    // The root has no value of its own to point at.
    let checks = effort.rules(schema, &Target::Map(values))?;
    *left = left.checked_sub(checks).ok_or(TOO_MUCH)?;
    Ok(())
}

/// What a rule looks at.
enum Target<'a> {
    Value(&'a Value),
    Map(&'a Map<String, Value>),
    /// The name of an entry.
    Name(&'a str),
}

impl<'a> Target<'a> {
    fn of(value: &'a Value) -> Self {
        match value {
            Value::Object(entries) => Self::Map(entries),
            other => Self::Value(other),
        }
    }

    /// Where it is in memory: what is equal is the same value.
    fn address(&self) -> usize {
        match self {
            Self::Value(value) => std::ptr::from_ref(*value).addr(),
            Self::Map(entries) => std::ptr::from_ref(*entries).addr(),
            Self::Name(name) => name.as_ptr().addr(),
        }
    }

    fn text(&self) -> Option<&'a str> {
        match self {
            Self::Value(Value::String(text)) => Some(text),
            Self::Name(name) => Some(name),
            Self::Value(_) | Self::Map(_) => None,
        }
    }
}

/// Checks so far, up to the limit.
struct Sum(u64);

impl Sum {
    fn add(&mut self, checks: u64) -> Result<(), Refusal> {
        self.0 = self.0.saturating_add(checks);
        if self.0 > CHECKS_MAX { Err(TOO_MUCH) } else { Ok(()) }
    }
}

struct Effort<'a> {
    root: &'a Value,
    /// Schemas with names of their own.
    names: HashMap<&'a str, &'a Value>,
    /// Checks of each pair; nothing while the pair is being counted.
    known: HashMap<(usize, usize), Option<u64>>,
    depth: usize,
}

impl<'a> Effort<'a> {
    fn pair(&mut self, schema: &'a Value, target: &Target<'a>) -> Result<u64, Refusal> {
        let Value::Object(rules) = schema else { return Ok(1) };
        if rules.is_empty() {
            return Ok(1);
        }
        let key = (std::ptr::from_ref(schema).addr(), target.address());
        match self.known.get(&key) {
            Some(Some(checks)) => return Ok(*checks),
            // Only references lead back without going down in the values.
            Some(None) => return Err(ENDLESS),
            None => {}
        }
        if self.known.len() >= PAIRS_MAX {
            return Err(TOO_MUCH);
        }
        self.known.insert(key, None);
        let checks = self.rules(schema, target)?;
        self.known.insert(key, Some(checks));
        Ok(checks)
    }

    fn rules(&mut self, schema: &'a Value, target: &Target<'a>) -> Result<u64, Refusal> {
        let Value::Object(rules) = schema else { return Ok(1) };
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(ENDLESS);
        }
        let mut sum = Sum(1 + rules.len() as u64 / 4);
        self.in_place(rules, target, &mut sum)?;
        match target {
            Target::Map(entries) => self.entries(rules, entries, &mut sum)?,
            Target::Value(Value::Array(items)) => self.items(rules, items, &mut sum)?,
            Target::Value(_) | Target::Name(_) => {}
        }
        if let Some(text) = target.text() {
            let looks = ["pattern", "format", "minLength", "maxLength", "contentEncoding", "contentMediaType"];
            let count = looks.iter().filter(|name| rules.contains_key(**name)).count();
            sum.add((count * (1 + text.len() / 16)) as u64)?;
        }
        if let Some(Value::Array(choices)) = rules.get("enum") {
            sum.add(choices.len() as u64)?;
        }
        self.depth -= 1;
        Ok(sum.0)
    }

    /// Rules that look at the same value.
    fn in_place(&mut self, rules: &'a Map<String, Value>, target: &Target<'a>, sum: &mut Sum) -> Result<(), Refusal> {
        if let Some(Value::String(reference)) = rules.get("$ref") {
            sum.add(reference.len() as u64 / 32)?;
            let found = self.referred(reference);
            sum.add(self.pair(found, target)?)?;
        }
        for name in DYNAMIC {
            if let Some(Value::String(reference)) = rules.get(name) {
                sum.add(reference.len() as u64 / 32)?;
                let found = self.referred(reference);
                sum.add(self.pair(found, target)?)?;
            }
        }
        for name in LISTS {
            if let Some(Value::Array(all)) = rules.get(name) {
                for one in all {
                    sum.add(self.pair(one, target)?)?;
                }
            }
        }
        for name in SINGLES {
            if let Some(one) = rules.get(name) {
                sum.add(self.pair(one, target)?)?;
            }
        }
        for name in ["dependentSchemas", "dependencies"] {
            if let Some(Value::Object(all)) = rules.get(name) {
                for one in all.values() {
                    sum.add(self.pair(one, target)?)?;
                }
            }
        }
        Ok(())
    }

    /// Rules for the entries of a mapping. Which of `additional…` apply is not looked at: all of them.
    fn entries(
        &mut self,
        rules: &'a Map<String, Value>,
        entries: &'a Map<String, Value>,
        sum: &mut Sum,
    ) -> Result<(), Refusal> {
        if let Some(Value::Object(properties)) = rules.get("properties") {
            for (name, one) in properties {
                if let Some(value) = entries.get(name) {
                    sum.add(self.pair(one, &Target::of(value))?)?;
                }
            }
        }
        if let Some(Value::Object(patterns)) = rules.get("patternProperties") {
            for one in patterns.values() {
                for (name, value) in entries {
                    sum.add(1 + name.len() as u64 / 16)?;
                    sum.add(self.pair(one, &Target::of(value))?)?;
                }
            }
        }
        for name in ["additionalProperties", "unevaluatedProperties"] {
            if let Some(one) = rules.get(name) {
                for value in entries.values() {
                    sum.add(self.pair(one, &Target::of(value))?)?;
                }
            }
        }
        if let Some(one) = rules.get("propertyNames") {
            for name in entries.keys() {
                sum.add(self.pair(one, &Target::Name(name))?)?;
            }
        }
        Ok(())
    }

    /// Rules for the items of a list.
    fn items(&mut self, rules: &'a Map<String, Value>, items: &'a [Value], sum: &mut Sum) -> Result<(), Refusal> {
        for name in ["items", "prefixItems", "additionalItems", "unevaluatedItems", "contains"] {
            match rules.get(name) {
                Some(Value::Array(places)) => {
                    for (one, item) in places.iter().zip(items) {
                        sum.add(self.pair(one, &Target::of(item))?)?;
                    }
                }
                Some(one) => {
                    for item in items {
                        sum.add(self.pair(one, &Target::of(item))?)?;
                    }
                }
                None => {}
            }
        }
        if rules.get("uniqueItems") == Some(&Value::Bool(true)) {
            sum.add(items.iter().map(weight).sum())?;
        }
        Ok(())
    }

    /// The schema that a reference names. What cannot be found here is taken for the whole schema, which costs most.
    fn referred(&self, reference: &str) -> &'a Value {
        let named = self.names.get(reference.trim_start_matches('#')).or_else(|| self.names.get(reference));
        reference
            .strip_prefix('#')
            .and_then(|pointer| self.root.pointer(pointer))
            .or(named.copied())
            .unwrap_or(self.root)
    }
}

/// Schemas by the names that they give themselves.
fn collect_names<'a>(schema: &'a Value, names: &mut HashMap<&'a str, &'a Value>) {
    match schema {
        Value::Object(rules) => {
            for key in ["$anchor", "$dynamicAnchor", "$id", "id"] {
                if let Some(Value::String(name)) = rules.get(key) {
                    names.insert(name.trim_start_matches('#'), schema);
                }
            }
            rules.values().for_each(|inner| collect_names(inner, names));
        }
        Value::Array(items) => items.iter().for_each(|inner| collect_names(inner, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Parts of a value.
fn weight(value: &Value) -> u64 {
    match value {
        Value::Array(items) => items.iter().fold(1, |sum, item| sum + weight(item)),
        Value::Object(entries) => entries.values().fold(1, |sum, item| sum + weight(item)),
        Value::String(text) => 1 + text.len() as u64 / 64,
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verdict(schema: &Value, values: Value) -> Result<(), Refusal> {
        let Value::Object(values) = values else { panic!("expected an object") };
        check(schema, &values, &mut CHECKS_MAX.clone())
    }

    fn nested(levels: usize) -> Value {
        (0..levels).fold(json!({}), |inner, _| json!({ "a": inner }))
    }

    #[test]
    fn ordinary_schemas_are_cheap() {
        let tree = json!({
            "$defs": {"node": {"type": "object", "properties": {"a": {"$ref": "#/$defs/node"}}, "additionalProperties": false}},
            "$ref": "#/$defs/node",
        });
        assert_eq!(verdict(&tree, nested(100)), Ok(()));
        let choice = json!({"properties": {"a": {"anyOf": [{"type": "string"}, {"$ref": "#"}]}}});
        assert_eq!(verdict(&choice, nested(100)), Ok(()));
    }

    #[test]
    fn rules_that_multiply_are_refused() {
        let both = json!({"properties": {"a": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}});
        assert_eq!(verdict(&both, nested(10)), Ok(()));
        assert_eq!(verdict(&both, nested(60)), Err(TOO_MUCH));
        let named = json!({"$anchor": "x", "properties": {"a": {"allOf": [{"$ref": "#x"}, {"$ref": "#x"}]}}});
        assert_eq!(verdict(&named, nested(60)), Err(TOO_MUCH));
        let list = json!({"properties": {"a": {"items": {"allOf": vec![json!({"minimum": 1}); 1000]}}}});
        assert_eq!(verdict(&list, json!({"a": vec![1; 100]})), Ok(()));
        assert_eq!(verdict(&list, json!({"a": vec![1; 100_000]})), Err(TOO_MUCH));
    }

    #[test]
    fn circles_are_refused() {
        assert_eq!(verdict(&json!({"$ref": "#"}), json!({})), Err(ENDLESS));
        let ring =
            json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"not": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"});
        assert_eq!(verdict(&ring, json!({"x": 1})), Err(ENDLESS));
    }

    #[test]
    fn names_of_entries_are_checked_too() {
        let names = json!({"propertyNames": {"allOf": vec![json!({"pattern": "^a"}); 1000]}});
        let many: Map<String, Value> = (0..10_000).map(|n| (format!("a{n}"), json!(1))).collect();
        assert_eq!(verdict(&names, Value::Object(many)), Err(TOO_MUCH));
    }
}
