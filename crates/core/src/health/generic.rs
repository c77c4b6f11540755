//! The steps that hold for every kind, before its own rule and after it.

use serde_json::Value;

use super::cause::Cause;
use super::condition::Conditions;
use super::context::Context;
use super::kind::Kind;
use super::read::{Malformed, generation, list, observed_generation, required_type};
use super::status::Status;

/// How many finalizers a message names.
const FINALIZERS_SHOWN: usize = 3;

/// Whether the steps before the kind's rule decide.
pub(super) enum Step<'a> {
    /// They do.
    Decided(Status),
    /// They do not; the conditions that count go on to the rule.
    Open(Conditions<'a>),
}

/// The steps as kstatus takes them.
pub(super) fn compat(object: &Value) -> Result<Step<'_>, Malformed> {
    if let Some(status) = deleted(object)? {
        return Ok(Step::Decided(status));
    }
    if let Some(status) = unobserved(object)? {
        return Ok(Step::Decided(status));
    }
    let conditions = Conditions::read(object, &["status", "conditions"])?;
    Ok(match declared(object, &conditions) {
        Some(status) => Step::Decided(status),
        None => Step::Open(conditions),
    })
}

/// The steps for gates: nothing counts that speaks of a generation before ours.
pub(super) fn strict<'a>(object: &'a Value, kind: Kind, context: &Context<'_>) -> Result<Step<'a>, Malformed> {
    if let Some(status) = deleted(object)? {
        return Ok(Step::Decided(status));
    }
    if let Some(status) = unapplied(object, kind, context)? {
        return Ok(Step::Decided(status));
    }
    if let Some(status) = unobserved(object)? {
        return Ok(Step::Decided(status));
    }
    let wanted = generation(object)?.max(context.applied_generation);
    let conditions = Conditions::read(object, &["status", "conditions"])?.since_generation(wanted);
    Ok(match declared(object, &conditions) {
        Some(status) => Step::Decided(status),
        None => Step::Open(conditions),
    })
}

/// The step after the rules: `Ready` where there is no rule. Without it the object counts as current, for
/// custom kinds with the flag that this is assumed.
pub(super) fn ready(object: &Value, conditions: &Conditions<'_>, kind: Kind) -> Status {
    for condition in conditions.iter().filter(|condition| condition.kind == "Ready") {
        match condition.status {
            "True" => return Status::current("ready"),
            "False" | "Unknown" => {
                let cause = Cause::of_condition(object, condition);
                return Status::in_progress(describe("not ready", condition.reason, condition.message)).because(cause);
            }
            _ => {}
        }
    }
    if conditions.stale("Ready").is_some() {
        return Status::in_progress("condition `Ready` speaks of an older generation");
    }
    if kind.is_custom() {
        return Status::current("no rule for this kind and no condition `Ready`").assumed_if(true);
    }
    Status::current("nothing to wait for")
}

/// The same for gates: a `Ready` that is none of `True`, `False` and `Unknown` is no yes.
pub(super) fn strict_ready(object: &Value, conditions: &Conditions<'_>, kind: Kind) -> Status {
    match conditions.get("Ready") {
        Some(odd) if !matches!(odd.status, "True" | "False" | "Unknown") => {
            Status::in_progress(format!("condition `Ready` has the odd status `{}`", odd.status))
        }
        Some(_) | None => ready(object, conditions, kind),
    }
}

/// `what: reason: message`, without the parts that are empty.
pub(super) fn describe(what: &str, reason: &str, message: &str) -> String {
    [what, reason, message].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}

fn deleted(object: &Value) -> Result<Option<Status>, Malformed> {
    let since = required_type(object, &["metadata", "deletionTimestamp"], "a time", Value::as_str)?;
    if since.unwrap_or_default().is_empty() {
        return Ok(None);
    }
    let finalizers: Vec<&str> = list(object, &["metadata", "finalizers"]).iter().filter_map(Value::as_str).collect();
    if finalizers.is_empty() {
        return Ok(Some(Status::terminating("being deleted")));
    }
    let more = if finalizers.len() > FINALIZERS_SHOWN { ", …" } else { "" };
    let named = finalizers.into_iter().take(FINALIZERS_SHOWN).collect::<Vec<_>>().join(", ");
    Ok(Some(Status::terminating(format!("being deleted, held by {named}{more}"))))
}

/// What our apply returned is not yet what is read, or has not been looked at.
fn unapplied(object: &Value, kind: Kind, context: &Context<'_>) -> Result<Option<Status>, Malformed> {
    let Some(applied) = context.applied_generation else { return Ok(None) };
    if generation(object)?.is_some_and(|read| read < applied) {
        return Ok(Some(Status::in_progress(format!("reading is older than the applied generation {applied}"))));
    }
    match observed_generation(object)? {
        Some(observed) if observed < applied => Ok(Some(not_observed(applied, observed))),
        None if kind.reports_generation() => {
            Ok(Some(Status::in_progress(format!("generation {applied} not yet observed by its controller"))))
        }
        Some(_) | None => Ok(None),
    }
}

fn unobserved(object: &Value) -> Result<Option<Status>, Malformed> {
    let Some(generation) = generation(object)? else { return Ok(None) };
    Ok(match observed_generation(object)? {
        Some(observed) if observed != generation => Some(not_observed(generation, observed)),
        Some(_) | None => None,
    })
}

fn not_observed(generation: i64, observed: i64) -> Status {
    Status::in_progress(format!("generation {generation} not yet observed by its controller, which is at {observed}"))
}

/// What the standard conditions say, the first that says something.
fn declared(object: &Value, conditions: &Conditions<'_>) -> Option<Status> {
    conditions.iter().filter(|condition| condition.is_true()).find_map(|condition| match condition.kind {
        "Reconciling" => {
            let failing = conditions.get("Ready").filter(|ready| ready.is_false());
            let status = Status::in_progress(describe("reconciling", condition.reason, condition.message));
            Some(status.because(failing.map(|ready| Cause::of_condition(object, ready))))
        }
        "Stalled" => {
            let cause = Cause::of_condition(object, condition);
            Some(Status::failed(describe("stalled", condition.reason, condition.message)).because(cause))
        }
        _ => None,
    })
}
