//! Which kinds live in a namespace.

use std::collections::BTreeMap;

use serde_json::Value;

/// Kind whose objects define other kinds.
pub(crate) const DEFINITION: &str = "CustomResourceDefinition";

/// Cluster-scoped kinds that Kubernetes itself has had in any supported version.
const CLUSTER_SCOPED: &[(&str, &[&str])] = &[
    ("", &["Namespace", "Node", "PersistentVolume", "ComponentStatus"]),
    (
        "admissionregistration.k8s.io",
        &[
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
    ),
    ("apiextensions.k8s.io", &[DEFINITION]),
    ("apiregistration.k8s.io", &["APIService"]),
    ("certificates.k8s.io", &["CertificateSigningRequest", "ClusterTrustBundle"]),
    ("flowcontrol.apiserver.k8s.io", &["FlowSchema", "PriorityLevelConfiguration"]),
    ("internal.apiserver.k8s.io", &["StorageVersion"]),
    ("networking.k8s.io", &["IngressClass", "IPAddress", "ServiceCIDR"]),
    ("node.k8s.io", &["RuntimeClass"]),
    ("rbac.authorization.k8s.io", &["ClusterRole", "ClusterRoleBinding"]),
    ("resource.k8s.io", &["DeviceClass", "DeviceTaintRule", "ResourceSlice"]),
    ("scheduling.k8s.io", &["PriorityClass"]),
    ("storage.k8s.io", &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"]),
    ("storagemigration.k8s.io", &["StorageVersionMigration"]),
];

/// Groups of which every kind that is not listed is namespaced. Other groups are custom.
const BUILT_IN_GROUPS: &[&str] = &[
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// Where objects of a kind live.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scope {
    Namespaced,
    Cluster,
}

/// Scopes of custom kinds, from the definitions in the same source.
#[derive(Clone, Default, Debug)]
pub(crate) struct Scopes {
    custom: BTreeMap<(String, String), Scope>,
}

impl Scopes {
    /// Learns the kind that a CustomResourceDefinition defines; other objects teach nothing.
    pub(crate) fn learn(&mut self, manifest: &Value) {
        let text = |pointer: &str| manifest.pointer(pointer).and_then(Value::as_str);
        let is_definition = text("/kind") == Some(DEFINITION)
            && text("/apiVersion").is_some_and(|version| version.starts_with("apiextensions.k8s.io/"));
        if let (true, Some(group), Some(kind), Some(scope)) =
            (is_definition, text("/spec/group"), text("/spec/names/kind"), text("/spec/scope"))
        {
            let scope = if scope == "Cluster" { Scope::Cluster } else { Scope::Namespaced };
            self.custom.insert((group.to_owned(), kind.to_owned()), scope);
        }
    }

    /// The scope of a kind; `None` when only the cluster knows it.
    pub(crate) fn of(&self, group: &str, kind: &str) -> Option<Scope> {
        let listed = CLUSTER_SCOPED.iter().any(|(one, kinds)| *one == group && kinds.contains(&kind));
        if listed {
            return Some(Scope::Cluster);
        }
        if let Some(scope) = self.custom.get(&(group.to_owned(), kind.to_owned())) {
            return Some(*scope);
        }
        BUILT_IN_GROUPS.contains(&group).then_some(Scope::Namespaced)
    }
}
