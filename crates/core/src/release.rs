//! Releases: rendered objects by content address.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{digest::Digest, ids::ServiceName, object::ObjectRef};

/// One rendered object with its content address.
#[derive(Clone, PartialEq, Debug)]
pub struct Rendered {
    /// What the plan keeps of it.
    pub entry: Entry,
    /// The manifest. Never stored when the entry is sensitive.
    pub manifest: Arc<Value>,
}

/// What a plan keeps of a rendered object.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// Which object.
    pub object: ObjectRef,
    /// Digest of the manifest's canonical JSON.
    pub digest: Digest,
    /// Phase inside the cluster (`seaway.dev/phase`); lower first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub phase: i32,
    /// Whether the manifest holds secret data: never stored, never shown, compared by digest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
}

fn is_zero(phase: &i32) -> bool {
    *phase == 0
}

/// One service rendered for one target; equal content has equal digest, whatever the target.
#[derive(Clone, PartialEq, Debug)]
pub struct Content {
    /// The service.
    pub service: ServiceName,
    /// Content address over service and entries.
    pub digest: Digest,
    /// The objects, ordered by entry.
    pub objects: Vec<Rendered>,
}

impl Content {
    /// Orders the objects and computes the content address.
    pub fn new(service: ServiceName, mut objects: Vec<Rendered>) -> Self {
        objects.sort_by(|a, b| a.entry.cmp(&b.entry));
        let digest = content_digest(&service, objects.iter().map(|object| &object.entry));
        Self { service, digest, objects }
    }

    /// The entries, ordered.
    pub fn entries(&self) -> Vec<Entry> {
        self.objects.iter().map(|object| object.entry.clone()).collect()
    }
}

/// Content address of one rendered service.
pub fn content_digest<'a>(service: &ServiceName, entries: impl Iterator<Item = &'a Entry>) -> Digest {
    let entries: Vec<Value> = entries
        .map(|entry| {
            json!([
                entry.object.api_version(),
                entry.object.kind,
                entry.object.namespace,
                entry.object.name,
                entry.digest,
                entry.phase
            ])
        })
        .collect();
    Digest::of_json(&json!({"service": service, "objects": entries}))
}

/// Content address of a release: every service's content on every target.
pub fn release_digest(contents: &BTreeMap<(String, ServiceName), Digest>) -> Digest {
    let list: Vec<Value> =
        contents.iter().map(|((target, service), digest)| json!([target, service, digest])).collect();
    Digest::of_json(&Value::Array(list))
}
