//! What every object needs, whatever source it comes from: an identity, a namespace, labels, a phase, a digest.

use std::sync::Arc;

use seaway_core::{
    ANNOTATION_PHASE, ANNOTATION_SCOPE, LABEL_ENVIRONMENT, LABEL_SERVICE, SYSTEM_NAMESPACE,
    declaration::Service,
    diagnostic::{Diagnostic, Place, Severity, codes, excerpt, has_errors},
    digest::{Digest, canonical_json},
    ids::EnvironmentName,
    object::ObjectRef,
    release::{Entry, Rendered},
    yaml::Node,
};
use serde_json::{Map, Value};

use crate::scope::{Scope, Scopes};

/// Most objects of one service on one target. The largest public operators have a few hundred.
pub const OBJECTS_MAX: usize = 5_000;
/// Largest object as JSON, in bytes: the API server takes no larger request.
pub const OBJECT_BYTES_MAX: usize = 3 * 1024 * 1024;
/// Most bytes of all objects of one service on one target, as JSON.
pub const CONTENT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Fields that only the cluster writes; manifests that were exported from one have them.
const OWNED_BY_CLUSTER: [&str; 6] =
    ["creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"];

/// Where an object comes from.
pub(crate) struct Origin<'a> {
    /// Path in the workspace.
    pub(crate) file: &'a str,
    /// Its document, for places; `None` when it was made by a renderer.
    pub(crate) node: Option<&'a Node>,
}

impl<'a> Origin<'a> {
    /// Made from a file, nobody knows where in it.
    pub(crate) fn of_file(file: &'a str) -> Self {
        Self { file, node: None }
    }

    /// The place of a field, or of the nearest field around it.
    pub(crate) fn place(&self, path: &[&str]) -> Place {
        let Some(mut node) = self.node else {
            return Place { file: self.file.to_owned(), line: 0, column: 0, offset: 0, len: 0 };
        };
        let mut span = node.span;
        for key in path {
            let Some(entry) = node.entry(key) else { break };
            (node, span) = (&entry.value, entry.key.span);
        }
        span.in_file(self.file)
    }
}

/// What holds for all objects of one rendering.
pub(crate) struct Rules<'a> {
    pub(crate) service: &'a Service,
    pub(crate) environment: &'a EnvironmentName,
    pub(crate) scopes: &'a Scopes,
}

/// One object, or why there is none.
#[derive(Clone, Debug)]
pub(crate) struct Finished {
    pub(crate) rendered: Option<Rendered>,
    pub(crate) findings: Vec<Diagnostic>,
    /// Size as JSON.
    pub(crate) bytes: usize,
}

/// Checks a manifest and completes it.
pub(crate) fn finish(rules: &Rules<'_>, manifest: Value, origin: &Origin<'_>) -> Finished {
    let mut work = Work { origin, findings: Vec::new() };
    let mut finished = match work.complete(rules, manifest) {
        Some((manifest, phase)) => work.seal(manifest, phase),
        None => Finished { rendered: None, findings: Vec::new(), bytes: 0 },
    };
    finished.findings = work.findings;
    if has_errors(&finished.findings) {
        finished.rendered = None;
    }
    finished
}

struct Work<'a> {
    origin: &'a Origin<'a>,
    findings: Vec<Diagnostic>,
}

impl Work<'_> {
    fn add(&mut self, severity: Severity, code: &'static str, path: &[&str], message: String, help: &str) {
        let place = Some(self.origin.place(path));
        let help = (!help.is_empty()).then(|| help.to_owned());
        self.findings.push(Diagnostic { code, severity, message, place, help, hides_source: false });
    }

    fn error(&mut self, code: &'static str, path: &[&str], message: String, help: &str) {
        self.add(Severity::Error, code, path, message, help);
    }

    fn complete(&mut self, rules: &Rules<'_>, manifest: Value) -> Option<(Value, i32)> {
        let Value::Object(mut manifest) = manifest else {
            let message = format!("expected an object, found {}", kind_of(&manifest));
            self.error(codes::INCOMPLETE_OBJECT, &[], message, "a manifest starts with `apiVersion` and `kind`");
            return None;
        };
        let api_version = self.required_text(&manifest, &["apiVersion"]);
        let kind = self.required_text(&manifest, &["kind"]);
        if manifest.remove("status").is_some() {
            let message = "`status` is left out: only the cluster writes it".to_owned();
            self.add(Severity::Remark, codes::FIELD_LEFT_OUT, &["status"], message, "");
        }
        let mut metadata = match manifest.remove("metadata") {
            Some(Value::Object(metadata)) => metadata,
            None | Some(Value::Null) => Map::new(),
            Some(other) => {
                let message = format!("expected `metadata` to be a mapping, found {}", kind_of(&other));
                self.error(codes::INCOMPLETE_OBJECT, &["metadata"], message, "");
                return None;
            }
        };
        self.drop_owned(&mut metadata);
        self.name(&metadata);
        self.texts(&mut metadata, "labels");
        self.texts(&mut metadata, "annotations");
        let phase = self.phase(&metadata);
        let (api_version, kind) = (api_version?, kind?);
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        self.namespace(rules, &mut metadata, group, &kind);
        self.own(rules, &mut metadata);
        manifest.insert("metadata".to_owned(), Value::Object(metadata));
        Some((Value::Object(manifest), phase))
    }

    fn required_text(&mut self, manifest: &Map<String, Value>, path: &[&str]) -> Option<String> {
        let key = path.last().copied().unwrap_or_default();
        match manifest.get(key) {
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            other => {
                let found = other.map_or("nothing", kind_of);
                let message = format!("expected `{}` to be text, found {found}", path.join("."));
                let help = match other {
                    Some(Value::Number(_) | Value::Bool(_)) => "write it in quotes",
                    _ => "",
                };
                self.error(codes::INCOMPLETE_OBJECT, path, message, help);
                None
            }
        }
    }

    fn drop_owned(&mut self, metadata: &mut Map<String, Value>) {
        for key in OWNED_BY_CLUSTER {
            match metadata.remove(key) {
                // Written by many generators, and without meaning.
                None | Some(Value::Null) => {}
                Some(_) => {
                    let message = format!("`metadata.{key}` is left out: only the cluster writes it");
                    self.add(Severity::Remark, codes::FIELD_LEFT_OUT, &["metadata", key], message, "");
                }
            }
        }
    }

    fn name(&mut self, metadata: &Map<String, Value>) {
        if metadata.contains_key("generateName") {
            let message = "`metadata.generateName` would make a new object with every rollout".to_owned();
            self.error(codes::GENERATED_NAME, &["metadata", "generateName"], message, "give the object a fixed `name`");
        } else {
            self.required_text(metadata, &["metadata", "name"]);
        }
    }

    /// Labels and annotations are text, all of them.
    fn texts(&mut self, metadata: &mut Map<String, Value>, key: &str) {
        let wrong = match metadata.get(key) {
            None => return,
            Some(Value::Null) => {
                metadata.remove(key);
                return;
            }
            Some(Value::Object(entries)) => entries.iter().filter(|(_, value)| !value.is_string()).collect::<Vec<_>>(),
            Some(other) => {
                let message = format!("expected `metadata.{key}` to be a mapping, found {}", kind_of(other));
                self.error(codes::METADATA_NOT_TEXT, &["metadata", key], message, "");
                return;
            }
        };
        let wrong: Vec<(String, &str)> =
            wrong.into_iter().map(|(name, value)| (name.clone(), kind_of(value))).collect();
        for (name, found) in wrong {
            let message = format!("expected `{}` in `metadata.{key}` to be text, found {found}", excerpt(&name));
            self.error(codes::METADATA_NOT_TEXT, &["metadata", key, &name], message, "write the value in quotes");
        }
    }

    fn phase(&mut self, metadata: &Map<String, Value>) -> i32 {
        let path = ["metadata", "annotations", ANNOTATION_PHASE];
        let Some(text) = annotation(metadata, ANNOTATION_PHASE) else { return 0 };
        text.parse().unwrap_or_else(|_| {
            let message = format!("expected a whole number in `{ANNOTATION_PHASE}`, found `{}`", excerpt(text));
            self.error(codes::BAD_PHASE, &path, message, "lower phases go first; without the annotation it is \"0\"");
            0
        })
    }

    fn scope(&mut self, rules: &Rules<'_>, metadata: &Map<String, Value>, group: &str, kind: &str) -> Scope {
        if let Some(scope) = rules.scopes.of(group, kind) {
            return scope;
        }
        match annotation(metadata, ANNOTATION_SCOPE) {
            None | Some("namespaced") => Scope::Namespaced,
            Some("cluster") => Scope::Cluster,
            Some(other) => {
                let message =
                    format!("expected `cluster` or `namespaced` in `{ANNOTATION_SCOPE}`, found `{}`", excerpt(other));
                self.error(codes::BAD_SCOPE, &["metadata", "annotations", ANNOTATION_SCOPE], message, "");
                Scope::Namespaced
            }
        }
    }

    fn namespace(&mut self, rules: &Rules<'_>, metadata: &mut Map<String, Value>, group: &str, kind: &str) {
        let path = ["metadata", "namespace"];
        let scope = self.scope(rules, metadata, group, kind);
        let given = match metadata.remove("namespace") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(Value::String(text)) => Some(text),
            Some(other) => {
                let message = format!("expected `metadata.namespace` to be text, found {}", kind_of(&other));
                self.error(codes::INCOMPLETE_OBJECT, &path, message, "write it in quotes");
                None
            }
        };
        match scope {
            Scope::Cluster => {
                if let Some(given) = given {
                    let message = format!("`{kind}` belongs to no namespace; `{}` is left out", excerpt(&given));
                    self.add(Severity::Remark, codes::NAMESPACE_IGNORED, &path, message, "");
                }
                let is_reserved = group.is_empty() && kind == "Namespace";
                if is_reserved && metadata.get("name").and_then(Value::as_str) == Some(SYSTEM_NAMESPACE) {
                    self.reserved(&["metadata", "name"]);
                }
            }
            Scope::Namespaced => {
                let namespace = given.unwrap_or_else(|| rules.service.namespace.clone());
                if namespace == SYSTEM_NAMESPACE {
                    self.reserved(&path);
                }
                metadata.insert("namespace".to_owned(), Value::String(namespace));
            }
        }
    }

    fn reserved(&mut self, path: &[&str]) {
        let message = format!("namespace `{SYSTEM_NAMESPACE}` belongs to Seaway itself");
        self.error(codes::OBJECT_IN_RESERVED_NAMESPACE, path, message, "put the object into another namespace");
    }

    /// Labels that say whose the object is. Only on the object itself: a label in a pod template would restart
    /// every pod when it changes.
    fn own(&mut self, rules: &Rules<'_>, metadata: &mut Map<String, Value>) {
        let labels = metadata.entry("labels").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(labels) = labels {
            labels.insert(LABEL_SERVICE.to_owned(), Value::String(rules.service.name.to_string()));
            labels.insert(LABEL_ENVIRONMENT.to_owned(), Value::String(rules.environment.to_string()));
        }
    }

    fn seal(&mut self, manifest: Value, phase: i32) -> Finished {
        let json = canonical_json(&manifest);
        let bytes = json.len();
        if bytes > OBJECT_BYTES_MAX {
            let message = format!("the object has {bytes} bytes as JSON, expected at most {OBJECT_BYTES_MAX}");
            self.error(codes::TOO_MANY_OBJECTS, &[], message, "split it; the API server takes no larger one");
        }
        let rendered = ObjectRef::of(&manifest).map(|object| {
            let sensitive = object.is_secret();
            let digest = Digest::of(json.as_bytes());
            Rendered { entry: Entry { object, digest, phase, sensitive }, manifest: Arc::new(manifest) }
        });
        Finished { rendered, findings: Vec::new(), bytes }
    }
}

fn annotation<'a>(metadata: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    metadata.get("annotations")?.get(key)?.as_str()
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}
