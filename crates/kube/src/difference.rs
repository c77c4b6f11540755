//! What an apply would change, object by object and field by field.
//!
//! Only objects that are not known to be as wanted are asked about, by a server-side dry run: the server's own
//! answer to "what would this become" is compared with what it is. Nothing is written.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use seaway_core::{
    execution::{Failure, FailureKind},
    ids::{EnvironmentName, ServiceName},
    plan::{Change, FieldChange, ObjectChange, ServiceDifference, differences, missing},
    release::Content,
};
use serde_json::Value;

use crate::{
    connection::Cluster,
    failure::{ApiError, ApiStatus, FieldConflict, Tried, What, clean},
    manifest,
    manifest::Owner,
    noise,
    snapshot::{Live, Presence, live},
    survey::{HEAVY, Item, Leaving, Standing, Survey},
    transport::{APPLY, Ask, Verb},
};

/// Most owners of an object that are named.
const OWNERS_SHOWN: usize = 4;

/// One service as it should be on this cluster.
#[derive(Clone, Debug)]
pub struct Desired {
    /// The environment that it is rolled out for.
    pub environment: EnvironmentName,
    /// Its rendered objects.
    pub content: Content,
    /// Whether objects that left the content are deleted.
    pub prune: bool,
    /// Consent to delete and create every object that cannot be changed in place.
    pub allow_replace: bool,
}

/// What a dry run, or the survey, says about one object.
enum Answer {
    AsWanted,
    Change(ObjectChange),
}

impl Cluster {
    /// The difference between these services and the cluster, all in one pass over it.
    ///
    /// # Errors
    /// When the cluster does not answer, or its inventories or a kind may not be read. What concerns one object is
    /// no error: it is a change that is [`Change::Refused`].
    pub async fn difference(&self, desired: &[Desired]) -> Result<BTreeMap<ServiceName, ServiceDifference>, Failure> {
        let desired: Vec<&Desired> = desired.iter().collect();
        let surveys = self.survey(&desired).await?;
        let mut found = BTreeMap::new();
        for survey in &surveys {
            found.insert(survey.desired.content.service.clone(), self.service_difference(survey).await?);
        }
        Ok(found)
    }

    async fn service_difference(&self, survey: &Survey<'_>) -> Result<ServiceDifference, Failure> {
        // By position: a closure over references would not do for tasks that move between threads.
        let asked = stream::iter(0..survey.items.len())
            .map(|i| async move { Ok::<_, Failure>((i, self.answer(survey, &survey.items[i]).await?)) });
        let answers: Vec<(usize, Answer)> = asked.buffer_unordered(self.width()).try_collect().await?;
        let as_wanted: BTreeSet<usize> =
            answers.iter().filter(|(_, answer)| matches!(answer, Answer::AsWanted)).map(|(i, _)| *i).collect();
        let mut changes: Vec<ObjectChange> = answers
            .into_iter()
            .filter_map(|(_, answer)| match answer {
                Answer::AsWanted => None,
                Answer::Change(change) => Some(change),
            })
            .chain(survey.leaving.iter().map(|leaving| leaving_change(leaving, survey.desired.prune)))
            .collect();
        changes.sort_by(|a, b| a.object.cmp(&b.object));
        Ok(ServiceDifference {
            base: survey.base(),
            running: survey.inventory.as_ref().and_then(|inventory| inventory.content.clone()),
            unchanged: u32::try_from(as_wanted.len()).unwrap_or(u32::MAX),
            inventory_stale: survey.is_inventory_stale(|i| as_wanted.contains(&i)),
            changes,
        })
    }

    async fn answer(&self, survey: &Survey<'_>, item: &Item<'_>) -> Result<Answer, Failure> {
        if let Some(why) = refusal(survey, item) {
            return Ok(Answer::Change(change(item, Change::Refused, Vec::new(), why)));
        }
        match &item.standing {
            Standing::Same(_) | Standing::Expired => Ok(Answer::AsWanted),
            Standing::Ours(live) if live.is_terminating() => {
                Ok(create(item, "is being deleted; it is created again when it is gone"))
            }
            Standing::Ours(live) => self.compare(survey, item, live, false).await,
            Standing::Rerun(_) => {
                let why = "the Job has failed: it is deleted and runs again".to_owned();
                Ok(Answer::Change(change(item, Change::Replace, Vec::new(), why)))
            }
            Standing::Absent { can_check: false } => Ok(create(item, "not on the cluster yet")),
            Standing::Absent { can_check: true } => self.check_create(survey, item).await,
            Standing::Foreign(_) => match self.read(item).await? {
                Some(live) => self.compare(survey, item, &live, true).await,
                None => Ok(create(item, "not on the cluster yet")),
            },
            // All of these are refusals, which are answered above.
            Standing::OtherService { .. } | Standing::UnknownKind | Standing::NoNamespace => {
                Ok(Answer::Change(change(item, Change::Refused, Vec::new(), "cannot be applied".to_owned())))
            }
        }
    }

    /// Compares what is there with what a dry run makes of it.
    async fn compare(
        &self,
        survey: &Survey<'_>,
        item: &Item<'_>,
        live: &Live,
        adopts: bool,
    ) -> Result<Answer, Failure> {
        let sensitive = item.is_sensitive();
        let error = match self.dry_run(survey.owner(), item).await {
            Ok(result) => {
                let fields = differences(&without_noise(&live.object), &without_noise(&result), sensitive);
                if fields.is_empty() && !adopts {
                    return Ok(Answer::AsWanted);
                }
                let why = if adopts { "adopts an object that exists" } else { why_modified(item, live) };
                return Ok(Answer::Change(change(item, Change::Modify, fields, why.to_owned())));
            }
            Err(error) => error,
        };
        let Some(status) = error.status() else { return Err(self.tried("compare", item).failure(&error)) };
        if status.conflicts().is_empty() && self.is_immutable(survey.owner(), item, status).await? {
            let wanted = without_noise(&item.rendered.manifest);
            let fields = missing(&without_noise(&live.object), &wanted, sensitive);
            let reason = self.tried("compare", item).reason(status);
            if item.may_replace(survey.desired) {
                let why = format!("cannot be changed in place ({reason}): it is deleted and created again");
                return Ok(Answer::Change(change(item, Change::Replace, fields, why)));
            }
            let why = immutable_without_consent(&reason);
            return Ok(Answer::Change(change(item, Change::Refused, fields, why)));
        }
        self.refused(item, &error)
    }

    /// Whether an apply would change nothing about an object.
    pub(crate) async fn is_as_wanted(
        &self,
        survey: &Survey<'_>,
        item: &Item<'_>,
        live: &Live,
    ) -> Result<bool, Failure> {
        Ok(matches!(self.compare(survey, item, live, false).await?, Answer::AsWanted))
    }

    /// The field conflict that an apply would meet, if any.
    pub(crate) async fn conflict_of(&self, survey: &Survey<'_>, item: &Item<'_>) -> Option<Failure> {
        let error = self.dry_run(survey.owner(), item).await.err()?;
        let has_conflicts = error.status().is_some_and(|status| !status.conflicts().is_empty());
        has_conflicts.then(|| self.tried("apply", item).failure(&error))
    }

    /// What taking over an object that exists would mean: fields that others own, changes, and why it is refused.
    pub(crate) async fn taking_over(
        &self,
        survey: &Survey<'_>,
        item: &Item<'_>,
    ) -> Result<(Vec<FieldConflict>, Vec<FieldChange>, String), Failure> {
        let Some(live) = self.read(item).await? else { return Ok(Default::default()) };
        let error = match self.dry_run(survey.owner(), item).await {
            Ok(result) => {
                let (before, after) = (without_noise(&live.object), without_noise(&result));
                return Ok((Vec::new(), differences(&before, &after, item.is_sensitive()), String::new()));
            }
            Err(error) => error,
        };
        match self.refused(item, &error)? {
            Answer::Change(refused) => {
                let conflicts = error.status().map(ApiStatus::conflicts).unwrap_or_default();
                Ok((conflicts, refused.fields, refused.why))
            }
            Answer::AsWanted => Ok(Default::default()),
        }
    }

    /// Asks what would become of an object that is not there: what is invalid or denied is known before the rollout.
    async fn check_create(&self, survey: &Survey<'_>, item: &Item<'_>) -> Result<Answer, Failure> {
        let error = match self.dry_run(survey.owner(), item).await {
            Ok(_) => return Ok(create(item, "not on the cluster yet")),
            Err(error) => error,
        };
        let Some(status) = error.status() else { return Err(self.tried("check", item).failure(&error)) };
        match status.code {
            // The namespace, or something that the object names, is not there yet; this release may bring it.
            404 => Ok(create(item, "not on the cluster yet")),
            _ if status.message.contains("not found") => Ok(create(item, "not on the cluster yet")),
            500.. if !error.is_of_object() => {
                let reason = self.tried("check", item).reason(status);
                Ok(create(item, &format!("not on the cluster yet; could not be checked: {reason}")))
            }
            _ => self.refused(item, &error),
        }
    }

    /// A change that the server does not take. What is wrong with the server as a whole is an error.
    fn refused(&self, item: &Item<'_>, error: &ApiError) -> Result<Answer, Failure> {
        let tried = self.tried("apply", item);
        let failure = tried.failure(error);
        let Some(status) = error.status().filter(|_| !error.is_of_server() && error.is_of_object()) else {
            return Err(failure);
        };
        let conflicts = status.conflicts();
        let why = if conflicts.is_empty() {
            let prefix = format!("{}: ", tried.what);
            failure.message.strip_prefix(&prefix).unwrap_or(&failure.message).to_owned()
        } else {
            conflict_words(&conflicts)
        };
        Ok(Answer::Change(change(item, Change::Refused, Vec::new(), why)))
    }

    async fn dry_run(&self, owner: Owner<'_>, item: &Item<'_>) -> Result<Value, ApiError> {
        let (path, body) = self.apply_request(owner, item)?;
        let ask = Ask { content_type: APPLY, ..Ask::new(Verb::Patch, format!("{path}&dryRun=All")).body(body) };
        self.transport().call(&ask).await?.json()
    }

    /// Path and body of a server-side apply that takes no field from anybody.
    pub(crate) fn apply_request(&self, owner: Owner<'_>, item: &Item<'_>) -> Result<(String, bytes::Bytes), ApiError> {
        let resource = item.resource.as_ref().ok_or_else(|| ApiError::Malformed("its kind is not known".to_owned()))?;
        let body = manifest::body(&item.rendered.manifest, owner, resource.namespaced)
            .map_err(|failure| ApiError::Malformed(failure.message))?;
        let path = format!(
            "{}?fieldManager={}&force=false&fieldValidation=Strict",
            resource.path_of(item.object()),
            seaway_core::FIELD_MANAGER
        );
        Ok((path, body))
    }

    /// Whether a change is refused because the object exists. The server says so in many ways, so it is asked: an
    /// object that could be created as wanted, were the old one not there, is refused for being there.
    pub(crate) async fn is_immutable(
        &self,
        owner: Owner<'_>,
        item: &Item<'_>,
        status: &ApiStatus,
    ) -> Result<bool, Failure> {
        if status.code != 422 {
            return Ok(false);
        }
        let Some(resource) = &item.resource else { return Ok(false) };
        let body = manifest::body(&item.rendered.manifest, owner, resource.namespaced)?;
        let path = format!("{}?dryRun=All", resource.path(Some(&item.object().namespace), None));
        match self.transport().call(&Ask::new(Verb::Create, path).body(body)).await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == 409 => Ok(true),
            Err(error) if error.is_of_server() => Err(self.tried("check", item).failure(&error)),
            Err(_) => Ok(status.message.contains("immutable")),
        }
    }

    /// Reads one object whole.
    pub(crate) async fn read(&self, item: &Item<'_>) -> Result<Option<Live>, Failure> {
        let Some(resource) = &item.resource else { return Ok(None) };
        let ask = Ask::new(Verb::Get, resource.path_of(item.object()));
        match self.transport().call(&ask).await.and_then(|answer| answer.json::<Value>()) {
            Ok(object) => Ok(live(resource, object).map(|(_, live)| live)),
            Err(error) if error.code() == 404 => Ok(None),
            Err(error) => Err(self.tried("read", item).failure(&error)),
        }
    }

    pub(crate) fn tried<'a>(&'a self, verb: &'a str, item: &'a Item<'_>) -> Tried<'a> {
        let what = What::Object { object: item.object(), sensitive: item.is_sensitive() };
        Tried { server: self.server(), verb, what }
    }

    /// How many requests are prepared at once; the transport limits how many are under way.
    pub(crate) fn width(&self) -> usize {
        (self.transport().limits.concurrent_requests as usize).clamp(1, 64)
    }
}

impl Survey<'_> {
    /// Whether the inventory does not say what is true once all objects are as wanted. `is_as_wanted` says so of the
    /// items that are; the others are changes of their own.
    pub(crate) fn is_inventory_stale(&self, is_as_wanted: impl Fn(usize) -> bool) -> bool {
        let Some(inventory) = &self.inventory else { return !self.items.is_empty() };
        let is_item_stale = self.items.iter().enumerate().any(|(i, item)| {
            is_as_wanted(i)
                && match &item.standing {
                    Standing::Ours(live) => item.listed != Some(item.entry_after(live.fingerprint.clone())),
                    _ => item.listed.as_ref().is_none_or(|entry| entry.phase != item.rendered.entry.phase),
                }
        });
        let wanted: BTreeSet<_> = self.items.iter().map(|item| &item.key).collect();
        let kept = |key| self.leaving_key(key) && !self.desired.prune;
        let has_gone =
            inventory.entries.keys().any(|key| !wanted.contains(key) && !kept(key) && !self.leaving_key(key));
        inventory.applying.is_some()
            || inventory.content.as_ref() != Some(&self.desired.content.digest)
            || is_item_stale
            || has_gone
    }

    fn leaving_key(&self, key: &crate::kinds::Key) -> bool {
        self.leaving.iter().any(|leaving| leaving.entry.key() == *key)
    }
}

/// Why an object cannot be applied whatever its content; `None` when it can.
pub(crate) fn refusal(survey: &Survey<'_>, item: &Item<'_>) -> Option<String> {
    if let Some(environment) = survey.foreign_environment() {
        return Some(format!(
            "service `{}` on this cluster belongs to environment `{environment}`",
            survey.desired.content.service
        ));
    }
    match &item.standing {
        Standing::Same(_) | Standing::Ours(_) | Standing::Rerun(_) => None,
        Standing::Expired | Standing::Absent { .. } => None,
        Standing::Foreign(_) if item.allows_adopt() => None,
        Standing::Foreign(presence) => Some(format!(
            "exists and belongs to {}; `seaway adopt` shows what taking it over would change, the annotation \
             `{}: allowed` consents to it",
            owners(presence),
            seaway_core::ANNOTATION_ADOPT
        )),
        Standing::OtherService { service, .. } => Some(format!("exists and belongs to service `{service}`")),
        Standing::UnknownKind => Some(format!(
            "the cluster does not know `{}` in `{}`; is its CustomResourceDefinition installed?",
            item.object().kind,
            item.object().api_version()
        )),
        Standing::NoNamespace => Some(format!("`{}` lives in a namespace, and none is named", item.object().kind)),
    }
}

/// `kubectl and helm`, by field managers and the label that tools set.
pub(crate) fn owners(presence: &Presence) -> String {
    let mut names: Vec<String> = presence.managed_by.iter().map(|name| format!("`{name}`")).collect();
    names.extend(presence.managers.iter().map(|name| format!("`{name}`")));
    names.dedup();
    let more = names.len().saturating_sub(OWNERS_SHOWN);
    names.truncate(OWNERS_SHOWN);
    match (names.is_empty(), more) {
        (true, _) => "somebody else".to_owned(),
        (false, 0) => names.join(", "),
        (false, more) => format!("{} and {more} more", names.join(", ")),
    }
}

pub(crate) fn conflict_words(conflicts: &[FieldConflict]) -> String {
    let shown: Vec<String> = conflicts.iter().map(ToString::to_string).collect();
    clean(&format!("field conflict: {}", shown.join(", ")), 1000)
}

pub(crate) fn immutable_without_consent(reason: &str) -> String {
    format!(
        "cannot be changed in place ({reason}); the annotation `{}: allowed` consents to delete it and create it again",
        seaway_core::ANNOTATION_REPLACE
    )
}

/// Whether the server says that a field cannot be changed.
pub(crate) fn as_immutable(failure: Failure) -> Failure {
    Failure { kind: FailureKind::Immutable, ..failure }.help(format!(
        "the annotation `{}: allowed` consents to delete it and create it again",
        seaway_core::ANNOTATION_REPLACE
    ))
}

fn why_modified(item: &Item<'_>, live: &Live) -> &'static str {
    match &item.listed {
        None => "is not in the inventory",
        Some(entry) if entry.rendered.as_ref() != Some(&item.rendered.entry.digest) => "the manifest changed",
        Some(_) if live.is_terminating() => "is being deleted",
        Some(_) => "was changed on the cluster",
    }
}

fn create(item: &Item<'_>, why: &str) -> Answer {
    Answer::Change(change(item, Change::Create, Vec::new(), why.to_owned()))
}

fn change(item: &Item<'_>, change: Change, fields: Vec<FieldChange>, why: String) -> ObjectChange {
    ObjectChange { object: item.object().clone(), change, fields, why }
}

fn leaving_change(leaving: &Leaving, prune: bool) -> ObjectChange {
    let object = &leaving.entry.object;
    let is_heavy = HEAVY.contains(&(object.group.as_str(), object.kind.as_str()));
    let (change, why) = if prune && is_heavy {
        (Change::Delete, "no longer in the source; everything in it goes with it")
    } else if prune {
        (Change::Delete, "no longer in the source")
    } else {
        (Change::Ignored, "no longer in the source; the service does not prune")
    };
    ObjectChange { object: leaving.entry.object.clone(), change, fields: Vec::new(), why: why.to_owned() }
}

fn without_noise(object: &Value) -> Value {
    let mut object = object.clone();
    noise::strip(&mut object);
    object
}
