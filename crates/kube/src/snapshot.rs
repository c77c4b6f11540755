//! What is on the cluster: inventories, and the objects that carry our label, one list per kind.
//!
//! Nothing is asked per object. What is wanted and not among the listed may exist without our label; that is one
//! list of metadata per kind and namespace, see [`Cluster::presence`].

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use futures::future::try_join_all;
use seaway_core::{
    LABEL_INVENTORY, LABEL_SERVICE,
    digest::Digest,
    execution::{Failure, FailureKind},
    ids::ServiceName,
    object::ObjectRef,
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    connection::Cluster,
    difference::Desired,
    failure::{ApiError, Tried, What, clean},
    fingerprint,
    inventory::{self, Inventory},
    kinds::{Found, Key, KindId, Resource, kind_id},
    transport::{Ask, Verb, encode, null_as_default},
};

/// Objects per page of a list: one request for nearly every kind of nearly every service.
const PAGE: usize = 2000;
/// Objects per page when those pages turn out too large to keep: 50 of the largest size that etcd takes.
const SMALL_PAGE: usize = 50;
/// How often a list is started again when the server has forgotten the state that its pages came from.
const LIST_RESTARTS: usize = 3;
/// More services than this are listed by the presence of the label: the selector goes into the request's path.
const SELECTOR_SERVICES_MAX: usize = 20;
/// Answers without specs.
const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// A live object of a service.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    /// As the server sent it, without `managedFields`.
    pub object: Arc<Value>,
    pub fingerprint: Digest,
    pub uid: String,
    /// Value of our service label.
    pub service: String,
}

impl Live {
    /// Whether somebody has deleted it, and it is not gone yet.
    pub(crate) fn is_terminating(&self) -> bool {
        self.object.pointer("/metadata/deletionTimestamp").is_some_and(|at| !at.is_null())
    }
}

/// An object that exists, by its metadata.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Presence {
    pub uid: String,
    /// Value of our service label, when it has one.
    pub service: Option<String>,
    /// Names of its field managers.
    pub managers: Vec<String>,
    /// `app.kubernetes.io/managed-by`, when it says so.
    pub managed_by: Option<String>,
}

/// What is on the cluster of some services.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    pub inventories: BTreeMap<ServiceName, Inventory>,
    /// Where the kinds of the content and of the inventories are.
    pub kinds: BTreeMap<KindId, Found>,
    pub live: HashMap<Key, Live>,
}

/// Objects of one kind, raw.
#[derive(Deserialize)]
struct Page {
    #[serde(default, deserialize_with = "null_as_default")]
    metadata: PageMetadata,
    #[serde(default, deserialize_with = "null_as_default")]
    items: Vec<Value>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct PageMetadata {
    #[serde(rename = "continue", default)]
    next: String,
    #[serde(default)]
    resource_version: String,
}

/// All items of a list, and the version that they were read at.
pub(crate) struct Listed {
    pub items: Vec<Value>,
    pub resource_version: String,
}

impl Cluster {
    /// Reads inventories and labelled objects.
    pub(crate) async fn snapshot(&self, desired: &[&Desired]) -> Result<Snapshot, Failure> {
        let services: BTreeSet<&ServiceName> = desired.iter().map(|desired| &desired.content.service).collect();
        let inventories = self.inventories(&services).await?;
        let manifests = desired.iter().flat_map(|desired| desired.content.objects.iter());
        let defined = crate::kinds::defined(manifests.clone().map(|rendered| &*rendered.manifest));
        let wanted: BTreeSet<KindId> = manifests.map(|rendered| kind_id(&rendered.entry.object)).collect();
        let covered: BTreeSet<(&str, &str)> = wanted.iter().map(|(g, _, k)| (g.as_str(), k.as_str())).collect();
        let owned = inventories.values().flat_map(|inventory| inventory.entries.values());
        let leaving = owned.map(|entry| kind_id(&entry.object)).filter(|(g, _, k)| !covered.contains(&(g, k)));
        let leaving: BTreeSet<KindId> = leaving.collect();

        let namespaces = namespaces_by_kind(desired, &inventories);
        let selector = service_selector(&services);
        let reads =
            wanted.iter().map(|id| (id, false)).chain(leaving.iter().map(|id| (id, true))).map(|(id, leaves)| {
                let (defined, selector, namespaces) = (&defined, &selector, &namespaces);
                async move {
                    let found = self.find_kind(id, defined).await?;
                    let scopes = namespaces.get(&(id.0.clone(), id.2.clone()));
                    self.read_kind(id, found, leaves, selector, scopes).await
                }
            });
        let mut snapshot = Snapshot { inventories, ..Snapshot::default() };
        for (id, found, live) in try_join_all(reads).await? {
            snapshot.kinds.insert(id, found);
            snapshot.live.extend(live);
        }
        Ok(snapshot)
    }

    /// The inventories of these services.
    pub(crate) async fn inventories(
        &self,
        services: &BTreeSet<&ServiceName>,
    ) -> Result<BTreeMap<ServiceName, Inventory>, Failure> {
        let selector = format!("{LABEL_INVENTORY}=true,{}", service_selector(services));
        let inventories = self.read_inventories(&selector).await?.into_iter();
        let wanted = inventories.filter(|inventory| services.contains(&inventory.service));
        Ok(wanted.map(|inventory| (inventory.service.clone(), inventory)).collect())
    }

    /// The inventories of all services.
    pub(crate) async fn all_inventories(&self) -> Result<Vec<Inventory>, Failure> {
        self.read_inventories(&format!("{LABEL_INVENTORY}=true")).await
    }

    async fn read_inventories(&self, selector: &str) -> Result<Vec<Inventory>, Failure> {
        match self.list_path(inventory::PATH, selector, "").await {
            Ok(listed) => listed.items.iter().map(Inventory::read).collect(),
            Err(error) => Err(self.list_failure("configmaps", &error)),
        }
    }

    /// Lists the objects of one kind. A kind that only the inventory names may be served in another version by now.
    async fn read_kind(
        &self,
        id: &KindId,
        found: Found,
        leaves: bool,
        selector: &str,
        namespaces: Option<&BTreeSet<String>>,
    ) -> Result<(KindId, Found, Vec<(Key, Live)>), Failure> {
        let Some(resource) = found.resource().cloned() else {
            let other = if leaves { self.served_version(id).await? } else { None };
            let Some(resource) = other else { return Ok((id.clone(), Found::Unknown, Vec::new())) };
            let live = self.list_labelled(&resource, selector, namespaces).await?.unwrap_or_default();
            return Ok((id.clone(), Found::Served(resource), live));
        };
        match self.list_labelled(&resource, selector, namespaces).await? {
            Some(live) => Ok((id.clone(), Found::Served(resource), live)),
            None if matches!(found, Found::Defined(_)) => Ok((id.clone(), found, Vec::new())),
            None if leaves => match self.served_version(id).await? {
                Some(resource) => {
                    let live = self.list_labelled(&resource, selector, namespaces).await?.unwrap_or_default();
                    Ok((id.clone(), Found::Served(resource), live))
                }
                None => Ok((id.clone(), Found::Unknown, Vec::new())),
            },
            None => Ok((id.clone(), Found::Unknown, Vec::new())),
        }
    }

    /// The version in which the cluster serves a kind that it no longer serves in the given one.
    async fn served_version(&self, (group, version, kind): &KindId) -> Result<Option<Resource>, Failure> {
        #[derive(Deserialize)]
        struct Group {
            #[serde(default, deserialize_with = "null_as_default")]
            versions: Vec<GroupVersion>,
        }
        #[derive(Deserialize)]
        struct GroupVersion {
            version: String,
        }
        if group.is_empty() {
            return Ok(None);
        }
        let answer = self.transport().call(&Ask::new(Verb::Get, format!("/apis/{}", encode(group)))).await;
        let versions = match answer.and_then(|answer| answer.json::<Group>()) {
            Ok(found) => found.versions,
            Err(error) if error.code() == 404 => return Ok(None),
            Err(error) => return Err(self.list_failure(group, &error)),
        };
        for served in versions.into_iter().filter(|served| served.version != *version) {
            let id = (group.clone(), served.version, kind.clone());
            if let Found::Served(resource) = self.find_kind(&id, &BTreeMap::new()).await? {
                return Ok(Some(resource));
            }
        }
        Ok(None)
    }

    /// The labelled objects of one kind; `None` when the cluster does not serve it. Without the right to list all
    /// namespaces, each namespace that matters is listed.
    async fn list_labelled(
        &self,
        resource: &Resource,
        selector: &str,
        namespaces: Option<&BTreeSet<String>>,
    ) -> Result<Option<Vec<(Key, Live)>>, Failure> {
        // Inventories carry the label too, and have been read.
        let own = format!("{selector},!{LABEL_INVENTORY}");
        let is_config_map = resource.group.is_empty() && resource.kind == "ConfigMap";
        let selector = if is_config_map { &own } else { selector };
        let listed = match self.list(resource, None, selector, "").await {
            Ok(listed) => listed.items,
            Err(error) if error.code() == 404 => return Ok(None),
            Err(ApiError::Status(status)) if status.code == 403 && resource.namespaced => {
                let namespaces = namespaces.into_iter().flatten();
                let lists = namespaces.map(|namespace| self.list(resource, Some(namespace), selector, ""));
                match try_join_all(lists).await {
                    Ok(lists) => lists.into_iter().flat_map(|listed| listed.items).collect(),
                    Err(error) => return Err(self.list_failure(&resource.words(), &error)),
                }
            }
            Err(error) => return Err(self.list_failure(&resource.words(), &error)),
        };
        Ok(Some(listed.into_iter().filter_map(|object| live(resource, object)).collect()))
    }

    /// What exists of these names in one namespace, with or without our label, by metadata alone.
    pub(crate) async fn presence(
        &self,
        resource: &Resource,
        namespace: &str,
        names: &BTreeSet<&str>,
    ) -> Result<HashMap<String, Presence>, Failure> {
        let mut path = format!("{}?", resource.path(Some(namespace), None));
        if let (Some(name), 1) = (names.first(), names.len()) {
            path.push_str(&format!("fieldSelector={}&", encode(&format!("metadata.name={name}"))));
        }
        let listed = match self.pages(&path, METADATA_ONLY).await {
            Ok(listed) => listed,
            Err(error) if error.code() == 404 => return Ok(HashMap::new()),
            Err(error) => return Err(self.list_failure(&resource.words(), &error)),
        };
        Ok(listed.items.iter().filter_map(presence).filter(|(name, _)| names.contains(name.as_str())).collect())
    }

    /// All pages of a kind.
    pub(crate) async fn list(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        labels: &str,
        fields: &str,
    ) -> Result<Listed, ApiError> {
        let mut listed = self.list_path(&resource.path(namespace, None), labels, fields).await?;
        for item in listed.items.iter_mut().filter_map(Value::as_object_mut) {
            // Items of typed lists leave out what the list says once.
            item.insert("apiVersion".to_owned(), Value::from(resource.api_version()));
            item.insert("kind".to_owned(), Value::from(resource.kind.as_str()));
        }
        Ok(listed)
    }

    async fn list_path(&self, path: &str, labels: &str, fields: &str) -> Result<Listed, ApiError> {
        let mut path = format!("{path}?");
        for (key, selector) in [("labelSelector", labels), ("fieldSelector", fields)] {
            if !selector.is_empty() {
                path.push_str(&format!("{key}={}&", encode(selector)));
            }
        }
        self.pages(&path, "application/json").await
    }

    /// All pages of a path that ends where the next parameter may follow.
    async fn pages(&self, path: &str, accept: &'static str) -> Result<Listed, ApiError> {
        let (mut restarts, mut limit) = (0, PAGE);
        let mut listed = Listed { items: Vec::new(), resource_version: String::new() };
        let mut next = String::new();
        loop {
            let from = if next.is_empty() { String::new() } else { format!("&continue={}", encode(&next)) };
            let ask = Ask { accept, ..Ask::new(Verb::List, format!("{path}limit={limit}{from}")) };
            let page: Page = match self.transport().call(&ask).await {
                Ok(answer) => answer.json()?,
                Err(ApiError::TooLarge(_)) if limit > SMALL_PAGE => {
                    limit = SMALL_PAGE;
                    continue;
                }
                Err(error) if error.code() == 410 && !next.is_empty() && restarts < LIST_RESTARTS => {
                    restarts += 1;
                    next.clear();
                    listed.items.clear();
                    continue;
                }
                Err(error) => return Err(error),
            };
            listed.items.extend(page.items);
            listed.resource_version = page.metadata.resource_version;
            next = page.metadata.next;
            if next.is_empty() {
                return Ok(listed);
            }
        }
    }

    pub(crate) fn list_failure(&self, kind: &str, error: &ApiError) -> Failure {
        let failure = Tried { server: self.server(), verb: "list", what: What::Kind(kind) }.failure(error);
        if failure.kind == FailureKind::Stale {
            // A list changes nothing, so a conflict in it is a fault of the server.
            return Failure { kind: FailureKind::Unreachable, ..failure };
        }
        failure
    }
}

/// The namespaces in which objects of a kind are, or will be.
fn namespaces_by_kind(
    desired: &[&Desired],
    inventories: &BTreeMap<ServiceName, Inventory>,
) -> BTreeMap<(String, String), BTreeSet<String>> {
    let wanted = desired.iter().flat_map(|d| d.content.objects.iter().map(|rendered| &rendered.entry.object));
    let owned = inventories.values().flat_map(|inventory| inventory.entries.values().map(|entry| &entry.object));
    let mut found: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for object in wanted.chain(owned).filter(|object| !object.namespace.is_empty()) {
        let kind = (object.group.clone(), object.kind.clone());
        found.entry(kind).or_default().insert(object.namespace.clone());
    }
    found
}

/// Selects the objects of these services.
pub(crate) fn service_selector(services: &BTreeSet<&ServiceName>) -> String {
    let names: Vec<&str> = services.iter().map(|service| service.as_str()).collect();
    match names.as_slice() {
        [one] => format!("{LABEL_SERVICE}={one}"),
        names if names.len() <= SELECTOR_SERVICES_MAX => format!("{LABEL_SERVICE} in ({})", names.join(",")),
        _ => LABEL_SERVICE.to_owned(),
    }
}

/// Reads a listed object; `None` when it has no name, which no server sends.
pub(crate) fn live(resource: &Resource, mut object: Value) -> Option<(Key, Live)> {
    let fingerprint = fingerprint::of(&object);
    let metadata = object.get_mut("metadata")?.as_object_mut()?;
    metadata.remove("managedFields");
    let text = |key: &str| metadata.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let service = metadata.get("labels").and_then(|labels| labels.get(LABEL_SERVICE)).and_then(Value::as_str);
    let service = service.unwrap_or_default().to_owned();
    let (uid, named) = (
        text("uid"),
        ObjectRef {
            group: resource.group.clone(),
            version: resource.version.clone(),
            kind: resource.kind.clone(),
            namespace: text("namespace"),
            name: text("name"),
        },
    );
    (!named.name.is_empty())
        .then(|| (resource.key(&named), Live { object: Arc::new(object), fingerprint, uid, service }))
}

fn presence(object: &Value) -> Option<(String, Presence)> {
    let metadata = object.get("metadata")?;
    let label = |key: &str| metadata.get("labels")?.get(key)?.as_str().map(|text| clean(text, 100));
    let found = Presence {
        uid: metadata.get("uid").and_then(Value::as_str).unwrap_or_default().to_owned(),
        service: label(LABEL_SERVICE),
        managers: fingerprint::managers(object).into_iter().map(|name| clean(&name, 100)).collect(),
        managed_by: label("app.kubernetes.io/managed-by"),
    };
    Some((metadata.get("name")?.as_str()?.to_owned(), found))
}
