//! The field paths that Kustomize has built in.
//!
//! They are facts about Kubernetes' kinds and about Kustomize: a kind that is missing in one of the lists is missing
//! there, and a reference to it stays as it is.

use super::{
    config::{Config, NameReference},
    field_spec::FieldSpec,
    ident::Gvk,
};

/// Group, version (empty = any) and kind of an object, and a path in it.
type Place<'a> = (&'a str, &'a str, &'a str, &'a str);

/// Kinds with pods, where their pods are described, and the version that the place is for.
const POD_TEMPLATES: [(&str, &str, &str); 8] = [
    ("v1", "Pod", "spec"),
    ("", "PodTemplate", "template/spec"),
    ("", "Deployment", "spec/template/spec"),
    ("", "ReplicaSet", "spec/template/spec"),
    ("", "DaemonSet", "spec/template/spec"),
    ("", "StatefulSet", "spec/template/spec"),
    ("", "Job", "spec/template/spec"),
    ("", "CronJob", "spec/jobTemplate/spec/template/spec"),
];

/// Kinds with pods, for the fields of a pod that Kustomize learned about in another list.
const PODS: [(&str, &str); 7] = [
    ("Pod", "spec"),
    ("StatefulSet", "spec/template/spec"),
    ("Deployment", "spec/template/spec"),
    ("ReplicationController", "spec/template/spec"),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
];

pub(crate) fn config() -> Config {
    let mut config = Config {
        name_prefix: vec![FieldSpec::any("metadata/name", false)],
        name_suffix: vec![FieldSpec::any("metadata/name", false)],
        namespace: namespaces(),
        common_labels: [selectors(), label_fields()].concat(),
        labels: Vec::new(),
        template_labels: label_fields(),
        common_annotations: annotation_fields(),
        name_references: name_references(),
        var_references: var_references(),
        images: images(),
        replicas: ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"]
            .map(|kind| spec(("", "", kind, "spec/replicas"), true))
            .to_vec(),
    };
    config.sort();
    config
}

fn spec((group, version, kind, path): Place<'_>, create: bool) -> FieldSpec {
    let gvk = Gvk { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned() };
    FieldSpec { gvk, path: path.to_owned(), create }
}

fn specs(places: &[Place<'_>], create: bool) -> Vec<FieldSpec> {
    places.iter().map(|place| spec(*place, create)).collect()
}

fn namespaces() -> Vec<FieldSpec> {
    vec![
        spec(("", "", "Namespace", "metadata/name"), true),
        spec(("apiregistration.k8s.io", "", "APIService", "spec/service/namespace"), true),
        spec(
            (
                "apiextensions.k8s.io",
                "",
                "CustomResourceDefinition",
                "spec/conversion/webhook/clientConfig/service/namespace",
            ),
            false,
        ),
    ]
}

fn selectors() -> Vec<FieldSpec> {
    const AFFINITY: [&str; 5] = [
        "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
        "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
        "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/\
         matchLabels",
        "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
        "topologySpreadConstraints/labelSelector/matchLabels",
    ];
    let mut found = specs(
        &[
            ("", "v1", "Service", "spec/selector"),
            ("", "v1", "ReplicationController", "spec/selector"),
            ("", "", "Deployment", "spec/selector/matchLabels"),
            ("", "", "ReplicaSet", "spec/selector/matchLabels"),
            ("", "", "DaemonSet", "spec/selector/matchLabels"),
            ("apps", "", "StatefulSet", "spec/selector/matchLabels"),
        ],
        true,
    );
    for kind in ["Deployment", "StatefulSet"] {
        for path in AFFINITY {
            found.push(spec(("apps", "", kind, &format!("spec/template/spec/{path}")), false));
        }
    }
    found.extend(specs(
        &[
            ("batch", "", "Job", "spec/selector/matchLabels"),
            ("batch", "", "CronJob", "spec/jobTemplate/spec/selector/matchLabels"),
            ("policy", "", "PodDisruptionBudget", "spec/selector/matchLabels"),
            ("networking.k8s.io", "", "NetworkPolicy", "spec/podSelector/matchLabels"),
            ("networking.k8s.io", "", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels"),
            ("networking.k8s.io", "", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels"),
        ],
        false,
    ));
    found
}

fn label_fields() -> Vec<FieldSpec> {
    specs(
        &[
            ("", "", "", "metadata/labels"),
            ("", "v1", "ReplicationController", "spec/template/metadata/labels"),
            ("", "", "Deployment", "spec/template/metadata/labels"),
            ("", "", "ReplicaSet", "spec/template/metadata/labels"),
            ("", "", "DaemonSet", "spec/template/metadata/labels"),
            ("apps", "", "StatefulSet", "spec/template/metadata/labels"),
            ("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels"),
            ("batch", "", "Job", "spec/template/metadata/labels"),
            ("batch", "", "CronJob", "spec/jobTemplate/metadata/labels"),
            ("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels"),
        ],
        true,
    )
}

fn annotation_fields() -> Vec<FieldSpec> {
    specs(
        &[
            ("", "", "", "metadata/annotations"),
            ("", "v1", "ReplicationController", "spec/template/metadata/annotations"),
            ("", "", "Deployment", "spec/template/metadata/annotations"),
            ("", "", "ReplicaSet", "spec/template/metadata/annotations"),
            ("", "", "DaemonSet", "spec/template/metadata/annotations"),
            ("", "", "StatefulSet", "spec/template/metadata/annotations"),
            ("batch", "", "Job", "spec/template/metadata/annotations"),
            ("batch", "", "CronJob", "spec/jobTemplate/metadata/annotations"),
            ("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations"),
        ],
        true,
    )
}

fn images() -> Vec<FieldSpec> {
    const PATHS: [&str; 3] = ["containers[]/image", "initContainers[]/image", "volumes[]/image/reference"];
    let all = ["spec", "spec/template/spec"].into_iter().flat_map(|pod| PATHS.map(|path| format!("{pod}/{path}")));
    all.map(|path| FieldSpec::any(&path, true)).collect()
}

/// A reference from the fields of pods, as `(kind, paths in the pod)`, and from other places.
fn from_pods(paths: &[&str], others: &[Place<'_>]) -> Vec<FieldSpec> {
    let mut found = Vec::new();
    for (version, kind, pod) in POD_TEMPLATES {
        for path in paths {
            found.push(spec(("", version, kind, &format!("{pod}/{path}")), false));
        }
    }
    found.extend(specs(others, false));
    found
}

fn in_pods(path: &str) -> Vec<FieldSpec> {
    PODS.iter().map(|(kind, pod)| spec(("", "", kind, &format!("{pod}/{path}")), false)).collect()
}

fn name_references() -> Vec<NameReference> {
    let refer = |group: &str, version: &str, kind: &str, fields: Vec<FieldSpec>| NameReference {
        target: Gvk { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned() },
        fields,
    };
    let mut found: Vec<NameReference> = ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"]
        .map(|kind| {
            refer("", "", kind, specs(&[("", "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name")], false))
        })
        .to_vec();
    found.push(refer("", "v1", "ConfigMap", config_maps()));
    found.push(refer("", "v1", "Secret", secrets()));
    found.push(refer("", "v1", "Service", services()));
    const RBAC: &str = "rbac.authorization.k8s.io";
    found.push(refer(RBAC, "", "Role", specs(&[(RBAC, "", "RoleBinding", "roleRef/name")], false)));
    let bindings = [(RBAC, "", "RoleBinding", "roleRef/name"), (RBAC, "", "ClusterRoleBinding", "roleRef/name")];
    found.push(refer(RBAC, "", "ClusterRole", specs(&bindings, false)));
    let subjects = [(RBAC, "", "RoleBinding", "subjects"), (RBAC, "", "ClusterRoleBinding", "subjects")];
    let accounts = [specs(&subjects, false), in_pods("serviceAccountName")].concat();
    found.push(refer("", "v1", "ServiceAccount", accounts));
    found.push(refer("", "v1", "PersistentVolumeClaim", in_pods("volumes/persistentVolumeClaim/claimName")));
    let volumes =
        [("", "", "PersistentVolumeClaim", "spec/volumeName"), ("", "", "ClusterRole", "rules/resourceNames")];
    found.push(refer("", "v1", "PersistentVolume", specs(&volumes, false)));
    let classes = [
        ("", "", "PersistentVolume", "spec/storageClassName"),
        ("", "", "PersistentVolumeClaim", "spec/storageClassName"),
        ("", "", "StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName"),
    ];
    found.push(refer("storage.k8s.io", "v1", "StorageClass", specs(&classes, false)));
    found.push(refer("scheduling.k8s.io", "v1", "PriorityClass", in_pods("priorityClassName")));
    const ADMISSION: &str = "admissionregistration.k8s.io";
    let policies = [(ADMISSION, "", "ValidatingAdmissionPolicyBinding", "spec/policyName")];
    found.push(refer(ADMISSION, "", "ValidatingAdmissionPolicy", specs(&policies, false)));
    found
}

fn config_maps() -> Vec<FieldSpec> {
    from_pods(
        &[
            "volumes/configMap/name",
            "containers/env/valueFrom/configMapKeyRef/name",
            "initContainers/env/valueFrom/configMapKeyRef/name",
            "containers/envFrom/configMapRef/name",
            "initContainers/envFrom/configMapRef/name",
            "volumes/projected/sources/configMap/name",
        ],
        &[
            ("", "", "Node", "spec/configSource/configMap"),
            ("", "", "Role", "rules/resourceNames"),
            ("", "", "ClusterRole", "rules/resourceNames"),
            ("", "", "Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/fastcgi-params-configmap"),
        ],
    )
}

fn secrets() -> Vec<FieldSpec> {
    from_pods(
        &[
            "volumes/secret/secretName",
            "containers/env/valueFrom/secretKeyRef/name",
            "initContainers/env/valueFrom/secretKeyRef/name",
            "containers/envFrom/secretRef/name",
            "initContainers/envFrom/secretRef/name",
            "imagePullSecrets/name",
            "volumes/projected/sources/secret/name",
        ],
        &[
            ("", "", "Ingress", "spec/tls/secretName"),
            ("", "", "Ingress", r"metadata/annotations/ingress.kubernetes.io\/auth-secret"),
            ("", "", "Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-secret"),
            ("", "", "Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-tls-secret"),
            ("", "", "ServiceAccount", "imagePullSecrets/name"),
            ("", "", "StorageClass", "parameters/secretName"),
            ("", "", "StorageClass", "parameters/adminSecretName"),
            ("", "", "StorageClass", "parameters/userSecretName"),
            ("", "", "StorageClass", "parameters/secretRef"),
            ("", "", "Role", "rules/resourceNames"),
            ("", "", "ClusterRole", "rules/resourceNames"),
            ("serving.knative.dev", "v1", "Service", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
            ("", "", "PersistentVolume", "spec/azureFile/secretName"),
        ],
    )
}

fn services() -> Vec<FieldSpec> {
    const ADMISSION: &str = "admissionregistration.k8s.io";
    specs(
        &[
            ("apps", "", "StatefulSet", "spec/serviceName"),
            ("", "", "Ingress", "spec/rules/http/paths/backend/serviceName"),
            ("", "", "Ingress", "spec/backend/serviceName"),
            ("", "", "Ingress", "spec/rules/http/paths/backend/service/name"),
            ("", "", "Ingress", "spec/defaultBackend/service/name"),
            ("apiregistration.k8s.io", "", "APIService", "spec/service/name"),
            (ADMISSION, "", "ValidatingWebhookConfiguration", "webhooks/clientConfig/service"),
            (ADMISSION, "", "MutatingWebhookConfiguration", "webhooks/clientConfig/service"),
        ],
        false,
    )
}

fn var_references() -> Vec<FieldSpec> {
    const IN_POD: [&str; 8] = [
        "containers/args",
        "containers/command",
        "containers/env/value",
        "containers/volumeMounts/mountPath",
        "initContainers/args",
        "initContainers/command",
        "initContainers/env/value",
        "initContainers/volumeMounts/mountPath",
    ];
    let kinds = [
        ("CronJob", "spec/jobTemplate/spec/template/spec"),
        ("DaemonSet", "spec/template/spec"),
        ("Deployment", "spec/template/spec"),
        ("Job", "spec/template/spec"),
        ("Pod", "spec"),
        ("ReplicaSet", "spec/template/spec"),
        ("StatefulSet", "spec/template/spec"),
    ];
    let mut found = Vec::new();
    for (kind, pod) in kinds {
        for path in IN_POD {
            found.push(spec(("", "", kind, &format!("{pod}/{path}")), false));
        }
        // The place for cron jobs leads nowhere, in Kustomize as well.
        if kind != "StatefulSet" {
            let pod = if kind == "CronJob" { "spec/jobTemplate/spec/template" } else { pod };
            found.push(spec(("", "", kind, &format!("{pod}/volumes/nfs/server")), false));
        }
    }
    found.extend(specs(
        &[
            ("", "", "Deployment", "spec/template/metadata/annotations"),
            ("", "", "Ingress", "spec/rules/host"),
            ("", "", "Ingress", "spec/tls/hosts"),
            ("", "", "Ingress", "spec/tls/secretName"),
            ("", "", "Service", "spec/ports/port"),
            ("", "", "Service", "spec/ports/targetPort"),
            ("", "", "StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server"),
            ("", "", "PersistentVolume", "spec/nfs/server"),
            ("", "", "", "metadata/labels"),
            ("", "", "", "metadata/annotations"),
        ],
        false,
    ));
    found
}
