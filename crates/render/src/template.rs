//! Manifests with placeholders: structured substitution on parsed YAML, never on text.
//!
//! `${config.image}` inside a scalar becomes text. A plain scalar that is nothing but a placeholder becomes
//! the value itself: a number stays a number, a map a map. A scalar in quotes is text, as everywhere in
//! YAML; in JSON, where every scalar with a placeholder is in quotes, it becomes the value all the same.
//! `$${` is a literal `${`. Keys of mappings are never touched.

mod compile;
mod placeholder;

pub(crate) use compile::{Compiler, Use};
pub(crate) use placeholder::Placeholder;
use serde_json::{Map, Value};

/// Values of placeholders on one target.
pub(crate) type Values = std::collections::BTreeMap<Placeholder, Value>;

/// A manifest, or a part of one.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Template {
    /// Has no placeholder.
    Fixed(Value),
    /// A placeholder's value, whatever its type.
    Whole(Placeholder),
    /// Text with placeholders.
    Text(Vec<Piece>),
    /// A list.
    List(Vec<Template>),
    /// A mapping.
    Map(Vec<(String, Template)>),
}

/// A piece of text.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Piece {
    /// Stays as it is.
    Literal(String),
    /// Becomes the text of its value.
    Value(Placeholder),
}

impl Template {
    /// The manifest with the values put in. A placeholder without value becomes nothing; the caller has made
    /// sure that there is none.
    pub(crate) fn substitute(&self, values: &Values) -> Value {
        match self {
            Self::Fixed(value) => value.clone(),
            Self::Whole(placeholder) => values.get(placeholder).cloned().unwrap_or(Value::Null),
            Self::Text(pieces) => Value::String(pieces.iter().map(|piece| piece.text(values)).collect()),
            Self::List(items) => Value::Array(items.iter().map(|item| item.substitute(values)).collect()),
            Self::Map(entries) => Value::Object(
                entries.iter().map(|(key, value)| (key.clone(), value.substitute(values))).collect::<Map<_, _>>(),
            ),
        }
    }

    /// The value, when it has no placeholder.
    pub(crate) fn fixed(&self) -> Option<&Value> {
        match self {
            Self::Fixed(value) => Some(value),
            Self::Whole(_) | Self::Text(_) | Self::List(_) | Self::Map(_) => None,
        }
    }
}

impl Piece {
    fn text(&self, values: &Values) -> String {
        match self {
            Self::Literal(text) => text.clone(),
            Self::Value(placeholder) => match values.get(placeholder) {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text.clone(),
                // Maps and lists inside text are refused when the template is compiled.
                Some(other) => other.to_string(),
            },
        }
    }
}

#[cfg(test)]
mod tests;
