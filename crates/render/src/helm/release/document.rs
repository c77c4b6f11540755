//! One document of a rendered file, and what Helm insists on in it.

use serde_json::Value;

use super::ReleaseError;
use crate::{
    helm::chart::scalar_text,
    yaml::{self, Limits},
};

/// A document with the template that it comes from.
#[derive(Clone, PartialEq, Debug)]
pub struct Document {
    /// Path of the template, with the chart's name in front.
    pub source: String,
    /// The document as rendered, without space around it.
    pub text: String,
    /// The document as a value; `null` when it holds nothing but comments.
    pub value: Value,
}

impl Document {
    /// Reads a document. The documents of a release share their limits.
    pub(super) fn read(source: &str, text: String, limits: &mut Limits) -> Result<Self, ReleaseError> {
        let fault = |line, column, problem: String, text: String| ReleaseError::Document {
            source_file: source.to_owned(),
            line,
            column,
            problem,
            text,
        };
        if limits.take_document().is_none() {
            return Err(fault(0, 0, "the release grows too large: it has too many documents".to_owned(), text));
        }
        // Helm writes a line break behind each document before anybody reads it.
        let value = match yaml::read_line(&text, limits) {
            Ok(value) => value,
            Err(error) => return Err(fault(error.line, error.column, error.problem, text)),
        };
        match malformed(&value) {
            Some(problem) => Err(fault(0, 0, problem, text)),
            None => Ok(Self { source: source.to_owned(), text, value }),
        }
    }

    /// The kind; empty when there is none.
    pub fn kind(&self) -> &str {
        self.value.get("kind").and_then(Value::as_str).unwrap_or_default()
    }

    /// An annotation as text, whatever scalar it is.
    pub fn annotation(&self, key: &str) -> Option<String> {
        scalar_text(self.value.get("metadata")?.get("annotations")?.get(key)?)
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.value.is_null()
    }
}

/// What keeps Helm from reading the head of a document.
fn malformed(value: &Value) -> Option<String> {
    let wrong = |path: &str, expected: &str| Some(format!("expected `{path}` to be {expected}"));
    match value {
        Value::Null => return None,
        Value::Object(_) => {}
        _ => return Some("expected an object".to_owned()),
    }
    // Helm turns numbers and booleans into text here; whether the cluster does is another question.
    let is_text = |value: Option<&Value>| !matches!(value, Some(Value::Array(_) | Value::Object(_)));
    for key in ["apiVersion", "kind"] {
        if !is_text(value.get(key)) {
            return wrong(key, "text");
        }
    }
    let metadata = match value.get("metadata") {
        None | Some(Value::Null) => return None,
        Some(Value::Object(metadata)) => metadata,
        Some(_) => return wrong("metadata", "a mapping"),
    };
    if !is_text(metadata.get("name")) {
        return wrong("metadata.name", "text");
    }
    match metadata.get("annotations") {
        None | Some(Value::Null) => None,
        Some(Value::Object(annotations)) => annotations
            .iter()
            .find(|(_, value)| !is_text(Some(value)))
            .and_then(|(key, _)| wrong(&format!("metadata.annotations[{key}]"), "text")),
        Some(_) => wrong("metadata.annotations", "a mapping"),
    }
}
