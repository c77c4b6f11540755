//! The inventory: what a service owns on a cluster, kept on that cluster.
//!
//! One ConfigMap per service in [`SYSTEM_NAMESPACE`], readable by people: one line per object with the digest of
//! the manifest that was applied and the fingerprint of what the apply left. It is written before the objects that
//! it does not list yet, so that nothing is ever owned by nobody, and again when the apply is done.

use std::{collections::BTreeMap, fmt::Write as _};

use bytes::Bytes;
use seaway_core::{
    LABEL_ENVIRONMENT, LABEL_INVENTORY, LABEL_SERVICE, SYSTEM_NAMESPACE,
    digest::Digest,
    execution::{Failure, FailureKind},
    ids::{EnvironmentName, ServiceName},
    object::ObjectRef,
};
use serde_json::{Value, json};

use crate::{
    connection::Cluster,
    failure::{Tried, What},
    kinds::Key,
    transport::{Ask, Verb},
    watch::version,
};

/// Largest inventory. The API server takes objects of 1 MiB; the rest is room for its own bookkeeping.
const BYTES_MAX: usize = 900 << 10;

const ANNOTATION_ROLLOUT: &str = "seaway.dev/rollout";
const ANNOTATION_PLAN: &str = "seaway.dev/plan";
const ANNOTATION_EPOCH: &str = "seaway.dev/epoch";
const ABOUT: &str = "Objects that Seaway applied for this service: version, kind, namespace/name, phase, digest of the \
                     manifest, fingerprint of the live object. Seaway prunes by this list; do not edit it.";

/// Path of all inventories.
pub(crate) const PATH: &str = "/api/v1/namespaces/seaway-system/configmaps";

/// What a service owns on a cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Inventory {
    pub service: ServiceName,
    pub environment: EnvironmentName,
    /// Content of the last apply that finished.
    pub content: Option<Digest>,
    /// Content of an apply that started and has not finished.
    pub applying: Option<Digest>,
    pub entries: BTreeMap<Key, Entry>,
    pub writer: Writer,
    /// Version that a write must find; `None` = not on the cluster yet.
    pub resource_version: Option<String>,
}

/// Who wrote it last.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Writer {
    pub rollout: String,
    pub plan: String,
    pub epoch: u64,
}

/// One object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    pub object: ObjectRef,
    pub phase: i32,
    /// Digest of the manifest that was applied; `None` = not applied yet.
    pub rendered: Option<Digest>,
    /// Fingerprint of what the apply left; `None` = not applied yet.
    pub live: Option<Digest>,
}

impl Inventory {
    pub(crate) fn empty(service: ServiceName, environment: EnvironmentName) -> Self {
        Self {
            service,
            environment,
            content: None,
            applying: None,
            entries: BTreeMap::new(),
            writer: Writer::default(),
            resource_version: None,
        }
    }

    /// Reads an inventory.
    ///
    /// # Errors
    /// [`FailureKind::Refused`] with the place that cannot be read: guessing what a service owns could delete what
    /// it does not.
    pub(crate) fn read(config_map: &Value) -> Result<Self, Failure> {
        let text = |path: &[&str]| path.iter().try_fold(config_map, |v, key| v.get(*key)).and_then(Value::as_str);
        let name = text(&["metadata", "name"]).unwrap_or_default();
        let fail = |why: String| {
            Failure::new(
                FailureKind::Refused,
                format!("the inventory `{SYSTEM_NAMESPACE}/{name}` cannot be read: {why}"),
            )
            .help("restore it from a backup, or delete it and adopt the objects again")
        };
        let label =
            |key: &str| text(&["metadata", "labels", key]).ok_or_else(|| fail(format!("it has no label `{key}`")));
        let digest = |key: &str| match text(&["data", key]) {
            None | Some("") => Ok(None),
            Some(found) => Digest::parse(found).map(Some).ok_or_else(|| fail(format!("`{key}` is no digest"))),
        };
        let annotation = |key: &str| text(&["metadata", "annotations", key]).unwrap_or_default();
        let mut entries = BTreeMap::new();
        for (i, line) in text(&["data", "objects"]).unwrap_or_default().lines().enumerate() {
            let entry = Entry::read(line).ok_or_else(|| fail(format!("line {} of `objects`", i + 1)))?;
            entries.insert(entry.key(), entry);
        }
        Ok(Self {
            service: ServiceName::new(label(LABEL_SERVICE)?),
            environment: EnvironmentName::new(label(LABEL_ENVIRONMENT)?),
            content: digest("content")?,
            applying: digest("applying")?,
            entries,
            writer: Writer {
                rollout: annotation(ANNOTATION_ROLLOUT).to_owned(),
                plan: annotation(ANNOTATION_PLAN).to_owned(),
                epoch: annotation(ANNOTATION_EPOCH).parse().unwrap_or(0),
            },
            resource_version: text(&["metadata", "resourceVersion"]).map(str::to_owned),
        })
    }

    /// The ConfigMap. Its `resourceVersion` makes the server refuse it when somebody else wrote in between.
    ///
    /// # Errors
    /// [`FailureKind::Refused`] when it is larger than the API server takes.
    pub(crate) fn body(&self) -> Result<Bytes, Failure> {
        let mut objects = String::new();
        for entry in self.entries.values() {
            entry.write(&mut objects);
        }
        if objects.len() > BYTES_MAX {
            return Err(Failure::new(
                FailureKind::Refused,
                format!(
                    "service `{}` has {} objects: their inventory has {} KiB, at most {} KiB fit into one object",
                    self.service,
                    self.entries.len(),
                    objects.len() >> 10,
                    BYTES_MAX >> 10
                ),
            )
            .help("split the service"));
        }
        let text = |digest: &Option<Digest>| digest.as_ref().map(|d| d.as_str().to_owned()).unwrap_or_default();
        let mut config_map = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": self.service,
                "namespace": SYSTEM_NAMESPACE,
                "labels": {
                    LABEL_SERVICE: self.service, LABEL_ENVIRONMENT: self.environment, LABEL_INVENTORY: "true",
                },
                "annotations": {
                    ANNOTATION_ROLLOUT: self.writer.rollout,
                    ANNOTATION_PLAN: self.writer.plan,
                    ANNOTATION_EPOCH: self.writer.epoch.to_string(),
                },
            },
            "data": {
                "about": ABOUT, "content": text(&self.content), "applying": text(&self.applying), "objects": objects,
            },
        });
        if let (Some(version), Some(metadata)) = (&self.resource_version, config_map["metadata"].as_object_mut()) {
            metadata.insert("resourceVersion".to_owned(), Value::from(version.as_str()));
        }
        serde_json::to_vec(&config_map)
            .map(Bytes::from)
            .map_err(|error| Failure::new(FailureKind::Internal, format!("the inventory cannot be written: {error}")))
    }

    /// Its identity, for messages.
    pub(crate) fn object(&self) -> ObjectRef {
        ObjectRef {
            group: String::new(),
            version: "v1".to_owned(),
            kind: "ConfigMap".to_owned(),
            namespace: SYSTEM_NAMESPACE.to_owned(),
            name: self.service.as_str().to_owned(),
        }
    }
}

impl Cluster {
    /// Writes an inventory that nobody else has written since it was read. How many objects were written: its
    /// namespace may be among them.
    pub(crate) async fn put_inventory(&self, inventory: &mut Inventory) -> Result<u32, Failure> {
        let body = inventory.body()?;
        let object = inventory.object();
        let tried =
            Tried { server: self.server(), verb: "write", what: What::Object { object: &object, sensitive: false } };
        let ask = match &inventory.resource_version {
            Some(_) => Ask::new(Verb::Other, format!("{PATH}/{}", inventory.service)),
            None => Ask::new(Verb::Create, PATH),
        }
        .body(body);
        let mut writes = 1;
        let mut result = self.transport().call(&ask).await;
        if ask.verb == Verb::Create && result.as_ref().is_err_and(|error| error.code() == 404) {
            writes += self.create_system_namespace().await?;
            result = self.transport().call(&ask).await;
        }
        let written: Value = match result.and_then(|answer| answer.json()) {
            Ok(written) => written,
            Err(error) if error.code() == 409 || error.code() == 404 => {
                let message = format!("{} was written by somebody else at the same time", tried.what);
                return Err(Failure::new(FailureKind::Stale, message).help("make a new plan"));
            }
            Err(error) => return Err(tried.failure(&error)),
        };
        inventory.resource_version = Some(version(&written).to_owned());
        Ok(writes)
    }

    async fn create_system_namespace(&self) -> Result<u32, Failure> {
        let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM_NAMESPACE}});
        let ask = Ask::new(Verb::Create, "/api/v1/namespaces").body(body.to_string().into_bytes());
        match self.transport().call(&ask).await {
            Ok(_) => Ok(1),
            Err(error) if error.code() == 409 => Ok(0),
            Err(error) => {
                let what = What::Kind("namespace seaway-system");
                Err(Tried { server: self.server(), verb: "create", what }.failure(&error))
            }
        }
    }
}

impl Entry {
    pub(crate) fn key(&self) -> Key {
        let (group, kind, namespace, name) = self.object.key();
        Key { group: group.into(), kind: kind.into(), namespace: namespace.into(), name: name.into() }
    }

    /// `apps/v1 Deployment web/api 0 <digest> <digest>`; names hold neither spaces nor slashes.
    fn write(&self, out: &mut String) {
        let object = &self.object;
        let digest = |digest: &Option<Digest>| {
            digest.as_ref().map_or("-", |d| d.as_str().trim_start_matches("sha256:")).to_owned()
        };
        let _ = writeln!(
            out,
            "{} {} {}/{} {} {} {}",
            object.api_version(),
            object.kind,
            object.namespace,
            object.name,
            self.phase,
            digest(&self.rendered),
            digest(&self.live)
        );
    }

    fn read(line: &str) -> Option<Self> {
        let parts: Vec<&str> = line.split(' ').collect();
        let [api_version, kind, place, phase, rendered, live] = parts.as_slice() else { return None };
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let (namespace, name) = place.split_once('/')?;
        let digest = |text: &str| match text {
            "-" => Some(None),
            hex => Digest::parse(&format!("sha256:{hex}")).map(Some),
        };
        let object = ObjectRef {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: (*kind).to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        let is_whole = !object.version.is_empty() && !object.kind.is_empty() && !object.name.is_empty();
        is_whole.then_some(())?;
        Some(Self { object, phase: phase.parse().ok()?, rendered: digest(rendered)?, live: digest(live)? })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn entry(group: &str, kind: &str, namespace: &str, name: &str, live: Option<Digest>) -> Entry {
        let object = ObjectRef {
            group: group.into(),
            version: "v1".into(),
            kind: kind.into(),
            namespace: namespace.into(),
            name: name.into(),
        };
        Entry { object, phase: -2, rendered: Some(Digest::of(name.as_bytes())), live }
    }

    fn inventory() -> Inventory {
        let mut inventory = Inventory::empty(ServiceName::new("web"), EnvironmentName::new("prod"));
        for entry in [
            entry("apps", "Deployment", "web", "api", Some(Digest::of(b"live"))),
            entry("", "Namespace", "", "web", None),
            entry("rbac.authorization.k8s.io", "ClusterRole", "", "system:web", None),
        ] {
            inventory.entries.insert(entry.key(), entry);
        }
        inventory.content = Some(Digest::of(b"content"));
        inventory.writer = Writer { rollout: "r1".into(), plan: "p".into(), epoch: 7 };
        inventory.resource_version = Some("42".into());
        inventory
    }

    #[test]
    fn reads_what_it_writes() {
        let written: Value = serde_json::from_slice(&inventory().body().unwrap()).unwrap();
        assert_eq!(Inventory::read(&written).unwrap(), inventory());
    }

    #[test]
    fn a_damaged_inventory_is_refused() {
        let mut written: Value = serde_json::from_slice(&inventory().body().unwrap()).unwrap();
        written["data"]["objects"] = json!("v1 ConfigMap a/b 0 - -\nv1 ConfigMap a/b\n");
        let failure = Inventory::read(&written).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Refused);
        assert_eq!(failure.message, "the inventory `seaway-system/web` cannot be read: line 2 of `objects`");
        written["data"]["objects"] = json!("");
        written["data"]["content"] = json!("sha256:1");
        assert!(Inventory::read(&written).is_err());
        assert!(Inventory::read(&json!({"metadata": {"name": "x"}})).is_err());
    }

    #[test]
    fn too_many_objects_are_refused() {
        let mut inventory = inventory();
        for i in 0..6000 {
            let entry = entry("", "ConfigMap", "web", &format!("config-{i}"), Some(Digest::of(b"")));
            inventory.entries.insert(entry.key(), entry);
        }
        let failure = inventory.body().unwrap_err();
        assert!(failure.message.contains("service `web` has 6003 objects"), "{failure}");
    }
}
