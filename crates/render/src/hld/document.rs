//! The documents that a chart rendered to: which are kept, and into which a namespace is put.

use seaway_core::diagnostic::{Diagnostic, Place, codes, excerpt};
use serde_json::{Map, Value};

use super::{generate::Generated, trouble::Trouble};
use crate::{
    scope::{Scope, Scopes},
    yaml,
};

/// What separates documents in the output of a chart.
const CUT: &str = "\n---";

/// A document that is kept.
pub(super) struct Document {
    /// Its text, as it was rendered.
    text: String,
    pub(super) value: Value,
}

/// The documents of a rendered text that are objects. Pieces that are empty or hold only comments are dropped.
pub(super) fn objects(trouble: &mut Trouble<'_>, text: &str, place: &Place) -> Vec<Document> {
    let mut documents = Vec::new();
    for piece in text.split(CUT) {
        if !trouble.spend(piece.len() as u64 / 32) {
            break;
        }
        let value = match yaml::read(piece, yaml::Limits::default()) {
            Ok(value) => value,
            Err(error) => {
                let message = format!("a document of {} cannot be read: {error}", origin(piece));
                let mut finding = Diagnostic::error(codes::HLD_NOT_AN_OBJECT, message).at(place.clone());
                finding.hides_source = true;
                trouble.add(finding);
                continue;
            }
        };
        let has = |key: &str| value.get(key).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        match &value {
            Value::Null => {}
            Value::Object(map) if map.is_empty() => {}
            Value::Object(_) if has("apiVersion") && has("kind") => {
                documents.push(Document { text: piece.to_owned(), value });
            }
            Value::Object(_) => drop_piece(trouble, place, piece, "it has no `apiVersion` or `kind`"),
            _ => drop_piece(trouble, place, piece, "it is no mapping"),
        }
    }
    documents
}

/// Why a text is no YAML; `None` = it is.
pub fn fault_of_manifest(text: &str) -> Option<String> {
    yaml::read_all(text, &mut yaml::Limits::default()).err().map(|error| error.to_string())
}

/// Checks that every document of the output is an object with a name, without asking a cluster.
pub fn validate(generated: &Generated) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for (path, bytes) in &generated.files {
        let file = format!("{}/{path}", generated.folder);
        let place = Place { file, line: 0, column: 0, offset: 0, len: 0 };
        let mut add = |message: String| {
            findings.push(Diagnostic::error(codes::HLD_NOT_AN_OBJECT, message).at(place.clone()));
        };
        match yaml::read_all(&String::from_utf8_lossy(bytes), &mut yaml::Limits::default()) {
            Err(error) => add(format!("not YAML: {error}")),
            Ok(values) => {
                for (number, value) in values.iter().enumerate().filter(|(_, value)| !value.is_null()) {
                    if let Some(what) = missing(value) {
                        add(format!("document {} has no {what}", number + 1));
                    }
                }
            }
        }
    }
    findings
}

/// What an object lacks.
fn missing(value: &Value) -> Option<&'static str> {
    let has = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    let is_list = value.get("items").is_some_and(Value::is_array);
    if !has("/apiVersion") {
        Some("`apiVersion`")
    } else if !has("/kind") {
        Some("`kind`")
    } else if !is_list && !has("/metadata/name") && !has("/metadata/generateName") {
        Some("`metadata.name`")
    } else {
        None
    }
}

/// The template that a document comes from.
fn origin(piece: &str) -> String {
    excerpt(piece.lines().find_map(|line| line.strip_prefix("# Source: ")).unwrap_or("the chart"))
}

fn drop_piece(trouble: &mut Trouble<'_>, place: &Place, piece: &str, why: &str) {
    let message = format!("a document of {} is left out: {why}", origin(piece));
    let help = "only objects with `apiVersion` and `kind` are kept";
    trouble.warning(codes::HLD_NOT_AN_OBJECT, Some(place.clone()), message, help);
}

/// The text of a component's file.
pub(super) fn plain(documents: &[Document]) -> String {
    documents.iter().map(|document| format!("---\n{}\n", document.text)).collect()
}

/// The same with a namespace in each object that has none. The documents are written anew.
pub(super) fn with_namespace(
    trouble: &mut Trouble<'_>,
    scopes: &Scopes,
    documents: Vec<Document>,
    namespace: &str,
    place: &Place,
) -> String {
    let mut out = String::new();
    for mut document in documents {
        inject(trouble, scopes, &mut document.value, namespace, place);
        out += &format!("---\n{}\n", yaml::write(&document.value, yaml::Style::Kubernetes));
    }
    out
}

fn inject(trouble: &mut Trouble<'_>, scopes: &Scopes, value: &mut Value, namespace: &str, place: &Place) {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (api_version, kind) = (text(value, "apiVersion"), text(value, "kind"));
    let is_list = kind.ends_with("List") && value.get("items").is_some_and(Value::is_array);
    if is_list && trouble.is_strict() {
        for item in value.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
            inject(trouble, scopes, item, namespace, place);
        }
        return;
    }
    let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    let scope = scopes.of(group, &kind);
    let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    if metadata.get("namespace").is_some_and(|namespace| !namespace.is_null()) {
        return;
    }
    if scope != Some(Scope::Namespaced) && !say_scope(trouble, scope, &kind, metadata, place) {
        return;
    }
    metadata.insert("namespace".to_owned(), Value::String(namespace.to_owned()));
}

/// Says that a kind is not known to live in a namespace. Whether it gets one all the same.
fn say_scope(
    trouble: &mut Trouble<'_>,
    scope: Option<Scope>,
    kind: &str,
    metadata: &Map<String, Value>,
    place: &Place,
) -> bool {
    let name = excerpt(metadata.get("name").and_then(Value::as_str).unwrap_or_default());
    let is_strict = trouble.is_strict();
    // What is known to have none is right without one.
    if is_strict && scope.is_some() {
        return false;
    }
    let known = match scope {
        Some(_) => "has no namespace",
        None => "may have no namespace: its definition is not here",
    };
    let (rest, help) = match is_strict {
        true => ("gets none", "let the chart set the namespace, or ship the definition of the kind in the repository"),
        false => ("gets one all the same", "with `profile: strict` only kinds that are known to need one get one"),
    };
    let message = format!("{} `{name}` {known}, and {rest}", excerpt(kind));
    trouble.warning(codes::HLD_NAMESPACE, Some(place.clone()), message, help);
    !is_strict
}
