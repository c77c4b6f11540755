//! Looking at objects through feeds: which are watched, what belongs to them, and how healthy they are now.
//!
//! Health itself is `seaway_core::health`; this module brings it the objects, their pods and revisions, what was
//! applied and the time.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use seaway_core::{
    LABEL_SERVICE,
    execution::{Failure, FailureKind},
    health::{self, Code, Context, Now, Policy, Status},
    object::ObjectRef,
};
use serde_json::Value;

use crate::{
    connection::Cluster,
    difference::Desired,
    hub::{Feed, FeedId, Trouble},
    kinds::{Key, Resource, built_in, kind_id},
    survey::Item,
    wait::WaitPolicy,
    watch::version,
};

/// Kinds that no controller works on: once applied they are what they are, and the end of a rollout reads them back.
const SETTLED: &[(&str, &str)] = &[
    ("", "ConfigMap"),
    ("", "Endpoints"),
    ("", "LimitRange"),
    ("", "ResourceQuota"),
    ("", "Secret"),
    ("", "ServiceAccount"),
    ("networking.k8s.io", "IngressClass"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("node.k8s.io", "RuntimeClass"),
    ("policy", "PodDisruptionBudget"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io", "Role"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("storage.k8s.io", "StorageClass"),
];
/// How long an object that was applied may be missing from a feed before it counts as deleted by somebody.
const MISSING_LIMIT: Duration = Duration::from_secs(5);

/// What this process applied last to an object: an older reading of it says nothing.
#[derive(Clone, Debug)]
pub(crate) struct Applied {
    pub resource_version: String,
    pub generation: Option<i64>,
    /// When the server took it, by its own clock.
    pub at: Option<Now>,
}

/// An object whose health matters.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    pub object: ObjectRef,
    pub resource: Resource,
    pub key: Key,
    /// Whether its absence means that it has done its work.
    pub may_expire: bool,
}

/// Feeds for a set of objects.
pub(crate) struct Observer {
    cluster: Cluster,
    watched: Vec<Watched>,
    /// Feeds of the objects' own kinds, by kind; one for all namespaces, or one per namespace.
    own: BTreeMap<(String, String), Vec<Arc<Feed>>>,
    /// Kinds that are followed per namespace.
    split: BTreeSet<(String, String)>,
    /// Feeds of what belongs to them, by kind and namespace.
    beside: BTreeMap<(&'static str, String), Arc<Feed>>,
    policy: Policy,
    /// Since when an object is not to be seen.
    missing: HashMap<Key, Instant>,
}

/// What feeds knew at one moment.
pub(crate) struct Stamp {
    /// Held, so that an address stands for one state of one object.
    objects: Vec<Option<Arc<Value>>>,
    beside: Vec<u64>,
    feeds: Vec<(bool, Option<Instant>)>,
}

impl PartialEq for Stamp {
    fn eq(&self, other: &Self) -> bool {
        let is_same = |(a, b): (&Option<Arc<Value>>, &Option<Arc<Value>>)| match (a, b) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        self.objects.len() == other.objects.len()
            && self.objects.iter().zip(&other.objects).all(is_same)
            && self.beside == other.beside
            && self.feeds == other.feeds
    }
}

/// The health of one object.
pub(crate) struct Seen {
    pub object: ObjectRef,
    pub status: Status,
}

/// What belongs to objects of one namespace, by the uid of its owner.
type Owned<'a> = HashMap<&'a str, Vec<&'a Value>>;

impl Watched {
    pub(crate) fn is_settled(object: &ObjectRef) -> bool {
        SETTLED.iter().any(|(group, kind)| object.group == *group && object.kind == *kind)
    }

    fn new(object: &ObjectRef, resource: &Resource, manifest: &Value) -> Self {
        let is_job = resource.group == "batch" && resource.kind == "Job";
        let may_expire = is_job && manifest.pointer("/spec/ttlSecondsAfterFinished").is_some_and(Value::is_u64);
        Self { object: object.clone(), resource: resource.clone(), key: resource.key(object), may_expire }
    }
}

impl Cluster {
    /// The objects of these services whose health can change.
    pub(crate) async fn watched(&self, desired: &[Desired]) -> Result<Vec<Watched>, Failure> {
        let objects = desired.iter().flat_map(|desired| desired.content.objects.iter());
        let defined = crate::kinds::defined(objects.clone().map(|rendered| &*rendered.manifest));
        let mut watched = Vec::new();
        for rendered in objects.filter(|rendered| !Watched::is_settled(&rendered.entry.object)) {
            let object = &rendered.entry.object;
            let found = self.find_kind(&kind_id(object), &defined).await?;
            let Some(resource) = found.resource() else {
                return Err(Failure::new(
                    FailureKind::Refused,
                    format!("`{object}`: the cluster does not know `{}` in `{}`", object.kind, object.api_version()),
                ));
            };
            watched.push(Watched::new(object, resource, &rendered.manifest));
        }
        Ok(watched)
    }

    /// Remembers what was applied.
    pub(crate) fn remember(&self, key: &Key, applied: Applied) {
        self.inner.applied.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), applied);
    }

    fn applied(&self, key: &Key) -> Option<Applied> {
        self.inner.applied.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }
}

/// The objects of a phase whose health can change.
pub(crate) fn watched_items(items: &[&Item<'_>]) -> Vec<Watched> {
    let items = items.iter().filter(|item| !Watched::is_settled(item.object()));
    let known = items.filter_map(|item| Some((item, item.resource.as_ref()?)));
    known.map(|(item, resource)| Watched::new(item.object(), resource, &item.rendered.manifest)).collect()
}

impl Observer {
    /// Joins or starts the feeds.
    pub(crate) fn new(cluster: &Cluster, watched: Vec<Watched>, policy: &WaitPolicy) -> Self {
        let policy = Policy { pod_grace: policy.pod_grace, ..Policy::default() };
        let mut observer = Self {
            cluster: cluster.clone(),
            watched,
            own: BTreeMap::new(),
            split: BTreeSet::new(),
            beside: BTreeMap::new(),
            policy,
            missing: HashMap::new(),
        };
        observer.open();
        observer
    }

    fn open(&mut self) {
        for watched in &self.watched {
            let kind = (watched.resource.group.clone(), watched.resource.kind.clone());
            self.own.entry(kind).or_insert_with(|| vec![self.cluster.feed(&own_feed(&watched.resource, None))]);
            let needs = health::needs(&watched.resource.group, &watched.resource.kind);
            let namespace = &watched.key.namespace;
            for (wanted, group, kind) in [
                (needs.pods, "", "Pod"),
                (needs.replica_sets, "apps", "ReplicaSet"),
                (needs.controller_revisions, "apps", "ControllerRevision"),
                (needs.storage_class, "storage.k8s.io", "StorageClass"),
            ] {
                let Some(resource) = built_in(group, "v1", kind).filter(|_| wanted) else { continue };
                let namespace = if resource.namespaced { namespace.clone() } else { String::new() };
                self.beside.entry((kind, namespace.clone())).or_insert_with(|| {
                    let namespace = (!namespace.is_empty()).then_some(namespace);
                    self.cluster.feed(&FeedId { resource, namespace, labels: String::new() })
                });
            }
        }
    }

    /// How many objects are looked at.
    pub(crate) fn len(&self) -> usize {
        self.watched.len()
    }

    /// What is known now. Another stamp means that there is news about these objects: feeds are shared, so that most of
    /// what they bring is about others.
    pub(crate) fn stamp(&self) -> Stamp {
        let feeds = self.own.values().flatten();
        Stamp {
            objects: self.watched.iter().map(|watched| self.latest(watched)).collect(),
            beside: self.beside.values().map(|feed| feed.state().revision).collect(),
            feeds: feeds
                .map(|feed| {
                    let state = feed.state();
                    (state.is_synced, state.trouble.as_ref().map(|trouble| trouble.since))
                })
                .collect(),
        }
    }

    /// Whether all feeds that must be heard have been heard.
    pub(crate) fn is_synced(&self) -> bool {
        self.own.values().flatten().chain(self.beside.values()).all(|feed| {
            let state = feed.state();
            state.is_synced || state.trouble.as_ref().is_some_and(|trouble| trouble.code != 0)
        })
    }

    /// The oldest trouble of a feed without which health is not known. Where lists over all namespaces are not
    /// allowed, the namespaces that matter are followed instead.
    pub(crate) fn trouble(&mut self) -> Option<Trouble> {
        let mut found: Option<Trouble> = None;
        let mut split = Vec::new();
        for (kind, feeds) in &self.own {
            let trouble = feeds.iter().find_map(|feed| feed.state().trouble.clone());
            let Some(trouble) = trouble else { continue };
            let namespaced = self.watched.iter().any(|watched| {
                watched.resource.namespaced && (&watched.resource.group, &watched.resource.kind) == (&kind.0, &kind.1)
            });
            if trouble.code == 403 && namespaced && !self.split.contains(kind) {
                split.push(kind.clone());
            } else {
                found = older(found, trouble);
            }
        }
        for kind in split {
            self.split(&kind);
        }
        // Pods and revisions name causes; without the right to see them health is still told by the objects.
        let beside = self.beside.values().filter_map(|feed| feed.state().trouble.clone());
        beside.filter(|trouble| trouble.code != 403).fold(found, older)
    }

    fn split(&mut self, kind: &(String, String)) {
        let of_kind = self.watched.iter().filter(|w| (&w.resource.group, &w.resource.kind) == (&kind.0, &kind.1));
        let places: BTreeSet<(Resource, String)> =
            of_kind.map(|watched| (watched.resource.clone(), watched.key.namespace.clone())).collect();
        let feeds = places.iter().map(|(resource, namespace)| self.cluster.feed(&own_feed(resource, Some(namespace))));
        self.own.insert(kind.clone(), feeds.collect());
        self.split.insert(kind.clone());
    }

    /// How healthy every object is now.
    pub(crate) fn look(&mut self) -> Vec<Seen> {
        let now = self.cluster.transport().now();
        let objects: Vec<Option<Arc<Value>>> = self.watched.iter().map(|watched| self.find(watched)).collect();
        let beside = self.beside_objects();
        let owned = index(&beside);
        let mut seen = Vec::with_capacity(self.watched.len());
        for (watched, object) in self.watched.iter().zip(&objects) {
            let status = match object {
                Some(object) => {
                    self.missing.remove(&watched.key);
                    let context = self.context(watched, object, &owned, &beside);
                    health::strict(object, &context, now)
                }
                None if watched.may_expire => Status::current("finished, and removed by its time to live"),
                None => {
                    let since = *self.missing.entry(watched.key.clone()).or_insert_with(Instant::now);
                    if since.elapsed() < MISSING_LIMIT {
                        Status::not_found("not there yet")
                    } else {
                        Status::failed("it is not there: somebody deleted it")
                    }
                }
            };
            seen.push(Seen { object: watched.object.clone(), status });
        }
        seen
    }

    fn latest(&self, watched: &Watched) -> Option<Arc<Value>> {
        let kind = (watched.resource.group.clone(), watched.resource.kind.clone());
        let name = (watched.key.namespace.clone(), watched.key.name.clone());
        self.own.get(&kind)?.iter().find_map(|feed| feed.state().objects.get(&name).cloned())
    }

    /// The newest known state of an object; an older one than what was applied is as good as none.
    fn find(&self, watched: &Watched) -> Option<Arc<Value>> {
        let object = self.latest(watched)?;
        let is_new = self.cluster.applied(&watched.key).is_none_or(|applied| {
            // Versions are numbers that grow; where they are not, the generation tells.
            match (version(&object).parse::<u64>(), applied.resource_version.parse::<u64>()) {
                (Ok(seen), Ok(applied)) => seen >= applied,
                _ => object.pointer("/metadata/generation").and_then(Value::as_i64) >= applied.generation,
            }
        });
        is_new.then_some(object)
    }

    fn beside_objects(&self) -> BTreeMap<(&'static str, String), Vec<Arc<Value>>> {
        let feeds = self.beside.iter();
        feeds.map(|(place, feed)| (place.clone(), feed.state().objects.values().cloned().collect())).collect()
    }

    fn context<'o>(
        &self,
        watched: &Watched,
        object: &'o Value,
        owned: &Owned<'o>,
        beside: &'o BTreeMap<(&'static str, String), Vec<Arc<Value>>>,
    ) -> Context<'o> {
        let uid = object.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
        let mine = owned.get(uid).map(Vec::as_slice).unwrap_or_default();
        let is_kind = |value: &&&Value, kind: &str| value.get("kind").and_then(Value::as_str) == Some(kind);
        let revisions: Vec<&Value> = mine.iter().filter(|value| !is_kind(value, "Pod")).copied().collect();
        let mut pods: Vec<&Value> = mine.iter().filter(|value| is_kind(value, "Pod")).copied().collect();
        for revision in &revisions {
            let uid = revision.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
            pods.extend(owned.get(uid).into_iter().flatten());
        }
        let needs = health::needs(&watched.resource.group, &watched.resource.kind);
        let mut storage_class = None;
        if needs.storage_class {
            let place = ("Pod", watched.key.namespace.clone());
            pods = beside.get(&place).into_iter().flatten().map(|pod| &**pod).collect();
            let wanted = object.pointer("/spec/storageClassName").and_then(Value::as_str);
            let classes = beside.get(&("StorageClass", String::new())).into_iter().flatten();
            storage_class = classes
                .map(|class| &**class)
                .find(|class| class.pointer("/metadata/name").and_then(Value::as_str) == wanted);
        }
        let applied = self.cluster.applied(&watched.key);
        Context {
            applied_generation: applied.as_ref().and_then(|applied| applied.generation),
            applied_at: applied.and_then(|applied| applied.at),
            pods,
            revisions,
            storage_class,
            policy: self.policy,
            ..Context::default()
        }
    }
}

/// One feed serves all services of a cluster.
fn own_feed(resource: &Resource, namespace: Option<&str>) -> FeedId {
    FeedId { resource: resource.clone(), namespace: namespace.map(str::to_owned), labels: LABEL_SERVICE.to_owned() }
}

fn older(found: Option<Trouble>, other: Trouble) -> Option<Trouble> {
    Some(match found {
        Some(found) if found.since <= other.since => found,
        _ => other,
    })
}

fn index<'a>(beside: &'a BTreeMap<(&'static str, String), Vec<Arc<Value>>>) -> Owned<'a> {
    let mut owned: Owned<'a> = HashMap::new();
    for object in beside.values().flatten() {
        let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
        for uid in owners.into_iter().flatten().filter_map(|owner| owner.get("uid")?.as_str()) {
            owned.entry(uid).or_default().push(object);
        }
    }
    owned
}

/// What is not current, worst first, for people: object, state and cause. Beside what has failed, what is on its way
/// is no news.
pub(crate) fn unhealthy(seen: &[Seen]) -> Vec<String> {
    let has_failed = seen.iter().any(|seen| seen.status.code == Code::Failed);
    let is_news = |seen: &&Seen| seen.status.code == Code::Failed || (!has_failed && seen.status.code != Code::Current);
    let mut bad: Vec<&Seen> = seen.iter().filter(is_news).collect();
    bad.sort_by_key(|seen| (std::cmp::Reverse(seen.status.code), seen.status.cause.is_none()));
    bad.iter().map(|seen| line(seen)).collect()
}

/// `Deployment.apps web/api`: 1 of 3 pods ready: pod web/api-1: container api: ImagePullBackOff: … (image `r/api:2`).
fn line(seen: &Seen) -> String {
    let (object, said) = (&seen.object, &seen.status.message);
    let Some(cause) = &seen.status.cause else { return format!("`{object}`: {said}") };
    // The message of a failure often is its cause already.
    let said = if said.contains(&cause.reason) {
        said.clone()
    } else {
        let (cause, itself) = (cause.to_string(), format!("{object}: "));
        format!("{said}: {}", cause.strip_prefix(&itself).unwrap_or(&cause))
    };
    let image = cause.image.as_ref().map(|image| format!(" (image `{image}`)")).unwrap_or_default();
    format!("`{object}`: {said}{image}")
}
