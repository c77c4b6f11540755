//! In which order the objects of one service are written, and the reverse in which they go.
//!
//! Namespaces and definitions of kinds come before all phases, because everything else may need them. Inside a
//! phase, what workloads refer to comes before the workloads, and what intercepts requests comes after them: a
//! webhook whose server is not there yet would refuse the rest.

use seaway_core::object::ObjectRef;

/// Kinds that others refer to and that refer to no workload.
const FOUNDATIONS: &[(&str, &str)] = &[
    ("", "ConfigMap"),
    ("", "Endpoints"),
    ("", "LimitRange"),
    ("", "PersistentVolume"),
    ("", "PersistentVolumeClaim"),
    ("", "ResourceQuota"),
    ("", "Secret"),
    ("", "Service"),
    ("", "ServiceAccount"),
    ("networking.k8s.io", "IngressClass"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("node.k8s.io", "RuntimeClass"),
    ("policy", "PodDisruptionBudget"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "Role"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("storage.k8s.io", "CSIDriver"),
    ("storage.k8s.io", "StorageClass"),
];
/// Kinds that may refer to foundations, and that workloads may need: a binding names its role.
const BINDINGS: &[(&str, &str)] =
    &[("rbac.authorization.k8s.io", "ClusterRoleBinding"), ("rbac.authorization.k8s.io", "RoleBinding")];
/// Kinds that intercept or serve requests by means of workloads.
const INTERCEPTORS: &[(&str, &str)] = &[
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("apiregistration.k8s.io", "APIService"),
];

/// Place of an object: lower ones are written first, equal ones together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Place {
    Namespaces,
    Definitions,
    /// Phase, and group inside of it.
    Phase(i32, Group),
}

/// Group inside a phase.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Group {
    Foundations,
    Bindings,
    Workloads,
    Interceptors,
}

/// The place of an object with this phase annotation.
pub(crate) fn place(object: &ObjectRef, phase: i32) -> Place {
    let is_in =
        |kinds: &[(&str, &str)]| kinds.iter().any(|(group, kind)| object.group == *group && object.kind == *kind);
    if object.group.is_empty() && object.kind == "Namespace" {
        return Place::Namespaces;
    }
    if object.group == "apiextensions.k8s.io" && object.kind == "CustomResourceDefinition" {
        return Place::Definitions;
    }
    let group = if is_in(FOUNDATIONS) {
        Group::Foundations
    } else if is_in(BINDINGS) {
        Group::Bindings
    } else if is_in(INTERCEPTORS) {
        Group::Interceptors
    } else {
        Group::Workloads
    };
    Place::Phase(phase, group)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(group: &str, kind: &str) -> ObjectRef {
        ObjectRef {
            group: group.into(),
            version: "v1".into(),
            kind: kind.into(),
            namespace: String::new(),
            name: "x".into(),
        }
    }

    #[test]
    fn what_others_need_comes_first() {
        let mut places = [
            place(&object("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"), 0),
            place(&object("apps", "Deployment"), 0),
            place(&object("", "Namespace"), 9),
            place(&object("batch", "Job"), -1),
            place(&object("example.com", "ConfigMap"), 0),
            place(&object("", "ConfigMap"), 0),
            place(&object("apiextensions.k8s.io", "CustomResourceDefinition"), 3),
            place(&object("rbac.authorization.k8s.io", "RoleBinding"), 0),
        ];
        places.sort();
        assert_eq!(
            places,
            [
                Place::Namespaces,
                Place::Definitions,
                Place::Phase(-1, Group::Workloads),
                Place::Phase(0, Group::Foundations),
                Place::Phase(0, Group::Bindings),
                Place::Phase(0, Group::Workloads),
                Place::Phase(0, Group::Workloads),
                Place::Phase(0, Group::Interceptors),
            ]
        );
    }
}
