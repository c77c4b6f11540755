//! How every object of a service stands: as wanted, to be compared, absent, or somebody else's.
//!
//! The survey is what a plan and an apply have in common: both start from the same questions and the same answers,
//! and so compute the same base.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::future::try_join_all;
use seaway_core::{digest::Digest, execution::Failure, ids::EnvironmentName, object::ObjectRef, release::Rendered};
use serde_json::{Value, json};

use crate::{
    connection::Cluster,
    difference::Desired,
    inventory::{Entry, Inventory},
    kinds::{Found, Key, Resource, kind_id},
    manifest::{self, Owner},
    snapshot::{Live, Presence, Snapshot},
};

/// Kinds whose deletion takes data, or everything in them, along.
pub(crate) const HEAVY: &[(&str, &str)] = &[
    ("", "Namespace"),
    ("", "PersistentVolume"),
    ("", "PersistentVolumeClaim"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
];

/// How one wanted object stands.
#[derive(Clone, Debug)]
pub(crate) enum Standing {
    /// The manifest is the one that was applied, and nobody has touched what the apply left.
    Same(Live),
    /// Ours, and not known to be as wanted.
    Ours(Live),
    /// A Job of ours that has failed and may be replaced: it runs again.
    Rerun(Live),
    /// A Job that finished and that its time to live removed.
    Expired,
    /// Not there.
    Absent {
        /// Whether its namespace and kind are there, so that a dry run can say more.
        can_check: bool,
    },
    /// There without our label.
    Foreign(Presence),
    /// There, and another service's.
    OtherService { uid: String, service: String },
    /// The cluster does not know the kind.
    UnknownKind,
    /// The kind lives in namespaces and the manifest names none.
    NoNamespace,
}

/// One wanted object.
#[derive(Clone, Debug)]
pub(crate) struct Item<'d> {
    pub rendered: &'d Rendered,
    /// Where it is; `None` with [`Standing::UnknownKind`] alone.
    pub resource: Option<Resource>,
    pub key: Key,
    pub standing: Standing,
    /// What the inventory says of it.
    pub listed: Option<Entry>,
}

/// An object that the inventory lists, that is still there with our label, and that is no longer wanted.
#[derive(Clone, Debug)]
pub(crate) struct Leaving {
    pub entry: Entry,
    pub resource: Resource,
    pub live: Live,
}

/// One service on one cluster.
#[derive(Debug)]
pub(crate) struct Survey<'d> {
    pub desired: &'d Desired,
    pub inventory: Option<Inventory>,
    /// In the order of the content.
    pub items: Vec<Item<'d>>,
    pub leaving: Vec<Leaving>,
}

impl Item<'_> {
    pub(crate) fn object(&self) -> &ObjectRef {
        &self.rendered.entry.object
    }

    /// Whether its data must not be shown.
    pub(crate) fn is_sensitive(&self) -> bool {
        self.rendered.entry.sensitive || self.object().is_secret()
    }

    /// Fingerprint of what is there now.
    fn fingerprint(&self) -> Option<Digest> {
        match &self.standing {
            Standing::Same(live) | Standing::Ours(live) | Standing::Rerun(live) => Some(live.fingerprint.clone()),
            // The Job has done its work: it counts as what its apply left.
            Standing::Expired => self.listed.as_ref().and_then(|entry| entry.live.clone()),
            Standing::Foreign(presence) => Some(crate::fingerprint::of_foreign(&presence.uid)),
            Standing::OtherService { uid, .. } => Some(crate::fingerprint::of_foreign(uid)),
            Standing::Absent { .. } | Standing::UnknownKind | Standing::NoNamespace => None,
        }
    }

    /// What an inventory says of the object before it is written: the state that it is in now.
    pub(crate) fn entry_before(&self) -> Entry {
        let object = self.normal_object();
        let rendered = self.listed.as_ref().and_then(|entry| entry.rendered.clone());
        Entry { object, phase: self.rendered.entry.phase, rendered, live: self.fingerprint() }
    }

    /// What an inventory says of the object once it is as wanted.
    pub(crate) fn entry_after(&self, live: Digest) -> Entry {
        Entry {
            object: self.normal_object(),
            phase: self.rendered.entry.phase,
            rendered: Some(self.rendered.entry.digest.clone()),
            live: Some(live),
        }
    }

    /// The object with the namespace that its kind allows.
    fn normal_object(&self) -> ObjectRef {
        ObjectRef { namespace: self.key.namespace.clone(), ..self.object().clone() }
    }
}

impl Survey<'_> {
    pub(crate) fn owner(&self) -> Owner<'_> {
        Owner { service: &self.desired.content.service, environment: &self.desired.environment }
    }

    /// The environment that the inventory belongs to, when it is another one.
    pub(crate) fn foreign_environment(&self) -> Option<&EnvironmentName> {
        let environment = &self.inventory.as_ref()?.environment;
        (*environment != self.desired.environment).then_some(environment)
    }

    /// Fingerprint of the live state of everything that the service owns or wants.
    pub(crate) fn base(&self) -> Digest {
        let mut state: BTreeMap<&Key, Option<Digest>> = BTreeMap::new();
        let listed = self.inventory.iter().flat_map(|inventory| inventory.entries.keys());
        state.extend(listed.map(|key| (key, None)));
        state.extend(self.leaving_keys().map(|(key, live)| (key, Some(live.fingerprint.clone()))));
        state.extend(self.items.iter().map(|item| (&item.key, item.fingerprint())));
        self.base_of(state)
    }

    /// The same, had nothing moved since the inventory was written: what a plan saw before an apply that died.
    pub(crate) fn base_by_inventory(&self) -> Digest {
        let mut state: BTreeMap<&Key, Option<Digest>> = self.items.iter().map(|item| (&item.key, None)).collect();
        let listed = self.inventory.iter().flat_map(|inventory| inventory.entries.iter());
        state.extend(listed.map(|(key, entry)| (key, entry.live.clone())));
        self.base_of(state)
    }

    fn leaving_keys(&self) -> impl Iterator<Item = (&Key, &Live)> {
        let entries = self.inventory.iter().flat_map(|inventory| inventory.entries.iter());
        entries.filter_map(|(key, entry)| {
            let leaving = self.leaving.iter().find(|leaving| leaving.entry.object == entry.object)?;
            Some((key, &leaving.live))
        })
    }

    fn base_of(&self, state: BTreeMap<&Key, Option<Digest>>) -> Digest {
        let state: Vec<Value> =
            state.into_iter().map(|(key, live)| json!([key.group, key.kind, key.namespace, key.name, live])).collect();
        let content = self.inventory.as_ref().and_then(|inventory| inventory.content.clone());
        Digest::of_json(&json!({ "objects": state, "content": content }))
    }
}

impl Cluster {
    /// Reads the cluster and says how every object of these services stands.
    pub(crate) async fn survey<'d>(&self, desired: &[&'d Desired]) -> Result<Vec<Survey<'d>>, Failure> {
        let mut surveys = self.survey_listed(desired).await?;
        // Namespaces first: what is in a namespace that is not there need not be looked for.
        self.find_unlabelled(&mut surveys, true).await?;
        self.find_unlabelled(&mut surveys, false).await?;
        Ok(surveys)
    }

    /// The same without looking for objects that lack our label: those count as absent.
    pub(crate) async fn survey_listed<'d>(&self, desired: &[&'d Desired]) -> Result<Vec<Survey<'d>>, Failure> {
        let mut snapshot = self.snapshot(desired).await?;
        let surveys = desired.iter().map(|desired| {
            let inventory = snapshot.inventories.remove(&desired.content.service);
            survey_service(desired, inventory, &snapshot)
        });
        Ok(surveys.collect())
    }

    /// Finds out which of the wanted objects that were not listed exist without our label.
    async fn find_unlabelled(&self, surveys: &mut [Survey<'_>], namespaces: bool) -> Result<(), Failure> {
        let missing = missing_namespaces(surveys);
        let mut asked: BTreeMap<(Resource, String), BTreeSet<&str>> = BTreeMap::new();
        for item in surveys.iter().flat_map(|survey| &survey.items) {
            let Some(resource) = item.resource.as_ref().filter(|_| needs_look(item, namespaces)) else { continue };
            if !missing.contains(item.key.namespace.as_str()) {
                let place = (resource.clone(), item.key.namespace.clone());
                asked.entry(place).or_default().insert(item.rendered.entry.object.name.as_str());
            }
        }
        let lookups = asked.iter().map(|((resource, namespace), names)| async move {
            let found = self.presence(resource, namespace, names).await?;
            let keyed = found.into_iter().map(|(name, presence)| {
                let key = Key {
                    group: resource.group.clone(),
                    kind: resource.kind.clone(),
                    namespace: if resource.namespaced { namespace.clone() } else { String::new() },
                    name,
                };
                (key, presence)
            });
            Ok::<_, Failure>(keyed.collect::<Vec<_>>())
        });
        let found: HashMap<Key, Presence> = try_join_all(lookups).await?.into_iter().flatten().collect();
        let missing: BTreeSet<String> = missing.into_iter().map(str::to_owned).collect();
        for survey in surveys.iter_mut() {
            let service = survey.desired.content.service.as_str().to_owned();
            for item in survey.items.iter_mut().filter(|item| needs_look(item, namespaces)) {
                item.standing = match found.get(&item.key) {
                    Some(presence) => standing_of(presence, &service),
                    None => Standing::Absent { can_check: !missing.contains(&item.key.namespace) },
                };
            }
        }
        Ok(())
    }
}

/// Whether it is not known yet if the object exists.
fn needs_look(item: &Item<'_>, namespaces: bool) -> bool {
    let is_namespace = item.key.group.is_empty() && item.key.kind == "Namespace";
    matches!(item.standing, Standing::Absent { can_check: true }) && is_namespace == namespaces
}

/// Namespaces that the content brings and that are not there yet, or not there any more.
fn missing_namespaces<'s>(surveys: &'s [Survey<'_>]) -> BTreeSet<&'s str> {
    let items = surveys.iter().flat_map(|survey| &survey.items);
    items
        .filter(|item| item.key.group.is_empty() && item.key.kind == "Namespace")
        .filter(|item| match &item.standing {
            Standing::Absent { .. } => true,
            Standing::Ours(live) => live.is_terminating(),
            _ => false,
        })
        .map(|item| item.key.name.as_str())
        .collect()
}

fn standing_of(presence: &Presence, service: &str) -> Standing {
    match &presence.service {
        // Our label came while we were reading: the base will not match, and the next reading is right.
        Some(found) if found == service => Standing::Foreign(presence.clone()),
        Some(found) => Standing::OtherService { uid: presence.uid.clone(), service: found.clone() },
        None => Standing::Foreign(presence.clone()),
    }
}

fn survey_service<'d>(desired: &'d Desired, inventory: Option<Inventory>, snapshot: &Snapshot) -> Survey<'d> {
    let service = &desired.content.service;
    let items: Vec<Item<'d>> = desired
        .content
        .objects
        .iter()
        .map(|rendered| survey_item(rendered, desired, inventory.as_ref(), snapshot))
        .collect();
    let wanted: BTreeSet<&Key> = items.iter().map(|item| &item.key).collect();
    // What another environment owns is not ours to prune.
    let own = inventory.iter().filter(|inventory| inventory.environment == desired.environment);
    let entries = own.flat_map(|inventory| inventory.entries.iter());
    let leaving = entries.filter(|(key, _)| !wanted.contains(key)).filter_map(|(key, entry)| {
        let live = snapshot.live.get(key).filter(|live| live.service == service.as_str())?;
        let resource = resource_of(snapshot, &entry.object)?;
        Some(Leaving { entry: entry.clone(), resource, live: live.clone() })
    });
    let leaving = leaving.collect();
    Survey { desired, inventory, items, leaving }
}

/// Where an object of the inventory is: by its own version, or by the one that its kind was listed in.
fn resource_of(snapshot: &Snapshot, object: &ObjectRef) -> Option<Resource> {
    let own = snapshot.kinds.get(&kind_id(object)).and_then(Found::resource);
    let any = || {
        let mut found = snapshot.kinds.iter().filter(|((g, _, k), _)| *g == object.group && *k == object.kind);
        found.find_map(|(_, found)| found.resource())
    };
    own.or_else(any).cloned()
}

fn survey_item<'d>(
    rendered: &'d Rendered,
    desired: &Desired,
    inventory: Option<&Inventory>,
    snapshot: &Snapshot,
) -> Item<'d> {
    let service = &desired.content.service;
    let object = &rendered.entry.object;
    let found = snapshot.kinds.get(&kind_id(object)).unwrap_or(&Found::Unknown);
    let Some(resource) = found.resource().cloned() else {
        let (group, kind, namespace, name) = object.key();
        let key = Key { group: group.into(), kind: kind.into(), namespace: namespace.into(), name: name.into() };
        return Item { rendered, resource: None, key, standing: Standing::UnknownKind, listed: None };
    };
    let key = resource.key(object);
    let listed = inventory.and_then(|inventory| inventory.entries.get(&key)).cloned();
    let standing = if resource.namespaced && object.namespace.is_empty() {
        Standing::NoNamespace
    } else {
        match snapshot.live.get(&key) {
            Some(live) if live.service != service.as_str() => {
                Standing::OtherService { uid: live.uid.clone(), service: live.service.clone() }
            }
            Some(live) if has_failed(live) && may_replace(desired, rendered) => Standing::Rerun(live.clone()),
            Some(live) if is_same(rendered, listed.as_ref(), live) => Standing::Same(live.clone()),
            Some(live) => Standing::Ours(live.clone()),
            None if is_expired(rendered, listed.as_ref()) => Standing::Expired,
            None => Standing::Absent { can_check: matches!(found, Found::Served(_)) },
        }
    };
    Item { rendered, resource: Some(resource), key, standing, listed }
}

fn is_same(rendered: &Rendered, listed: Option<&Entry>, live: &Live) -> bool {
    // An object that is being deleted is not what anybody wants, however it looks.
    let Some(entry) = listed.filter(|_| !live.is_terminating()) else { return false };
    entry.rendered.as_ref() == Some(&rendered.entry.digest) && entry.live.as_ref() == Some(&live.fingerprint)
}

/// A Job with a time to live that was applied as it is wanted now, and is gone, has run.
fn is_expired(rendered: &Rendered, listed: Option<&Entry>) -> bool {
    let is_job = rendered.entry.object.group == "batch" && rendered.entry.object.kind == "Job";
    let has_limit = rendered.manifest.pointer("/spec/ttlSecondsAfterFinished").is_some_and(Value::is_u64);
    is_job
        && has_limit
        && listed.is_some_and(|entry| entry.rendered.as_ref() == Some(&rendered.entry.digest) && entry.live.is_some())
}

/// Whether a Job has given up.
fn has_failed(live: &Live) -> bool {
    let is = |condition: &Value, key: &str, wanted: &str| condition.get(key).and_then(Value::as_str) == Some(wanted);
    let conditions = live.object.pointer("/status/conditions").and_then(Value::as_array);
    let is_job = live.object.get("kind").and_then(Value::as_str) == Some("Job");
    is_job && conditions.into_iter().flatten().any(|c| is(c, "type", "Failed") && is(c, "status", "True"))
}

/// Whether an object may be deleted and created again. What takes data or other objects along needs consent of its own.
fn may_replace(desired: &Desired, rendered: &Rendered) -> bool {
    let object = &rendered.entry.object;
    let is_heavy = HEAVY.contains(&(object.group.as_str(), object.kind.as_str()));
    (desired.allow_replace && !is_heavy) || manifest::allows_replace(&rendered.manifest)
}

impl Item<'_> {
    pub(crate) fn allows_adopt(&self) -> bool {
        manifest::allows_adopt(&self.rendered.manifest)
    }

    pub(crate) fn may_replace(&self, desired: &Desired) -> bool {
        may_replace(desired, self.rendered)
    }
}
