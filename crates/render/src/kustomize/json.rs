//! From nodes to JSON and back, with what Kustomize's way over text does to values.

use seaway_core::diagnostic::codes;
use serde_json::{Map, Number, Value};

use super::{
    fault::{Fault, Outcome, quoted},
    node::{Field, Key, Node, Scalar, Shape, Tag},
    scalar::{Meaning, Words, general, resolve},
};

/// The largest whole number of which a float still knows every unit.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// The value that a resource has when it is written.
pub(crate) fn to_json(node: &Node) -> Outcome<Value> {
    match &node.shape {
        Shape::Scalar(scalar) => scalar_to_json(scalar).map_err(|fault| fault.at("", node.line, node.column)),
        Shape::List(items) => items.iter().map(to_json).collect::<Outcome<Vec<Value>>>().map(Value::Array),
        Shape::Map(fields) => {
            let mut map = Map::new();
            for field in fields {
                let tag = match field.key.tag {
                    Tag::Open => resolve(&field.key.text, Words::Modern).tag(),
                    tag => tag,
                };
                if matches!(tag, Tag::Bool | Tag::Int | Tag::Float | Tag::Null | Tag::Timestamp) {
                    let message = format!("expected text as key, found {}", quoted(&field.key.text));
                    let fault = Fault::new(codes::SYNTAX, message).help("write the key in quotes");
                    return Err(fault.at("", field.value.line, field.value.column));
                }
                if map.insert(field.key.text.clone(), to_json(&field.value)?).is_some() {
                    let message = format!("the key {} is given twice", quoted(&field.key.text));
                    let fault = Fault::new(codes::DUPLICATE_KEY, message).help("keep one of the two");
                    return Err(fault.at("", field.value.line, field.value.column));
                }
            }
            Ok(Value::Object(map))
        }
    }
}

/// The tag decides; a text that does not fit its tag is a fault, as when a replacement puts a word into a number.
fn scalar_to_json(scalar: &Scalar) -> Outcome<Value> {
    let text = || Ok(Value::String(scalar.text.clone()));
    let is_text = scalar.is_quoted || scalar.text.contains('\n');
    match scalar.tag {
        Tag::Text | Tag::Custom | Tag::Merge => text(),
        Tag::Open if is_text => text(),
        Tag::Binary => binary(scalar),
        Tag::Open | Tag::Null | Tag::Bool | Tag::Int | Tag::Float | Tag::Timestamp => {
            let meaning = resolve(&scalar.text, Words::Modern);
            let fits = scalar.tag == Tag::Open
                || meaning.tag() == scalar.tag
                || (scalar.tag == Tag::Float && meaning.tag() == Tag::Int);
            if !fits {
                let message = format!("expected {}, found {}", name_of(scalar.tag), quoted(&scalar.text));
                return Err(Fault::step(message).help("a replacement keeps the type of the field that it changes"));
            }
            match meaning {
                Meaning::Null => Ok(Value::Null),
                Meaning::Bool(value) => Ok(Value::Bool(value)),
                Meaning::Int(value) => whole(value).map(Value::Number),
                Meaning::Float(value) => float(value).map(Value::Number),
                Meaning::Timestamp(value) => Ok(Value::String(value)),
                Meaning::Text | Meaning::Merge => text(),
            }
        }
    }
}

fn binary(scalar: &Scalar) -> Outcome<Value> {
    use base64::Engine as _;
    let compact: String = scalar.text.split_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(compact)
        .map_err(|_| Fault::step("expected base64 behind the tag `!!binary`"))?;
    Ok(Value::String(String::from_utf8_lossy(&bytes).into_owned()))
}

fn name_of(tag: Tag) -> &'static str {
    match tag {
        Tag::Null => "nothing",
        Tag::Bool => "a boolean",
        Tag::Int | Tag::Float => "a number",
        Tag::Timestamp => "a date",
        Tag::Open | Tag::Text | Tag::Binary | Tag::Merge | Tag::Custom => "text",
    }
}

fn whole(value: i128) -> Outcome<Number> {
    if let Ok(value) = i64::try_from(value) {
        return Ok(value.into());
    }
    u64::try_from(value).map(Number::from).map_err(|_| Fault::step("expected a number of at most 64 bits"))
}

fn float(value: f64) -> Outcome<Number> {
    if value.fract() == 0.0 && value.abs() < EXACT_MAX {
        return Ok((value as i64).into());
    }
    Number::from_f64(value).ok_or_else(|| Fault::step("expected a finite number"))
}

/// Nodes of a JSON value. Numbers have gone through a float, as they do in Kustomize after a JSON patch.
pub(crate) fn from_json(value: &Value) -> Node {
    nodes(value, &from_number)
}

/// Nodes of a JSON value, with numbers as they are.
pub(crate) fn from_json_exact(value: &Value) -> Node {
    nodes(value, &|number| {
        let text = number.to_string();
        let tag = resolve(&text, Words::Modern).tag();
        Node::scalar(text, tag)
    })
}

fn nodes(value: &Value, number: &dyn Fn(&Number) -> Node) -> Node {
    match value {
        Value::Null => Node::scalar("null", Tag::Null),
        Value::Bool(value) => Node::scalar(value.to_string(), Tag::Bool),
        Value::Number(value) => number(value),
        Value::String(text) => {
            let mut node = Node::text(text.clone());
            if let Some(scalar) = node.as_scalar_mut() {
                scalar.is_quoted = resolve(text, Words::Legacy).tag() != Tag::Text;
            }
            node
        }
        Value::Array(items) => Shape::List(items.iter().map(|item| nodes(item, number)).collect()).into(),
        Value::Object(map) => {
            let field = |(key, value): (&String, &Value)| Field { key: Key::text(key), value: nodes(value, number) };
            Shape::Map(map.iter().map(field).collect()).into()
        }
    }
}

fn from_number(number: &Number) -> Node {
    let text = general(number.as_f64().unwrap_or_default());
    let tag = resolve(&text, Words::Modern).tag();
    Node::scalar(text, tag)
}

/// JSON as Go writes it, for hashes: keys sorted, `<`, `>`, `&` and two line separators escaped.
pub(crate) fn go_json(value: &Value) -> String {
    let plain = value.to_string();
    let mut out = String::with_capacity(plain.len());
    for c in plain.chars() {
        match c {
            '<' => out += "\\u003c",
            '>' => out += "\\u003e",
            '&' => out += "\\u0026",
            '\u{2028}' => out += "\\u2028",
            '\u{2029}' => out += "\\u2029",
            '\u{7f}' => out.push(c),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kustomize::{budget::Budget, read::documents};

    fn read(text: &str) -> Outcome<Value> {
        to_json(&documents(text, &Budget::new(100_000)).unwrap()[0])
    }

    #[test]
    fn values_are_those_of_kustomize() {
        let text = "a: yes\nb: 1.0\nc: 2020-01-02\nd: '5'\ne: 0o17\nf: !!str 5\ng: !!float 3\nh: ~\ni: !mine x\n";
        let expected = json!({"a": "yes", "b": 1, "c": "2020-01-02T00:00:00Z", "d": "5", "e": 15, "f": "5", "g": 3,
            "h": null, "i": "x"});
        assert_eq!(read(text).unwrap(), expected);
    }

    #[test]
    fn refuses_what_json_cannot_say() {
        for text in ["a: 1\na: 2", "a: {1: 2}", "a: .inf", "a: !!int x"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn go_escapes() {
        assert_eq!(
            go_json(&json!({"b": "<&>\u{2028}", "a": "\u{1}\"\n"})),
            "{\"a\":\"\\u0001\\\"\\n\",\"b\":\"\\u003c\\u0026\\u003e\\u2028\"}"
        );
    }
}
