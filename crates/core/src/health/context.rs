//! What a strict reading needs to know beyond the object itself.

use serde_json::Value;

use crate::duration::Millis;

use super::read::Now;

/// What the object cannot say. All of it is optional: what is missing makes the answer later, never laxer.
#[derive(Clone, Debug, Default)]
pub struct Context<'a> {
    /// `metadata.generation` in the answer to our last apply: what shows less is an old reading.
    pub applied_generation: Option<i64>,
    /// When the API server took our last apply that changed the object, by *its* clock (the `Date` of the
    /// answer). A progress deadline that the cluster found exceeded before is about the former revision.
    pub applied_at: Option<Now>,
    /// For workloads: pods, at least those that they own, at most those of the namespace. For claims: the pods
    /// of the namespace.
    pub pods: Vec<&'a Value>,
    /// ReplicaSets for Deployments, ControllerRevisions for DaemonSets: they tell which pods are new.
    pub revisions: Vec<&'a Value>,
    /// For claims: the StorageClass that the claim names.
    pub storage_class: Option<&'a Value>,
    /// For Flux and Argo CD objects: the revision that should run (a commit, a chart version).
    pub wanted_revision: Option<&'a str>,
    /// Who replaces the pods of a StatefulSet or DaemonSet with `updateStrategy: OnDelete`.
    pub on_delete: OnDelete,
    /// Patience.
    pub policy: Policy,
}

/// Who replaces the pods of a workload with `updateStrategy: OnDelete`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OnDelete {
    /// Nobody has said so: wait until every pod is of the new revision.
    #[default]
    Wait,
    /// The rollout says `onDelete: manual`: somebody does it later by hand, do not wait.
    Manual,
}

/// How patient a strict reading is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// How long a container may wait for its image or configuration (`ImagePullBackOff`, `ErrImagePull`,
    /// `CreateContainerConfigError`, `CreateContainerError`) before that is a failure.
    pub pod_grace: Millis,
    /// How long a pod of a workload may find no node before that is a failure. Longer than the 15 s of a pod
    /// by itself: in a full cluster the old pods leave within their grace period and make room.
    /// Raise it where nodes are added on demand.
    pub unschedulable_grace: Millis,
    /// `CrashLoopBackOff` is a failure at once when the container was restarted this often. 0: always.
    pub crash_restarts: u32,
    /// How long an autoscaler may be unable to scale before that is worth a warning.
    pub autoscaler_grace: Millis,
    /// Whether an Ingress must have an address; some controllers never write one.
    pub ingress_needs_address: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            pod_grace: Millis::secs(60),
            unschedulable_grace: Millis::secs(60),
            crash_restarts: 0,
            autoscaler_grace: Millis::secs(300),
            ingress_needs_address: false,
        }
    }
}

/// Whether more than `grace` lies between `since` and `now`. Not when nothing tells since when.
pub(super) fn is_over(grace: Millis, since: Option<Now>, now: Now) -> bool {
    since.is_some_and(|since| now.since(since) > i64::try_from(grace.0).unwrap_or(i64::MAX))
}
