//! Which rule an object follows: its group and kind, whatever the version.

use serde_json::Value;

use super::read::{at, text};

/// The rules. [`Kind::of`] is the only place that compares group and kind names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    Pod,
    Job,
    CronJob,
    /// PersistentVolumeClaim.
    Claim,
    Service,
    Ingress,
    /// CustomResourceDefinition.
    Definition,
    /// Kinds that are current as soon as they are observed.
    Settled,
    /// HorizontalPodAutoscaler.
    Autoscaler,
    ApiService,
    Gateway,
    /// HTTPRoute and the other kinds of routes with the same status.
    Route,
    /// cert-manager's.
    Certificate,
    /// Flux's.
    Kustomization,
    /// Flux's.
    HelmRelease,
    /// Argo CD's.
    Application,
    /// Other kinds that Kubernetes itself serves.
    BuiltIn,
    /// Everything else.
    Custom,
}

impl Kind {
    /// The rule for `object`.
    pub fn of(object: &Value) -> Self {
        match group_and_kind(object) {
            Some((group, kind)) => Self::named(group, kind),
            None => Self::Custom,
        }
    }

    fn named(group: &str, kind: &str) -> Self {
        match (group, kind) {
            ("apps" | "extensions", "Deployment") => Self::Deployment,
            ("apps" | "extensions", "ReplicaSet") => Self::ReplicaSet,
            ("apps" | "extensions", "DaemonSet") => Self::DaemonSet,
            ("apps", "StatefulSet") => Self::StatefulSet,
            ("", "Pod") => Self::Pod,
            ("batch", "Job") => Self::Job,
            ("batch", "CronJob") => Self::CronJob,
            ("", "PersistentVolumeClaim") => Self::Claim,
            ("", "Service") => Self::Service,
            ("networking.k8s.io" | "extensions", "Ingress") => Self::Ingress,
            ("apiextensions.k8s.io", "CustomResourceDefinition") => Self::Definition,
            ("", "ConfigMap" | "Secret") | ("policy", "PodDisruptionBudget") => Self::Settled,
            ("autoscaling", "HorizontalPodAutoscaler") => Self::Autoscaler,
            ("apiregistration.k8s.io", "APIService") => Self::ApiService,
            ("gateway.networking.k8s.io", "Gateway") => Self::Gateway,
            ("gateway.networking.k8s.io", "HTTPRoute" | "GRPCRoute" | "TLSRoute" | "TCPRoute" | "UDPRoute") => {
                Self::Route
            }
            ("cert-manager.io", "Certificate") => Self::Certificate,
            ("kustomize.toolkit.fluxcd.io", "Kustomization") => Self::Kustomization,
            ("helm.toolkit.fluxcd.io", "HelmRelease") => Self::HelmRelease,
            ("argoproj.io", "Application") => Self::Application,
            (group, _) if is_built_in(group) => Self::BuiltIn,
            _ => Self::Custom,
        }
    }

    /// Whether the kind's controller always writes `status.observedGeneration`, so that its absence means
    /// that the controller has not looked yet.
    pub fn reports_generation(self) -> bool {
        match self {
            Self::Deployment
            | Self::ReplicaSet
            | Self::StatefulSet
            | Self::DaemonSet
            | Self::Autoscaler
            | Self::Kustomization
            | Self::HelmRelease => true,
            // Of the settled kinds only the PodDisruptionBudget reports it, and nothing waits on one.
            Self::Settled
            | Self::Pod
            | Self::Job
            | Self::CronJob
            | Self::Claim
            | Self::Service
            | Self::Ingress
            | Self::Definition
            | Self::ApiService
            | Self::Gateway
            | Self::Route
            | Self::Certificate
            | Self::Application
            | Self::BuiltIn
            | Self::Custom => false,
        }
    }

    /// Whether there is no rule in the product that knows what a status of this kind looks like.
    pub fn is_custom(self) -> bool {
        self == Self::Custom
    }
}

/// Group and kind of `object`; nothing when it does not name them properly. An absent group is the core group.
pub(super) fn group_and_kind(object: &Value) -> Option<(&str, &str)> {
    let kind = text(object, &["kind"])?;
    let version = match at(object, &["apiVersion"]) {
        Some(version) => version.as_str()?,
        None => "",
    };
    match version.split_once('/') {
        None => Some(("", kind)),
        Some((_, rest)) if rest.contains('/') => None,
        Some((group, _)) => Some((group, kind)),
    }
}

/// Whether Kubernetes itself serves `group`.
fn is_built_in(group: &str) -> bool {
    matches!(group, "" | "apps" | "autoscaling" | "batch" | "extensions" | "policy")
        || matches!(
            group.strip_suffix(".k8s.io"),
            Some(
                "admissionregistration"
                    | "apiextensions"
                    | "apiregistration"
                    | "authentication"
                    | "authorization"
                    | "certificates"
                    | "coordination"
                    | "discovery"
                    | "events"
                    | "flowcontrol.apiserver"
                    | "internal.apiserver"
                    | "networking"
                    | "node"
                    | "rbac.authorization"
                    | "resource"
                    | "scheduling"
                    | "storage"
                    | "storagemigration"
            )
        )
}

/// What a driver should watch beside the objects of a kind, so that [`strict`](super::strict) can name causes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Needs {
    /// The pods of the namespace.
    pub pods: bool,
    /// The ReplicaSets of the namespace.
    pub replica_sets: bool,
    /// The ControllerRevisions of the namespace: welcome, not required.
    pub controller_revisions: bool,
    /// The StorageClass that the object names.
    pub storage_class: bool,
}

/// What to watch for objects of `kind` in API group `group` (empty for the core group).
pub fn needs(group: &str, kind: &str) -> Needs {
    let none = Needs::default();
    match Kind::named(group, kind) {
        Kind::Deployment => Needs { pods: true, replica_sets: true, ..none },
        Kind::DaemonSet => Needs { pods: true, controller_revisions: true, ..none },
        Kind::ReplicaSet | Kind::StatefulSet | Kind::Job => Needs { pods: true, ..none },
        Kind::Claim => Needs { pods: true, storage_class: true, ..none },
        Kind::Pod
        | Kind::CronJob
        | Kind::Service
        | Kind::Ingress
        | Kind::Definition
        | Kind::Settled
        | Kind::Autoscaler
        | Kind::ApiService
        | Kind::Gateway
        | Kind::Route
        | Kind::Certificate
        | Kind::Kustomization
        | Kind::HelmRelease
        | Kind::Application
        | Kind::BuiltIn
        | Kind::Custom => none,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn group_decides_not_version() {
        for (version, kind, rule) in [
            ("apps/v1", "Deployment", Kind::Deployment),
            ("extensions/v1beta1", "Deployment", Kind::Deployment),
            ("apps/v9", "Deployment", Kind::Deployment),
            ("v1", "Deployment", Kind::BuiltIn),
            ("example.com/v1", "Deployment", Kind::Custom),
            ("apps/v1/x", "Deployment", Kind::Custom),
            ("v1", "Pod", Kind::Pod),
            ("rbac.authorization.k8s.io/v1", "Role", Kind::BuiltIn),
            ("snapshot.storage.k8s.io/v1", "VolumeSnapshot", Kind::Custom),
            ("gateway.networking.k8s.io/v1", "GRPCRoute", Kind::Route),
        ] {
            assert_eq!(Kind::of(&json!({"apiVersion": version, "kind": kind})), rule, "{version} {kind}");
        }
        assert_eq!(Kind::of(&json!({"kind": "Pod"})), Kind::Pod, "as kstatus reads a missing version");
        assert_eq!(Kind::of(&json!({"apiVersion": 1, "kind": "Pod"})), Kind::Custom);
        assert_eq!(Kind::of(&json!([])), Kind::Custom);
    }

    #[test]
    fn drivers_learn_what_to_watch() {
        let pods = Needs { pods: true, ..Needs::default() };
        assert_eq!(needs("apps", "Deployment"), Needs { replica_sets: true, ..pods });
        assert_eq!(needs("apps", "DaemonSet"), Needs { controller_revisions: true, ..pods });
        assert_eq!(needs("", "PersistentVolumeClaim"), Needs { storage_class: true, ..pods });
        for (group, kind) in [("apps", "StatefulSet"), ("apps", "ReplicaSet"), ("batch", "Job")] {
            assert_eq!(needs(group, kind), pods, "{kind}");
        }
        assert_eq!(needs("", "ConfigMap"), Needs::default());
        assert_eq!(needs("example.com", "Deployment"), Needs::default());
    }
}
