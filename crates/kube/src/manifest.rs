//! From a rendered manifest to the body of a server-side apply.

use bytes::Bytes;
use seaway_core::{
    ANNOTATION_ADOPT, ANNOTATION_REPLACE, LABEL_ENVIRONMENT, LABEL_SERVICE,
    execution::{Failure, FailureKind},
    ids::{EnvironmentName, ServiceName},
};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

/// Fields of `metadata` that only the server sets; manifests that were exported from a cluster hold them.
const SERVER_SET: &[&str] =
    &["managedFields", "resourceVersion", "uid", "generation", "selfLink", "creationTimestamp", "deletionTimestamp"];

/// Whom the objects belong to.
#[derive(Clone, Copy)]
pub(crate) struct Owner<'a> {
    pub service: &'a ServiceName,
    pub environment: &'a EnvironmentName,
}

/// The manifest as bytes, with our labels and without what only the server sets.
pub(crate) fn body(manifest: &Value, owner: Owner<'_>, namespaced: bool) -> Result<Bytes, Failure> {
    let malformed = |what: &str| Failure::new(FailureKind::Internal, format!("the rendered manifest {what}"));
    let map = manifest.as_object().ok_or_else(|| malformed("is no map"))?;
    let mut metadata = map.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default();
    for key in SERVER_SET {
        metadata.remove(*key);
    }
    if !namespaced {
        metadata.remove("namespace");
    }
    let labels = metadata.entry("labels").or_insert_with(|| Value::Object(Map::new()));
    if labels.is_null() {
        *labels = Value::Object(Map::new());
    }
    // Labels that are no map are refused by the server, which says so better than we could.
    if let Some(labels) = labels.as_object_mut() {
        labels.insert(LABEL_SERVICE.to_owned(), Value::from(owner.service.as_str()));
        labels.insert(LABEL_ENVIRONMENT.to_owned(), Value::from(owner.environment.as_str()));
    }
    let body = Body { map, metadata: &metadata };
    serde_json::to_vec(&body).map(Bytes::from).map_err(|error| malformed(&format!("cannot be written: {error}")))
}

/// The manifest with other `metadata` and without `status`; written without copying the rest.
struct Body<'a> {
    map: &'a Map<String, Value>,
    metadata: &'a Map<String, Value>,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(None)?;
        out.serialize_entry("metadata", self.metadata)?;
        for (key, value) in self.map {
            if key != "metadata" && key != "status" {
                out.serialize_entry(key, value)?;
            }
        }
        out.end()
    }
}

/// Whether the manifest allows to delete and create the object again.
pub(crate) fn allows_replace(manifest: &Value) -> bool {
    annotation(manifest, ANNOTATION_REPLACE) == Some("allowed")
}

/// Whether the manifest allows to take over an object that exists.
pub(crate) fn allows_adopt(manifest: &Value) -> bool {
    annotation(manifest, ANNOTATION_ADOPT) == Some("allowed")
}

fn annotation<'a>(manifest: &'a Value, key: &str) -> Option<&'a str> {
    manifest.get("metadata")?.get("annotations")?.get(key)?.as_str()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use serde_json::json;

    #[test]
    fn body_has_our_labels_and_nothing_of_the_server() {
        let manifest = json!({"apiVersion": "v1", "kind": "Namespace", "status": {"phase": "Active"},
            "metadata": {"name": "web", "namespace": "stray", "uid": "u", "resourceVersion": "7", "labels": {"team": "a"}}});
        let (service, environment) = (ServiceName::new("web"), EnvironmentName::new("prod"));
        let owner = Owner { service: &service, environment: &environment };
        let found: Value = serde_json::from_slice(&body(&manifest, owner, false).unwrap()).unwrap();
        assert_eq!(
            found,
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web",
                "labels": {"team": "a", "seaway.dev/service": "web", "seaway.dev/environment": "prod"}}})
        );
        assert!(body(&json!([]), owner, true).is_err());
    }

    #[test]
    fn consent_is_the_word_allowed() {
        let with = |value: &str| json!({"metadata": {"annotations": {"seaway.dev/replace": value}}});
        assert!(allows_replace(&with("allowed")));
        assert!(!allows_replace(&with("true")) && !allows_replace(&json!({})) && !allows_adopt(&with("allowed")));
    }
}
