//! Which pods of a workload are of its newest revision.
//!
//! Only they say anything about a rollout: the old revision may well be broken, that is why there is a new one.
//! Every rule here is sound, not complete: it may fail to recognise a new pod, which costs a named cause, but it
//! never takes an old pod for a new one, which would fail a good rollout. All rules presume that the controller
//! has observed the object's generation.

use serde_json::Value;

use super::read::{at, int, list, text};

const REVISION_ANNOTATION: &str = "deployment.kubernetes.io/revision";
const TEMPLATE_GENERATION_ANNOTATION: &str = "deprecated.daemonset.template.generation";
const TEMPLATE_GENERATION_LABEL: &str = "pod-template-generation";
const REVISION_LABEL: &str = "controller-revision-hash";

/// Pods of a Deployment's newest ReplicaSet: the one with the same revision annotation, which the controller
/// moves before it observes the generation. The newest by time would be wrong: going back to a former template
/// uses its old ReplicaSet again. Without ReplicaSets no pod can be told to be new.
pub(super) fn of_deployment<'a>(deployment: &Value, revisions: &[&'a Value], pods: &[&'a Value]) -> Vec<&'a Value> {
    let Some(revision) = annotation(deployment, REVISION_ANNOTATION) else { return Vec::new() };
    let is_newest = |set: &&&Value| {
        annotation(set, REVISION_ANNOTATION) == Some(revision)
            && text(set, &["kind"]).is_none_or(|kind| kind == "ReplicaSet")
            && is_controlled_by(set, deployment, "Deployment")
    };
    match revisions.iter().find(is_newest) {
        Some(newest) => owned_pods(newest, "ReplicaSet", pods),
        None => Vec::new(),
    }
}

/// All pods of a ReplicaSet. Changing its template does not replace them, so they have no revision.
pub(super) fn of_replica_set<'a>(set: &Value, pods: &[&'a Value]) -> Vec<&'a Value> {
    owned_pods(set, "ReplicaSet", pods)
}

/// Pods of a StatefulSet whose label names `status.updateRevision`.
pub(super) fn of_stateful_set<'a>(set: &Value, pods: &[&'a Value]) -> Vec<&'a Value> {
    let Some(revision) = text(set, &["status", "updateRevision"]) else { return Vec::new() };
    let owned = owned_pods(set, "StatefulSet", pods).into_iter();
    owned.filter(|pod| label(pod, REVISION_LABEL) == Some(revision)).collect()
}

/// Pods of a StatefulSet of another revision than the one that it wants. Below a partition the current revision
/// is wanted too.
pub(super) fn former_of_stateful_set<'a>(set: &Value, pods: &[&'a Value]) -> Vec<&'a Value> {
    let Some(wanted) = text(set, &["status", "updateRevision"]) else { return Vec::new() };
    let partition = int(set, &["spec", "updateStrategy", "rollingUpdate", "partition"]).unwrap_or_default();
    let also = if partition > 0 { text(set, &["status", "currentRevision"]) } else { None };
    let is_former =
        |pod: &&Value| label(pod, REVISION_LABEL).is_some_and(|found| found != wanted && Some(found) != also);
    owned_pods(set, "StatefulSet", pods).into_iter().filter(is_former).collect()
}

/// Pods of a DaemonSet's newest revision. Three rules, the first that can be applied:
///
/// 1. The newest of its ControllerRevisions, when they are at hand: pods with its hash.
/// 2. The template generation, which Kubernetes keeps in an annotation of the DaemonSet and puts as a label on
///    each pod that it creates from it. After going back to a former template, pods that were never replaced
///    keep their former number and are not recognised.
/// 3. The counts: all pods are new when as many are updated as there are; else none is taken.
pub(super) fn of_daemon_set<'a>(set: &Value, revisions: &[&'a Value], pods: &[&'a Value]) -> Vec<&'a Value> {
    let owned = owned_pods(set, "DaemonSet", pods);
    if let Some(hash) = newest_hash(set, revisions) {
        return owned.into_iter().filter(|pod| label(pod, REVISION_LABEL) == Some(hash)).collect();
    }
    if let Some(generation) = annotation(set, TEMPLATE_GENERATION_ANNOTATION) {
        return owned.into_iter().filter(|pod| label(pod, TEMPLATE_GENERATION_LABEL) == Some(generation)).collect();
    }
    let updated = int(set, &["status", "updatedNumberScheduled"]).unwrap_or_default();
    let scheduled = int(set, &["status", "currentNumberScheduled"]).unwrap_or_default();
    if updated > 0 && updated >= scheduled { owned } else { Vec::new() }
}

/// Pods that `owner` controls and that count for it: not those that are being deleted.
pub(super) fn owned_pods<'a>(owner: &Value, kind: &str, pods: &[&'a Value]) -> Vec<&'a Value> {
    let counts = |pod: &&&Value| at(pod, &["metadata", "deletionTimestamp"]).is_none();
    pods.iter().filter(counts).filter(|pod| is_controlled_by(pod, owner, kind)).copied().collect()
}

/// Whether `pod` is of the revision that a StatefulSet wants.
pub(super) fn is_of_revision(pod: &Value, revision: &str) -> bool {
    label(pod, REVISION_LABEL) == Some(revision)
}

fn newest_hash<'a>(set: &Value, revisions: &[&'a Value]) -> Option<&'a str> {
    let owned = revisions.iter().filter(|revision| is_controlled_by(revision, set, "DaemonSet"));
    let newest = owned.max_by_key(|revision| int(revision, &["revision"]))?;
    label(newest, REVISION_LABEL)
}

/// Whether `object` says that `owner`, an object of `kind`, controls it: by uid when both have one, else by
/// kind, name and namespace.
fn is_controlled_by(object: &Value, owner: &Value, kind: &str) -> bool {
    let references = list(object, &["metadata", "ownerReferences"]);
    let Some(reference) =
        references.iter().find(|reference| at(reference, &["controller"]) == Some(&Value::Bool(true)))
    else {
        return false;
    };
    match (text(reference, &["uid"]), text(owner, &["metadata", "uid"])) {
        (Some(found), Some(wanted)) => found == wanted,
        (None, _) | (_, None) => {
            text(reference, &["kind"]) == Some(kind)
                && text(reference, &["name"]).is_some_and(|name| text(owner, &["metadata", "name"]) == Some(name))
                && text(object, &["metadata", "namespace"]) == text(owner, &["metadata", "namespace"])
        }
    }
}

fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    text(object, &["metadata", "annotations", key])
}

fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    text(object, &["metadata", "labels", key])
}
