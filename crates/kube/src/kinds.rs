//! Where the API server keeps objects of a kind: its plural name and whether it lives in namespaces.
//!
//! Built-in kinds are a table, so that nothing is asked for them. Other kinds are discovered once per group and
//! version; a kind whose CustomResourceDefinition is part of the content is taken from there, before the cluster
//! knows it.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use seaway_core::{execution::Failure, object::ObjectRef};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    connection::Cluster,
    failure::{ApiError, Tried, What},
    transport::{Ask, Verb, encode, null_as_default},
};

/// Built-in kinds: group, and kinds as `Kind=plural`; a `*` marks kinds outside namespaces.
const BUILT_IN: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "ConfigMap=configmaps",
            "Endpoints=endpoints",
            "LimitRange=limitranges",
            "*Namespace=namespaces",
            "*Node=nodes",
            "*PersistentVolume=persistentvolumes",
            "PersistentVolumeClaim=persistentvolumeclaims",
            "Pod=pods",
            "PodTemplate=podtemplates",
            "ReplicationController=replicationcontrollers",
            "ResourceQuota=resourcequotas",
            "Secret=secrets",
            "Service=services",
            "ServiceAccount=serviceaccounts",
        ],
    ),
    (
        "admissionregistration.k8s.io",
        &[
            "*MutatingAdmissionPolicy=mutatingadmissionpolicies",
            "*MutatingAdmissionPolicyBinding=mutatingadmissionpolicybindings",
            "*MutatingWebhookConfiguration=mutatingwebhookconfigurations",
            "*ValidatingAdmissionPolicy=validatingadmissionpolicies",
            "*ValidatingAdmissionPolicyBinding=validatingadmissionpolicybindings",
            "*ValidatingWebhookConfiguration=validatingwebhookconfigurations",
        ],
    ),
    ("apiextensions.k8s.io", &["*CustomResourceDefinition=customresourcedefinitions"]),
    ("apiregistration.k8s.io", &["*APIService=apiservices"]),
    (
        "apps",
        &[
            "ControllerRevision=controllerrevisions",
            "DaemonSet=daemonsets",
            "Deployment=deployments",
            "ReplicaSet=replicasets",
            "StatefulSet=statefulsets",
        ],
    ),
    ("autoscaling", &["HorizontalPodAutoscaler=horizontalpodautoscalers"]),
    ("batch", &["CronJob=cronjobs", "Job=jobs"]),
    ("certificates.k8s.io", &["*CertificateSigningRequest=certificatesigningrequests"]),
    ("coordination.k8s.io", &["Lease=leases"]),
    ("discovery.k8s.io", &["EndpointSlice=endpointslices"]),
    (
        "flowcontrol.apiserver.k8s.io",
        &["*FlowSchema=flowschemas", "*PriorityLevelConfiguration=prioritylevelconfigurations"],
    ),
    (
        "networking.k8s.io",
        &[
            "*IPAddress=ipaddresses",
            "Ingress=ingresses",
            "*IngressClass=ingressclasses",
            "NetworkPolicy=networkpolicies",
            "*ServiceCIDR=servicecidrs",
        ],
    ),
    ("node.k8s.io", &["*RuntimeClass=runtimeclasses"]),
    ("policy", &["PodDisruptionBudget=poddisruptionbudgets"]),
    (
        "rbac.authorization.k8s.io",
        &[
            "*ClusterRole=clusterroles",
            "*ClusterRoleBinding=clusterrolebindings",
            "Role=roles",
            "RoleBinding=rolebindings",
        ],
    ),
    ("scheduling.k8s.io", &["*PriorityClass=priorityclasses"]),
    (
        "storage.k8s.io",
        &[
            "*CSIDriver=csidrivers",
            "*CSINode=csinodes",
            "CSIStorageCapacity=csistoragecapacities",
            "*StorageClass=storageclasses",
            "*VolumeAttachment=volumeattachments",
            "*VolumeAttributesClass=volumeattributesclasses",
        ],
    ),
];

/// A kind of one version, and where its objects are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Resource {
    pub group: String,
    pub version: String,
    pub kind: String,
    pub plural: String,
    pub namespaced: bool,
}

impl Resource {
    /// Path of the collection, or of one object; `None` as namespace is all of them.
    pub(crate) fn path(&self, namespace: Option<&str>, name: Option<&str>) -> String {
        let mut path = if self.group.is_empty() { "/api/".to_owned() } else { format!("/apis/{}/", self.group) };
        path.push_str(&self.version);
        if let Some(namespace) = namespace.filter(|_| self.namespaced) {
            let _ = write!(path, "/namespaces/{}", encode(namespace));
        }
        let _ = write!(path, "/{}", self.plural);
        if let Some(name) = name {
            let _ = write!(path, "/{}", encode(name));
        }
        path
    }

    /// Path of one object.
    pub(crate) fn path_of(&self, object: &ObjectRef) -> String {
        self.path(Some(&object.namespace), Some(&object.name))
    }

    /// `apps/v1`, or `v1`.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `deployments.apps`, for people.
    pub(crate) fn words(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// Identity of an object of this kind: cluster-scoped kinds ignore the namespace.
    pub(crate) fn key(&self, object: &ObjectRef) -> Key {
        let namespace = if self.namespaced { object.namespace.clone() } else { String::new() };
        Key { group: self.group.clone(), kind: self.kind.clone(), namespace, name: object.name.clone() }
    }
}

/// Identity of an object, whatever its version.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Key {
    pub group: String,
    pub kind: String,
    pub namespace: String,
    pub name: String,
}

/// A kind by group, version and name.
pub(crate) type KindId = (String, String, String);

pub(crate) fn kind_id(object: &ObjectRef) -> KindId {
    (object.group.clone(), object.version.clone(), object.kind.clone())
}

/// Where a kind is to be found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Found {
    /// There.
    Served(Resource),
    /// Its definition is part of the content; the cluster may not have it yet.
    Defined(Resource),
    /// The cluster does not know it, and the content does not define it.
    Unknown,
}

impl Found {
    pub(crate) fn resource(&self) -> Option<&Resource> {
        match self {
            Self::Served(resource) | Self::Defined(resource) => Some(resource),
            Self::Unknown => None,
        }
    }
}

/// Discovered kinds of one cluster. Only what was found is kept: what is missing may come.
#[derive(Default)]
pub(crate) struct Kinds {
    /// By group and version.
    discovered: Mutex<HashMap<(String, String), Arc<ByKind>>>,
}

type ByKind = BTreeMap<String, Resource>;

#[derive(Deserialize)]
struct ResourceList {
    #[serde(default, deserialize_with = "null_as_default")]
    resources: Vec<ResourceItem>,
}

#[derive(Deserialize)]
struct ResourceItem {
    name: String,
    kind: String,
    #[serde(default)]
    namespaced: bool,
}

/// A built-in kind.
pub(crate) fn built_in(group: &str, version: &str, kind: &str) -> Option<Resource> {
    let (_, kinds) = BUILT_IN.iter().find(|(known, _)| *known == group)?;
    kinds.iter().find_map(|entry| {
        let (name, plural) = entry.split_once('=')?;
        let cluster_wide = name.strip_prefix('*');
        (cluster_wide.unwrap_or(name) == kind).then(|| Resource {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            namespaced: cluster_wide.is_none(),
        })
    })
}

/// The kinds that CustomResourceDefinitions among these manifests define, in every version that they serve.
pub(crate) fn defined<'a>(manifests: impl Iterator<Item = &'a Value>) -> BTreeMap<KindId, Resource> {
    let mut found = BTreeMap::new();
    for manifest in manifests.filter(|manifest| is_definition(manifest)) {
        let text = |pointer: &str| manifest.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let (Some(group), Some(kind), Some(plural)) =
            (text("/spec/group"), text("/spec/names/kind"), text("/spec/names/plural"))
        else {
            continue;
        };
        let namespaced = text("/spec/scope").as_deref() != Some("Cluster");
        let versions = manifest.pointer("/spec/versions").and_then(Value::as_array).into_iter().flatten();
        for version in versions.filter_map(|version| version.get("name")?.as_str()) {
            let resource = Resource {
                group: group.clone(),
                version: version.to_owned(),
                kind: kind.clone(),
                plural: plural.clone(),
                namespaced,
            };
            found.insert((group.clone(), version.to_owned(), kind.clone()), resource);
        }
    }
    found
}

fn is_definition(manifest: &Value) -> bool {
    let starts =
        |key: &str, start: &str| manifest.get(key).and_then(Value::as_str).is_some_and(|t| t.starts_with(start));
    starts("apiVersion", "apiextensions.k8s.io/") && starts("kind", "CustomResourceDefinition")
}

impl Cluster {
    /// Where a kind is: from the table, from the content's own definitions, or by asking once.
    pub(crate) async fn find_kind(&self, id: &KindId, defined: &BTreeMap<KindId, Resource>) -> Result<Found, Failure> {
        let (group, version, kind) = id;
        if let Some(resource) = built_in(group, version, kind) {
            return Ok(Found::Served(resource));
        }
        if let Some(resource) = defined.get(id) {
            return Ok(Found::Defined(resource.clone()));
        }
        let kinds = self.discover(group, version).await?;
        Ok(kinds.get(kind).map_or(Found::Unknown, |resource| Found::Served(resource.clone())))
    }

    async fn discover(&self, group: &str, version: &str) -> Result<Arc<ByKind>, Failure> {
        let key = (group.to_owned(), version.to_owned());
        let cache = &self.inner.kinds.discovered;
        if let Some(known) = cache.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(known.clone());
        }
        let path = if group.is_empty() {
            format!("/api/{}", encode(version))
        } else {
            format!("/apis/{}/{}", encode(group), encode(version))
        };
        let found = match self.transport().call(&Ask::new(Verb::Get, path)).await.and_then(|answer| read(&answer, &key))
        {
            Ok(found) => Arc::new(found),
            Err(error) if error.code() == 404 => return Ok(Arc::default()),
            Err(error) => {
                let what = What::Kind(group);
                return Err(Tried { server: self.server(), verb: "discover kinds of", what }.failure(&error));
            }
        };
        cache.lock().unwrap_or_else(PoisonError::into_inner).insert(key, found.clone());
        Ok(found)
    }

    /// Forgets what was discovered of a group, because its definitions are being changed.
    pub(crate) fn forget_kinds(&self, group: &str) {
        let mut cache = self.inner.kinds.discovered.lock().unwrap_or_else(PoisonError::into_inner);
        cache.retain(|(known, _), _| known != group);
    }
}

fn read(answer: &crate::transport::Answer, (group, version): &(String, String)) -> Result<ByKind, ApiError> {
    let list: ResourceList = answer.json()?;
    // `deployments/scale` and the like are parts of objects, not kinds.
    let items = list.resources.into_iter().filter(|item| !item.name.contains('/'));
    Ok(items
        .map(|item| {
            let resource = Resource {
                group: group.clone(),
                version: version.clone(),
                kind: item.kind.clone(),
                plural: item.name,
                namespaced: item.namespaced,
            };
            (item.kind, resource)
        })
        .collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use serde_json::json;

    #[test]
    fn built_in_kinds_have_paths() {
        let deployment = built_in("apps", "v1", "Deployment").unwrap();
        assert_eq!(deployment.path(None, None), "/apis/apps/v1/deployments");
        assert_eq!(deployment.path(Some("web"), Some("api")), "/apis/apps/v1/namespaces/web/deployments/api");
        let role = built_in("rbac.authorization.k8s.io", "v1", "ClusterRole").unwrap();
        assert_eq!(
            role.path(Some("ignored"), Some("system:x")),
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Ax"
        );
        assert_eq!(built_in("", "v1", "ConfigMap").unwrap().path(Some("a"), None), "/api/v1/namespaces/a/configmaps");
        assert_eq!(built_in("apps", "v1", "Widget"), None);
        assert_eq!(built_in("example.com", "v1", "Deployment"), None);
    }

    #[test]
    fn definitions_in_the_content_define_kinds() {
        let definition = json!({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
            "spec":{"group":"example.com","scope":"Namespaced","names":{"kind":"Widget","plural":"widgets"},
                "versions":[{"name":"v1"},{"name":"v2"}]}});
        let found = defined([&definition, &json!({"kind":"ConfigMap","apiVersion":"v1"})].into_iter());
        let kinds: Vec<_> = found.values().map(|resource| resource.path(Some("a"), None)).collect();
        assert_eq!(kinds, ["/apis/example.com/v1/namespaces/a/widgets", "/apis/example.com/v2/namespaces/a/widgets"]);
    }
}
