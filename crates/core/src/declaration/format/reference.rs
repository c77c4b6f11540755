//! The keys of a format as Markdown, for the reference pages.

use std::fmt::Write as _;

use super::{
    Kind,
    shape::{Bounds, Field, Object, Shape},
};

/// One table of keys for each mapping of a kind, from the outside in.
pub fn reference(kind: Kind) -> String {
    let mut out = String::new();
    let mut waiting = vec![(kind.name().to_owned(), kind.object())];
    while !waiting.is_empty() {
        let mut next = Vec::new();
        for (path, object) in waiting {
            table(&path, object, &mut out);
            for field in object.fields {
                let path = if path == kind.name() { field.key.to_owned() } else { format!("{path}.{}", field.key) };
                inner(&path, &field.shape, &mut next);
            }
        }
        waiting = next;
    }
    out
}

fn inner(path: &str, shape: &Shape, out: &mut Vec<(String, &'static Object)>) {
    match shape {
        Shape::Object(object) => out.push((path.to_owned(), object)),
        Shape::List(item, _) => inner(&format!("{path}[]"), item, out),
        Shape::Map(value) | Shape::NameMap(value) => inner(&format!("{path}.*"), value, out),
        Shape::Const(_)
        | Shape::Text
        | Shape::AnyText
        | Shape::Name
        | Shape::Path
        | Shape::OutsidePath
        | Shape::Duration
        | Shape::Instant
        | Shape::Amount(_)
        | Shape::Integer(..)
        | Shape::Number
        | Shape::Boolean
        | Shape::Word(_)
        | Shape::Any => {}
    }
}

fn table(path: &str, object: &Object, out: &mut String) {
    let choice = if object.is_choice { " Exactly one of these keys." } else { "" };
    // Writing to a text cannot fail.
    let _ = write!(out, "### `{path}`\n\n{}{choice}\n\n| key | value | |\n| --- | --- | --- |\n", object.doc);
    for field in object.fields {
        let _ = writeln!(out, "| `{}` | {} | {} |", field.key, value(field), field.doc.replace('|', "\\|"));
    }
    out.push('\n');
}

fn value(field: &Field) -> String {
    let what = words(&field.shape);
    match field.default {
        Some(default) => format!("{what}; `{}` when left out", default.trim_matches('"')),
        None if field.is_required => format!("{what}; **required**"),
        None => what,
    }
}

fn words(shape: &Shape) -> String {
    match shape {
        Shape::Const(text) => format!("`{text}`"),
        Shape::Text | Shape::AnyText => "text".to_owned(),
        Shape::Name => "name".to_owned(),
        Shape::Path | Shape::OutsidePath => "path".to_owned(),
        Shape::Duration => "duration".to_owned(),
        Shape::Instant => "time".to_owned(),
        Shape::Amount(min) => format!("count from {min}, or share"),
        Shape::Integer(bounds, _) if bounds.max < Bounds::ANY.max => {
            format!("integer, {} to {}", bounds.min, bounds.max)
        }
        Shape::Integer(bounds, _) => format!("integer from {}", bounds.min),
        Shape::Number => "number".to_owned(),
        Shape::Boolean => "`true` or `false`".to_owned(),
        Shape::Word(all) => all.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Shape::List(item, bounds) if bounds.min == bounds.max => {
            format!("list of {}, each {}", bounds.min, words(item))
        }
        Shape::List(item, _) => format!("list, each {}", words(item)),
        Shape::Map(value) => format!("mapping, each value {}", words(value)),
        Shape::NameMap(value) => format!("mapping by name, each value {}", words(value)),
        Shape::Object(_) => "mapping".to_owned(),
        Shape::Any => "any value".to_owned(),
    }
}
