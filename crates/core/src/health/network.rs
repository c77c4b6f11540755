//! Service, Ingress, and the Gateway API.

use serde_json::Value;

use super::cause::Cause;
use super::condition::{Condition, Conditions};
use super::context::Context;
use super::generic::{describe, strict_ready};
use super::kind::Kind;
use super::read::{Malformed, generation, int, list, text};
use super::status::{Code, Status};

pub(super) fn service(object: &Value) -> Status {
    if is_load_balancer(object) && text(object, &["spec", "clusterIP"]).is_none() {
        return Status::in_progress("no cluster IP yet");
    }
    Status::current("serves")
}

pub(super) fn strict_service(object: &Value) -> Status {
    let base = service(object);
    if base.code == Code::Current && is_load_balancer(object) && !has_address(object) {
        return Status::in_progress("no load balancer address yet");
    }
    base
}

fn is_load_balancer(object: &Value) -> bool {
    text(object, &["spec", "type"]) == Some("LoadBalancer")
}

fn has_address(object: &Value) -> bool {
    !list(object, &["status", "loadBalancer", "ingress"]).is_empty()
}

pub(super) fn strict_ingress(object: &Value, conditions: &Conditions<'_>, kind: Kind, context: &Context<'_>) -> Status {
    if context.policy.ingress_needs_address && !has_address(object) {
        return Status::in_progress("no load balancer address yet");
    }
    strict_ready(object, conditions, kind)
}

pub(super) fn strict_gateway(object: &Value, conditions: &Conditions<'_>) -> Status {
    let wanted = int(object, &["metadata", "generation"]);
    let Some(not_programmed) = unmet(conditions, &["Programmed"], wanted) else {
        return Status::current("programmed");
    };
    // What is not accepted is not programmed either, and says better why.
    let refused = unmet(conditions, &["Accepted"], wanted).filter(|(_, condition)| condition.is_some());
    not_yet(object, "gateway", refused.unwrap_or(not_programmed))
}

/// Every parent that the route names must have taken it.
pub(super) fn strict_route(object: &Value) -> Result<Status, Malformed> {
    let wanted = generation(object)?;
    let parents = list(object, &["spec", "parentRefs"]);
    let answers = list(object, &["status", "parents"]);
    for parent in parents {
        let key = ParentKey::of(parent, object);
        let mut answered = false;
        for answer in answers.iter().filter(|answer| ParentKey::of(&answer["parentRef"], object) == key) {
            answered = true;
            let conditions = Conditions::read(answer, &["conditions"])?;
            if let Some(unmet) = unmet(&conditions, &["Accepted", "ResolvedRefs"], wanted) {
                return Ok(not_yet(object, &format!("parent `{}`", key.name), unmet));
            }
        }
        if !answered {
            return Ok(Status::in_progress(format!("parent `{}` has not answered yet", key.name)));
        }
    }
    Ok(Status::current(format!("taken by {} parents", parents.len())))
}

/// What makes two references to a parent the same, with the defaults of the Gateway API.
#[derive(PartialEq, Eq)]
struct ParentKey<'a> {
    group: &'a str,
    kind: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
    section: Option<&'a str>,
    port: Option<i64>,
}

impl<'a> ParentKey<'a> {
    fn of(reference: &'a Value, route: &'a Value) -> Self {
        // An empty group is the core group, for parents that are Services, and not an absent one.
        let group = reference.get("group").and_then(Value::as_str).unwrap_or("gateway.networking.k8s.io");
        Self {
            group,
            kind: text(reference, &["kind"]).unwrap_or("Gateway"),
            namespace: text(reference, &["namespace"]).or_else(|| text(route, &["metadata", "namespace"])),
            name: text(reference, &["name"]).unwrap_or_default(),
            section: text(reference, &["sectionName"]),
            port: int(reference, &["port"]),
        }
    }
}

/// Whether a condition is true and speaks of the wanted generation. Here, unlike elsewhere, it has to say so.
fn says(conditions: &Conditions<'_>, kind: &str, wanted: Option<i64>) -> bool {
    conditions.iter().any(|condition| condition.kind == kind && condition.is_true() && is_of(condition, wanted))
}

fn is_of(condition: &Condition<'_>, wanted: Option<i64>) -> bool {
    wanted.is_none_or(|wanted| condition.generation.is_some_and(|of| of >= wanted))
}

/// The first of `kinds` that is not true for the wanted generation, with the condition if there is one.
fn unmet<'c, 'a, 'k>(
    conditions: &'c Conditions<'a>,
    kinds: &[&'k str],
    wanted: Option<i64>,
) -> Option<(&'k str, Option<&'c Condition<'a>>)> {
    let kind = kinds.iter().find(|kind| !says(conditions, kind, wanted))?;
    Some((kind, conditions.get(kind).filter(|condition| is_of(condition, wanted))))
}

fn not_yet(object: &Value, whose: &str, (kind, condition): (&str, Option<&Condition<'_>>)) -> Status {
    let Some(condition) = condition else {
        return Status::in_progress(format!("{whose}: no condition `{kind}` for this generation yet"));
    };
    let message = describe(&format!("{whose}: not {kind}"), condition.reason, condition.message);
    Status::in_progress(message).because(Cause::of_condition(object, condition))
}
