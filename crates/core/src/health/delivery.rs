//! Kinds of other projects that deliver something into the cluster: cert-manager, Flux, Argo CD.

use serde_json::Value;

use super::cause::Cause;
use super::condition::Conditions;
use super::context::Context;
use super::generic::describe;
use super::kind::Kind;
use super::read::{Now, at, flag, list, text, time};
use super::status::Status;

/// Why `Ready` is not true; nothing when it is.
fn not_ready(object: &Value, conditions: &Conditions<'_>) -> Option<Status> {
    match conditions.get("Ready") {
        Some(ready) if ready.is_true() => None,
        Some(ready) => {
            let message = describe("not ready", ready.reason, ready.message);
            Some(Status::in_progress(message).because(Cause::of_condition(object, ready)))
        }
        None if conditions.stale("Ready").is_some() => {
            Some(Status::in_progress("condition `Ready` speaks of an older generation"))
        }
        None => Some(Status::in_progress("no condition `Ready` yet")),
    }
}

/// cert-manager: ready, and not expired.
pub(super) fn strict_certificate(object: &Value, conditions: &Conditions<'_>, now: Now) -> Status {
    if let Some(status) = not_ready(object, conditions) {
        let refused = conditions.get("Issuing").filter(|issuing| issuing.is_false() && issuing.reason == "Failed");
        return match refused {
            Some(refused) => status.because(Cause::of_condition(object, refused)),
            None => status,
        };
    }
    match (time(object, &["status", "notAfter"]), text(object, &["status", "notAfter"])) {
        (Some(end), Some(shown)) if now < end => Status::current(format!("valid until {shown}")),
        (Some(_), Some(shown)) => {
            let message = format!("expired at {shown}");
            Status::in_progress(&message).because(Cause::of_object(object, "Expired", &message))
        }
        _ => Status::in_progress("ready, but `status.notAfter` does not say until when"),
    }
}

/// Flux: ready at the current generation and, when one is wanted, at the wanted revision.
pub(super) fn strict_flux(object: &Value, conditions: &Conditions<'_>, kind: Kind, context: &Context<'_>) -> Status {
    let is_suspended = flag(object, &["spec", "suspend"]);
    if let Some(status) = not_ready(object, conditions) {
        return status.suspended_if(is_suspended);
    }
    if at(object, &["status", "observedGeneration"]).is_none() {
        return Status::in_progress("not yet observed by its controller").suspended_if(is_suspended);
    }
    let found = if kind == Kind::HelmRelease { chart_version(object) } else { applied_revision(object) };
    let status = match context.wanted_revision {
        Some(wanted) if !found.is_some_and(|found| is_revision(found, wanted)) => at_other_revision(found, wanted),
        Some(_) | None => Status::current("ready"),
    };
    status.suspended_if(is_suspended)
}

fn applied_revision(object: &Value) -> Option<&str> {
    text(object, &["status", "lastAppliedRevision"])
}

/// The newest entry of the history comes first; before version 2 of the API there was one field.
fn chart_version(object: &Value) -> Option<&str> {
    let newest = list(object, &["status", "history"]).first();
    newest.and_then(|release| text(release, &["chartVersion"])).or_else(|| applied_revision(object))
}

fn at_other_revision(found: Option<&str>, wanted: &str) -> Status {
    match found {
        Some(found) => Status::in_progress(format!("at revision `{found}`, wanted `{wanted}`")),
        None => Status::in_progress(format!("at no revision yet, wanted `{wanted}`")),
    }
}

/// Flux writes `main@sha1:<commit>` or `v1@sha256:<digest>`, formerly `main/<commit>`.
fn is_revision(found: &str, wanted: &str) -> bool {
    let is_tail = |tail: &str| tail.is_empty() || tail.ends_with(['@', ':', '/']);
    !wanted.is_empty() && found.strip_suffix(wanted).is_some_and(is_tail)
}

/// Argo CD: synced, at the wanted revision when one is wanted, and healthy.
pub(super) fn strict_application(object: &Value, context: &Context<'_>) -> Status {
    let sync = text(object, &["status", "sync", "status"]).unwrap_or("Unknown");
    if sync != "Synced" {
        return Status::in_progress(format!("sync status `{sync}`")).because(sync_failure(object));
    }
    let one = text(object, &["status", "sync", "revision"]);
    let several = list(object, &["status", "sync", "revisions"]).iter().filter_map(Value::as_str);
    let found: Vec<&str> = one.into_iter().chain(several).collect();
    if let Some(wanted) = context.wanted_revision
        && !found.iter().any(|found| is_revision(found, wanted))
    {
        return at_other_revision(found.first().copied(), wanted);
    }
    if let Some(phase @ ("Running" | "Terminating")) = text(object, &["status", "operationState", "phase"]) {
        return Status::in_progress(format!("sync operation `{phase}`"));
    }
    let health = text(object, &["status", "health", "status"]).unwrap_or("Unknown");
    match health {
        "Healthy" => Status::current("synced and healthy"),
        "Suspended" => Status::in_progress("suspended").suspended_if(true),
        "Degraded" => {
            let message = text(object, &["status", "health", "message"]).unwrap_or_default();
            Status::failed(describe("degraded", "", message)).because(Cause::of_object(object, "Degraded", message))
        }
        other => Status::in_progress(format!("synced, health `{other}`")),
    }
}

/// Why an application is not synced, if Argo CD says so.
fn sync_failure(object: &Value) -> Option<Cause> {
    if let Some(phase @ ("Failed" | "Error")) = text(object, &["status", "operationState", "phase"]) {
        let message = text(object, &["status", "operationState", "message"]).unwrap_or_default();
        return Some(Cause::of_object(object, &format!("Sync{phase}"), message));
    }
    let errors = list(object, &["status", "conditions"]).iter();
    let error = errors.into_iter().find(|error| text(error, &["type"]).is_some_and(|kind| kind.ends_with("Error")))?;
    let kind = text(error, &["type"]).unwrap_or_default();
    Some(Cause::of_object(object, kind, text(error, &["message"]).unwrap_or_default()))
}
