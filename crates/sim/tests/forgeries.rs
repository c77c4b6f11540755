//! The checker itself can fail: the record of a good run is changed, and each invariant must be found broken.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use seaway_core::{
    digest::Digest,
    duration::Millis,
    execution::{Event, Recorded},
    ids::Principal,
    plan::StepKind,
};
use seaway_sim::{
    evidence::{Entry, Evidence, Written},
    fixture::{Scenario, Shape, StageShape},
    fleet::Wrote,
    invariants::check,
    world::{Chaos, Options, Start, World},
};

/// A run without trouble: a gated, baked stage of two, then one target that changes and one that does not.
fn good() -> Evidence {
    let shape = Shape {
        stages: vec![
            StageShape {
                max_concurrent: 2,
                bake: Millis::secs(10),
                approvals: vec![(1, vec!["ann"])],
                ..StageShape::default()
            },
            StageShape { unchanged: 1, ..StageShape::default() },
        ],
        services: 1,
        objects: 2,
    };
    let scenario: Scenario = shape.build();
    let start = |at_ms, version| Start { at_ms, services: scenario.service_names(), version, frame: None };
    let world = World::new(&scenario, vec![start(0, 1), start(60_000, 2)], 1, Chaos::calm(), Options::default());
    let outcome = world.unwrap().run();
    assert_eq!(outcome.violations, []);
    assert_eq!(check(&outcome.evidence), []);
    let ends = outcome.evidence.rollouts.iter().map(|rollout| rollout.log.last().unwrap().recorded.event.kind());
    assert_eq!(ends.collect::<Vec<_>>(), ["Succeeded", "Succeeded"]);
    outcome.evidence
}

/// Changes the record of the first rollout of a good run, and looks for what is found broken.
fn forged(invariant: &str, change: impl FnOnce(&mut Evidence)) {
    let mut evidence = good();
    change(&mut evidence);
    let found = check(&evidence);
    assert!(found.iter().any(|violation| violation.invariant == invariant), "`{invariant}` not among {found:?}");
}

fn log(evidence: &mut Evidence) -> &mut Vec<Entry> {
    &mut evidence.rollouts[0].log
}

/// The place of the first event of a kind.
fn place(evidence: &Evidence, kind: &str) -> usize {
    evidence.rollouts[0].log.iter().position(|entry| entry.recorded.event.kind() == kind).unwrap()
}

/// Puts an event in, right after the event at a place.
fn insert(evidence: &mut Evidence, after: usize, event: Event) {
    let mut entry = evidence.rollouts[0].log[after].clone();
    entry.recorded = Recorded { at_ms: entry.recorded.at_ms, by: Principal::new("ann"), event };
    evidence.rollouts[0].log.insert(after + 1, entry);
    // Makes room in the count of everything for one more.
    let order = evidence.rollouts[0].log[after].order;
    let later = evidence.rollouts.iter_mut().flat_map(|rollout| &mut rollout.log).map(|entry| &mut entry.order);
    later.filter(|at| **at > order).for_each(|at| *at += 1);
    evidence.writes.iter_mut().map(|write| &mut write.order).filter(|at| **at > order).for_each(|at| *at += 1);
    evidence.successes.iter_mut().map(|done| &mut done.order).filter(|at| **at > order).for_each(|at| *at += 1);
    evidence.rollouts[0].log[after + 1].order = order + 1;
}

fn remove(evidence: &mut Evidence, kind: &str) {
    let at = place(evidence, kind);
    log(evidence).remove(at);
}

#[test]
fn a_stage_is_never_done() {
    forged("order", |evidence| remove(evidence, "StageCompleted"));
}

#[test]
fn a_bake_is_left_out() {
    forged("order", |evidence| {
        let frame = Arc::clone(&evidence.rollouts[0].frame);
        let is_bake = |event: &Event| match event {
            Event::StepSucceeded { step, .. } => frame.step(*step).is_some_and(|step| step.kind == StepKind::Bake),
            _ => false,
        };
        log(evidence).retain(|entry| !is_bake(&entry.recorded.event));
    });
}

#[test]
fn nobody_watched_the_bake() {
    forged("order", |evidence| {
        let watched = &mut evidence.rollouts[0].watched;
        watched.iter_mut().for_each(|range| range.end = range.end.min(3_000));
    });
}

#[test]
fn an_approval_is_missing_or_for_another_plan() {
    forged("no gate fails open", |evidence| remove(evidence, "Approved"));
    forged("the approved plan", |evidence| {
        let at = place(evidence, "Approved");
        if let Event::Approved { plan, .. } = &mut log(evidence)[at].recorded.event {
            *plan = Digest::of(b"another plan");
        }
    });
    forged("no gate fails open", |evidence| {
        let at = place(evidence, "Approved");
        log(evidence)[at].recorded.by = Principal::new("eve");
    });
}

#[test]
fn a_success_that_was_none() {
    forged("no gate fails open", |evidence| {
        evidence.successes.remove(0);
    });
}

#[test]
fn a_write_that_is_not_the_plans() {
    forged("the approved plan", |evidence| evidence.writes[0].write.content = Some(Digest::of(b"another content")));
    forged("the approved plan", |evidence| evidence.writes[0].write.target = seaway_core::ids::TargetName::new("c01"));
}

#[test]
fn an_unchanged_target_is_written() {
    forged("no-op is free", |evidence| {
        let frame = Arc::clone(&evidence.rollouts[0].frame);
        let (_, unchanged) = frame.plan.targets().find(|(_, target)| !target.is_changed()).unwrap();
        let last = evidence.writes.iter().rposition(|written| is_by(written, "r0")).unwrap();
        let written = &mut evidence.writes[last];
        written.write.target = unchanged.name.clone();
        written.write.author.as_mut().unwrap().step = unchanged.steps[0].id;
    });
}

fn is_by(written: &Written, rollout: &str) -> bool {
    written.write.author.as_ref().is_some_and(|author| author.rollout.as_str() == rollout)
}

#[test]
fn a_write_after_the_end() {
    forged("a stop is final", |evidence| {
        let end = evidence.rollouts[0].log.last().unwrap().order;
        let mut late = evidence.writes[0].clone();
        late.order = end;
        evidence.writes.push(late);
        evidence.writes.sort_by_key(|written| written.order);
        evidence.rollouts[0].log.last_mut().unwrap().order = end - 1;
    });
}

#[test]
fn a_write_of_a_process_that_leads_no_more() {
    forged("one rollout at a time", |evidence| evidence.writes[0].write.author.as_mut().unwrap().epoch = 0);
}

#[test]
fn a_write_that_never_happened() {
    forged("what is said is what runs", |evidence| {
        let at = evidence.writes.iter().position(|written| written.write.wrote == Wrote::Complete).unwrap();
        evidence.writes.remove(at);
    });
}

#[test]
fn two_rollouts_with_one_claim() {
    forged("one rollout at a time", |evidence| {
        let at = place(evidence, "Succeeded");
        log(evidence).remove(at);
    });
}

#[test]
fn events_out_of_their_place() {
    forged("nothing lost", |evidence| {
        let at = place(evidence, "StageOpened");
        log(evidence)[at].order = 0;
    });
}

#[test]
fn starts_during_a_pause_and_after_a_stop() {
    let opened = |evidence: &Evidence| place(evidence, "StageOpened");
    forged("a pause starts nothing", |evidence| insert(evidence, opened(evidence), Event::Paused { reason: None }));
    forged("a stop is final", |evidence| insert(evidence, opened(evidence), Event::StopRequested { reason: None }));
    forged("a stop is final", |evidence| insert(evidence, opened(evidence), Event::Stopped));
}

#[test]
fn a_retry_of_what_has_not_failed() {
    forged("a retry touches failed targets alone", |evidence| {
        let targets = vec![evidence.rollouts[0].frame.target(0).name.clone()];
        insert(evidence, place(evidence, "StageCompleted"), Event::Retried { targets, reason: None });
    });
}

#[test]
fn an_attempt_too_many() {
    forged("steps", |evidence| {
        let at = place(evidence, "StepStarted");
        let again = evidence.rollouts[0].log[at].recorded.event.clone();
        insert(evidence, at, again);
    });
}

#[test]
fn a_target_that_is_left_lying() {
    forged("nobody waits for a slow target", |evidence| {
        // Both targets of the first stage may start at once; the second one does not.
        let at = log(evidence).iter().rposition(
            |entry| matches!(entry.recorded.event, Event::StepStarted { attempt: 1, step, .. } if step.0 == 4),
        );
        log(evidence).remove(at.unwrap());
    });
}
