//! The order of the output.

use std::collections::BTreeMap;

use super::{ident::ResId, resource::Resource, settings::SortOptions};

/// Kinds that come first when the order is by kind.
pub(crate) const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
/// Kinds that come last.
pub(crate) const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

pub(crate) fn default_order() -> SortOptions {
    let owned = |kinds: &[&str]| kinds.iter().map(|kind| (*kind).to_owned()).collect();
    SortOptions::Legacy { first: owned(&FIRST), last: owned(&LAST) }
}

pub(crate) fn sort(resources: &mut [Resource], options: &SortOptions, id: impl Fn(&Resource) -> ResId) {
    let SortOptions::Legacy { first, last } = options else { return };
    let mut places: BTreeMap<&str, i64> = BTreeMap::new();
    for (index, kind) in first.iter().enumerate() {
        places.insert(kind, index as i64 - first.len() as i64);
    }
    for (index, kind) in last.iter().enumerate() {
        places.insert(kind, 1 + index as i64);
    }
    resources.sort_by_cached_key(|resource| {
        let id = id(resource);
        let or = |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
        let name = [id.gvk.shown(), or(&id.namespace, "~X"), or(&id.name, "~N")].join("|");
        // The core's own namespaces come before kinds of other groups that have the same name.
        let is_namespace = id.gvk.kind == "Namespace" && id.gvk.group.is_empty();
        let kind = if is_namespace { String::new() } else { id.gvk.sort_text() };
        (places.get(id.gvk.kind.as_str()).copied().unwrap_or(0), kind, name)
    });
}
