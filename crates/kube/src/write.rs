//! Writing one object: server-side apply, replacement with consent, deletion; and waiting until one is gone.

use std::time::{Duration, Instant};

use seaway_core::{
    LABEL_SERVICE,
    digest::Digest,
    execution::{Failure, FailureKind},
    health::Now,
    object::ObjectRef,
};
use serde_json::{Value, json};

use crate::{
    apply::Apply,
    connection::Cluster,
    difference::as_immutable,
    failure::{ApiError, Tried, What},
    fingerprint,
    kinds::Resource,
    observe::Applied,
    snapshot::Live,
    survey::{Item, Standing},
    transport::{APPLY, Ask, Verb},
    watch::{Event, version},
};

/// Longest wait for an object to be gone: pods have 30 s of grace by default, volumes and load balancers minutes.
const GONE_LIMIT: Duration = Duration::from_secs(300);
/// How long a write may be refused for what passes: API servers learn of new kinds one by one, and new namespaces get
/// their service account a moment later.
const SETTLE_LIMIT: Duration = Duration::from_secs(15);
/// Pause before such a write is tried again.
const SETTLE_PAUSE: Duration = Duration::from_millis(100);

/// How often a deletion is tried anew when the object changed in between.
const DELETE_ATTEMPTS: usize = 8;

/// What became of an object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Outcome {
    Created,
    Modified,
    Replaced,
    /// It was as wanted after all.
    Unchanged,
}

/// The answer to an apply.
struct Patched {
    created: bool,
    object: Value,
    /// When, by the server's clock.
    at: Option<Now>,
}

/// How an object is deleted.
#[derive(Clone, Copy)]
pub(crate) enum Propagation {
    /// What it owns goes later.
    Background,
    /// It goes when what it owns is gone.
    Foreground,
}

impl Apply<'_> {
    /// Makes one object as wanted.
    pub(crate) async fn write(&self, item: &Item<'_>) -> Result<(Outcome, Digest), Failure> {
        let before = match &item.standing {
            Standing::Ours(live) if live.is_terminating() => {
                self.await_gone(item, live).await?;
                None
            }
            Standing::Rerun(live) => return self.replace(item, live).await,
            Standing::Ours(live) | Standing::Same(live) => Some(live),
            Standing::Foreign(_) | Standing::Expired | Standing::Absent { .. } => None,
            Standing::OtherService { .. } | Standing::UnknownKind | Standing::NoNamespace => None,
        };
        self.permit()?;
        let error = match self.patch(item).await {
            Ok(Patched { created, object, at }) => {
                let is_changed = before.is_none_or(|before| version(&before.object) != version(&object));
                let outcome = match (created, is_changed) {
                    (true, _) => Outcome::Created,
                    (false, true) => Outcome::Modified,
                    (false, false) => Outcome::Unchanged,
                };
                self.count(u32::from(outcome != Outcome::Unchanged));
                self.remember(item, &object, at);
                return Ok((outcome, fingerprint::of(&object)));
            }
            Err(error) => error,
        };
        // Cancelled while something was to pass.
        self.permit()?;
        let failure = self.cluster.tried("apply", item).failure(&error);
        match (error.status(), before) {
            (Some(status), Some(live)) if self.cluster.is_immutable(self.survey.owner(), item, status).await? => {
                if item.may_replace(self.survey.desired) {
                    return self.replace(item, live).await;
                }
                Err(as_immutable(failure))
            }
            _ => Err(failure),
        }
    }

    fn will_pass(&self, item: &Item<'_>, error: &ApiError) -> bool {
        error.is_passing() || (error.code() == 404 && self.is_new_kind(item))
    }

    fn remember(&self, item: &Item<'_>, object: &Value, at: Option<Now>) {
        let generation = object.pointer("/metadata/generation").and_then(Value::as_i64);
        let applied = Applied { resource_version: version(object).to_owned(), generation, at };
        self.cluster.remember(&item.key, applied);
    }

    async fn patch(&self, item: &Item<'_>) -> Result<Patched, ApiError> {
        let (path, body) = self.cluster.apply_request(self.survey.owner(), item)?;
        let ask = Ask { content_type: APPLY, ..Ask::new(Verb::Patch, path).body(body) };
        let started = Instant::now();
        loop {
            match self.cluster.transport().call(&ask).await {
                Ok(answer) => {
                    let created = answer.status.as_u16() == 201;
                    return Ok(Patched { created, object: answer.json()?, at: answer.date });
                }
                Err(error) if self.will_pass(item, &error) && started.elapsed() < SETTLE_LIMIT => {
                    tokio::time::sleep(SETTLE_PAUSE).await;
                    if self.permit().is_err() {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn replace(&self, item: &Item<'_>, live: &Live) -> Result<(Outcome, Digest), Failure> {
        let Some(resource) = &item.resource else {
            return Err(Failure::new(FailureKind::Internal, format!("`{}` has no known kind", item.object())));
        };
        self.permit()?;
        if self.cluster.delete(resource, item.object(), live, Propagation::Foreground).await? {
            self.count(1);
        }
        self.await_gone(item, live).await?;
        self.permit()?;
        let Patched { object, at, .. } =
            self.patch(item).await.map_err(|error| self.cluster.tried("create", item).failure(&error))?;
        self.count(1);
        self.remember(item, &object, at);
        Ok((Outcome::Replaced, fingerprint::of(&object)))
    }

    async fn await_gone(&self, item: &Item<'_>, live: &Live) -> Result<(), Failure> {
        let Some(resource) = &item.resource else { return Ok(()) };
        self.say(format!("`{}` is being deleted", item.object()));
        tokio::select! {
            gone = self.cluster.await_gone(resource, item.object(), &live.uid) => gone,
            () = self.cancel.cancelled() => Err(crate::apply::cancelled()),
        }
    }
}

impl Cluster {
    /// Deletes an object as long as it is the one that was read, with our label. Whether it was there.
    pub(crate) async fn delete(
        &self,
        resource: &Resource,
        object: &ObjectRef,
        live: &Live,
        propagation: Propagation,
    ) -> Result<bool, Failure> {
        let tried = Tried {
            server: self.server(),
            verb: "delete",
            what: What::Object { object, sensitive: object.is_secret() },
        };
        let fail = |error: &ApiError| tried.failure(error);
        let mut seen = version(&live.object).to_owned();
        for _ in 0..DELETE_ATTEMPTS {
            let error = match self.delete_at(resource, object, &live.uid, &seen, propagation).await {
                Ok(()) => return Ok(true),
                Err(error) => error,
            };
            match error.code() {
                404 => return Ok(false),
                409 => {}
                _ => return Err(fail(&error)),
            }
            // Something changed since it was read, its status at least: it must still be the same and ours.
            let read = self.transport().call(&Ask::new(Verb::Get, resource.path_of(object))).await;
            let now: Value = match read.and_then(|answer| answer.json()) {
                Ok(now) => now,
                Err(error) if error.code() == 404 => return Ok(false),
                Err(error) => return Err(fail(&error)),
            };
            let label =
                now.pointer("/metadata/labels").and_then(|labels| labels.get(LABEL_SERVICE)).and_then(Value::as_str);
            let is_it = now.pointer("/metadata/uid").and_then(Value::as_str) == Some(live.uid.as_str());
            if !is_it || label != Some(live.service.as_str()) {
                return Err(Failure::new(FailureKind::Stale, format!("{} is no longer ours", tried.what))
                    .help("make a new plan"));
            }
            version(&now).clone_into(&mut seen);
        }
        let message = format!("{} changes faster than it can be deleted", tried.what);
        Err(Failure::new(FailureKind::Throttled, message))
    }

    async fn delete_at(
        &self,
        resource: &Resource,
        object: &ObjectRef,
        uid: &str,
        version: &str,
        propagation: Propagation,
    ) -> Result<(), ApiError> {
        let propagation = match propagation {
            Propagation::Background => "Background",
            Propagation::Foreground => "Foreground",
        };
        let options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation,
            "preconditions": {"uid": uid, "resourceVersion": version}});
        let ask = Ask::new(Verb::Delete, resource.path_of(object)).body(options.to_string().into_bytes());
        self.transport().call(&ask).await.map(drop)
    }

    /// Waits until the object with this uid is gone, by watch.
    pub(crate) async fn await_gone(&self, resource: &Resource, object: &ObjectRef, uid: &str) -> Result<(), Failure> {
        let mut finalizers = String::new();
        let wait = self.gone(resource, object, uid, &mut finalizers);
        if let Ok(result) = tokio::time::timeout(GONE_LIMIT, wait).await {
            let tried = Tried {
                server: self.server(),
                verb: "wait for the end of",
                what: What::Object { object, sensitive: true },
            };
            return result.map_err(|error| tried.failure(&error));
        }
        let held = if finalizers.is_empty() { String::new() } else { format!(", held by {finalizers}") };
        Err(Failure::new(FailureKind::Timeout, format!("`{object}` is still being deleted after {GONE_LIMIT:?}{held}"))
            .help("see who has to take the finalizers away"))
    }

    async fn gone(
        &self,
        resource: &Resource,
        object: &ObjectRef,
        uid: &str,
        finalizers: &mut String,
    ) -> Result<(), ApiError> {
        let fields = format!("metadata.name={}", object.name);
        let is_it = |found: &Value| found.pointer("/metadata/uid").and_then(Value::as_str) == Some(uid);
        loop {
            let listed = self.list(resource, Some(&object.namespace), "", &fields).await?;
            let Some(found) = listed.items.iter().find(|found| is_it(found)) else { return Ok(()) };
            *finalizers = finalizers_of(found);
            let mut events =
                self.watch(resource, Some(&object.namespace), "", &fields, &listed.resource_version).await?;
            loop {
                match events.next().await {
                    Ok(Some(Event::Deleted(gone))) if is_it(&gone) => return Ok(()),
                    Ok(Some(Event::Changed(found))) if is_it(&found) => *finalizers = finalizers_of(&found),
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(error) if error.code() == 410 => break,
                    Err(error) => return Err(error),
                }
            }
        }
    }
}

fn finalizers_of(object: &Value) -> String {
    let names = object.pointer("/metadata/finalizers").and_then(Value::as_array);
    let names: Vec<String> =
        names.into_iter().flatten().filter_map(Value::as_str).map(|name| format!("`{name}`")).take(5).collect();
    names.join(", ")
}
