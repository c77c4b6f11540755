//! Fields that the server or a controller writes by itself: they are no change that anybody planned.
//!
//! The list is data with a version, because a plan that was made with another list may show other fields.

use serde_json::Value;

/// Version of the list of fields that differences leave out; raised with every change of it.
pub const NOISE_VERSION: u32 = 1;

/// Group and kind (`None` = all kinds), and the path of the field.
type Entry = (Option<(&'static str, &'static str)>, &'static [&'static str]);

const NOISE: &[Entry] = &[
    (None, &["status"]),
    (None, &["metadata", "managedFields"]),
    (None, &["metadata", "resourceVersion"]),
    (None, &["metadata", "uid"]),
    (None, &["metadata", "generation"]),
    (None, &["metadata", "creationTimestamp"]),
    (None, &["metadata", "selfLink"]),
    (None, &["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"]),
    (Some(("apps", "Deployment")), &["metadata", "annotations", "deployment.kubernetes.io/revision"]),
    (Some(("apps", "DaemonSet")), &["metadata", "annotations", "deprecated.daemonset.template.generation"]),
    (Some(("batch", "Job")), &["metadata", "annotations", "batch.kubernetes.io/job-tracking"]),
    (Some(("", "PersistentVolumeClaim")), &["metadata", "annotations", "pv.kubernetes.io/bind-completed"]),
    (Some(("", "PersistentVolumeClaim")), &["metadata", "annotations", "pv.kubernetes.io/bound-by-controller"]),
    (
        Some(("", "PersistentVolumeClaim")),
        &["metadata", "annotations", "volume.beta.kubernetes.io/storage-provisioner"],
    ),
    (Some(("", "PersistentVolumeClaim")), &["metadata", "annotations", "volume.kubernetes.io/storage-provisioner"]),
    (Some(("", "PersistentVolumeClaim")), &["metadata", "annotations", "volume.kubernetes.io/selected-node"]),
];

/// Takes the noise out of a live object.
pub(crate) fn strip(object: &mut Value) {
    let text = |object: &Value, key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (api_version, kind) = (text(object, "apiVersion"), text(object, "kind"));
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    for (only, path) in NOISE {
        if only.is_none_or(|(g, k)| g == group && k == kind) {
            remove(object, path);
        }
    }
}

/// Removes a field, and the maps that it leaves empty: an absent map and an empty one are the same to Kubernetes.
fn remove(object: &mut Value, path: &[&str]) {
    let Some((first, rest)) = path.split_first() else { return };
    let Some(map) = object.as_object_mut() else { return };
    if rest.is_empty() {
        map.remove(*first);
        return;
    }
    let Some(child) = map.get_mut(*first) else { return };
    remove(child, rest);
    if child.as_object().is_some_and(serde_json::Map::is_empty) {
        map.remove(*first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn takes_out_what_nobody_planned() {
        let mut object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "a", "uid": "u", "generation": 3, "annotations": {"deployment.kubernetes.io/revision": "3"}},
            "spec": {"replicas": 1}, "status": {"replicas": 1},
        });
        strip(&mut object);
        assert_eq!(
            object,
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"replicas": 1}})
        );
        let mut other = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"annotations": {"deployment.kubernetes.io/revision": "3"}}});
        strip(&mut other);
        assert!(other.pointer("/metadata/annotations").is_some(), "the entry is for Deployments");
        assert_eq!(NOISE_VERSION, 1);
    }
}
