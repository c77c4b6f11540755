//! Steps of one target: apply and wait for each changed service after its dependencies, then one verify for all,
//! then one bake.

use std::collections::BTreeMap;

use super::{ServicePolicy, StepKind, StepPlan, TargetService};
use crate::{
    duration::Millis,
    ids::{ServiceName, StepId},
    release::Entry,
};

/// Longest time for writing objects, waits between phases not counted. A full apply of a large service is
/// seconds; minutes mean that the API server is in trouble.
const APPLY_LIMIT: Millis = Millis::secs(300);
/// Longest time for reading a target back.
const VERIFY_LIMIT: Millis = Millis::secs(120);

/// Numbers the steps of a target from `next` on.
pub(super) fn steps(
    services: &[TargetService],
    policies: &BTreeMap<ServiceName, ServicePolicy>,
    contents: &BTreeMap<crate::digest::Digest, super::PlannedContent>,
    is_baked: bool,
    next: &mut u32,
) -> Vec<StepPlan> {
    let mut steps = Vec::new();
    let mut take = || {
        let id = StepId(*next);
        *next += 1;
        id
    };
    let mut healthy: BTreeMap<ServiceName, StepId> = BTreeMap::new();
    for service in ordered(services, policies) {
        let Some(policy) = policies.get(&service.service) else { continue };
        let objects = contents.get(&service.content).map_or(&[][..], |content| &content.objects);
        let after: Vec<StepId> = policy.depends_on.iter().filter_map(|name| healthy.get(name).copied()).collect();
        let apply = take();
        let wait = take();
        let names = vec![service.service.clone()];
        steps.push(StepPlan {
            id: apply,
            kind: StepKind::Apply,
            services: names.clone(),
            after,
            limit: Millis(APPLY_LIMIT.0 + phases(objects) * policy.health_timeout.0),
            why: service.why.clone(),
        });
        steps.push(StepPlan {
            id: wait,
            kind: StepKind::Wait,
            services: names,
            after: vec![apply],
            limit: policy.health_timeout,
            why: format!("what changed must become healthy within {}", policy.health_timeout),
        });
        healthy.insert(service.service.clone(), wait);
    }
    let all: Vec<ServiceName> = services.iter().map(|service| service.service.clone()).collect();
    let verify = take();
    steps.push(StepPlan {
        id: verify,
        kind: StepKind::Verify,
        services: all.clone(),
        after: healthy.into_values().collect(),
        limit: VERIFY_LIMIT,
        why: "no later stage opens before this target is read back at the release".to_owned(),
    });
    if is_baked {
        steps.push(StepPlan {
            id: take(),
            kind: StepKind::Bake,
            services: all,
            after: vec![verify],
            limit: VERIFY_LIMIT,
            why: "the target changed and must stay healthy until the stage's bake ends".to_owned(),
        });
    }
    steps
}

/// Phases between which an apply waits for health.
fn phases(objects: &[Entry]) -> u64 {
    let phases: std::collections::BTreeSet<i32> = objects.iter().map(|entry| entry.phase).collect();
    phases.len() as u64
}

/// Changed services, dependencies first; by name where free. Declarations with cycles do not load, so what is
/// left over when nothing is free cannot occur; it is kept in order of name rather than lost.
fn ordered<'a>(
    services: &'a [TargetService],
    policies: &BTreeMap<ServiceName, ServicePolicy>,
) -> Vec<&'a TargetService> {
    let mut waiting: BTreeMap<&ServiceName, &TargetService> =
        services.iter().filter(|service| service.is_changed).map(|service| (&service.service, service)).collect();
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let is_free = |name: &ServiceName| {
            policies.get(name).is_none_or(|policy| policy.depends_on.iter().all(|needed| !waiting.contains_key(needed)))
        };
        let mut free: Vec<&ServiceName> = waiting.keys().copied().filter(|name| is_free(name)).collect();
        if free.is_empty() {
            free = waiting.keys().copied().collect();
        }
        ordered.extend(free.into_iter().filter_map(|name| waiting.remove(name)));
    }
    ordered
}
