//! JSON Schemas for editors, draft 2020-12, from the same description.

use serde_json::{Map, Value, json};

use super::{
    Kind,
    shape::{Bounds, Field, Object, Shape},
};
use crate::ids::NAME_LEN_MAX;

/// The JSON Schema of a kind of declaration.
pub fn schema(kind: Kind) -> Value {
    let mut root = object(kind.object());
    let head = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("https://seaway.dev/schemas/v1/{}.json", kind.name().to_lowercase()),
        "title": kind.name(),
    });
    if let (Value::Object(root), Value::Object(head)) = (&mut root, head) {
        root.extend(head);
    }
    root
}

fn object(object: &Object) -> Value {
    let properties: Map<String, Value> =
        object.fields.iter().map(|field| (field.key.to_owned(), property(field))).collect();
    let required: Vec<&str> = object.fields.iter().filter(|field| field.is_required).map(|field| field.key).collect();
    let mut schema = json!({
        "type": "object",
        "description": object.doc,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    if object.is_choice {
        schema["minProperties"] = json!(1);
        schema["maxProperties"] = json!(1);
    }
    schema
}

fn property(field: &Field) -> Value {
    let mut schema = shape(&field.shape);
    schema["description"] = json!(field.doc);
    if let Some(default) = field.default.and_then(|text| serde_json::from_str::<Value>(text).ok()) {
        schema["default"] = default;
    }
    schema
}

fn shape(of: &Shape) -> Value {
    match of {
        Shape::Const(text) => json!({"const": text}),
        Shape::Text => json!({"type": "string", "minLength": 1}),
        Shape::AnyText => json!({"type": "string"}),
        Shape::Name => name(),
        Shape::Path => json!({"type": "string", "minLength": 1, "pattern": "^[^/~\\\\]"}),
        Shape::OutsidePath => json!({"type": "string", "minLength": 1, "pattern": "^[^~\\\\]"}),
        Shape::Duration => json!({
            "type": "string",
            "pattern": "^P(\\d+W)?(\\d+D)?(T(\\d+H)?(\\d+M)?(\\d+([.,]\\d+)?S)?)?$",
            "examples": ["PT30M", "PT6H", "P1D"],
        }),
        Shape::Instant => json!({"type": "string", "format": "date-time", "examples": ["2026-01-31T00:00:00Z"]}),
        Shape::Amount(min) => json!({
            "anyOf": [
                {"type": "integer", "minimum": min, "maximum": u32::MAX},
                {"type": "string", "pattern": "^(100|[1-9]?[0-9])%$"},
            ],
            "examples": [1, "25%"],
        }),
        Shape::Integer(bounds, _) => json!({"type": "integer", "minimum": bounds.min, "maximum": bounds.max}),
        Shape::Number => json!({"type": "number"}),
        Shape::Boolean => json!({"type": "boolean"}),
        Shape::Word(words) => json!({"enum": words}),
        Shape::List(item, bounds) => list(shape(item), *bounds),
        Shape::Map(value) => json!({"type": "object", "additionalProperties": shape(value)}),
        Shape::NameMap(value) => {
            json!({"type": "object", "propertyNames": name(), "additionalProperties": shape(value)})
        }
        Shape::Object(of) => object(of),
        Shape::Any => json!({}),
    }
}

fn list(items: Value, bounds: Bounds) -> Value {
    let mut schema = json!({"type": "array", "items": items});
    if bounds.min > Bounds::ANY.min {
        schema["minItems"] = json!(bounds.min);
    }
    if bounds.max < Bounds::ANY.max {
        schema["maxItems"] = json!(bounds.max);
    }
    schema
}

fn name() -> Value {
    json!({"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "maxLength": NAME_LEN_MAX})
}
