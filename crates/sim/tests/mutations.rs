//! The search itself can fail: rules are broken on purpose, by a changed plan or a changed decider, and the schedules
//! must find it.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use seaway_core::{
    declaration::Gate,
    duration::Millis,
    execution::{ClaimAnswer, Decision, Envelope, Frame, Input, Outcome as Answer, Refusal, State, handle},
    ids::Principal,
    plan::Plan,
};
use seaway_sim::{
    fixture::{Shape, StageShape},
    invariants::check,
    schedule::Schedules,
    world::{Chaos, Decider, Options, Start, World},
};

/// Seeds within which a broken rule must be found. Most are found within a few.
const SEEDS: u64 = 1_500;

/// Runs schedules until one breaks the invariant.
fn found(invariant: &str, options: Options) {
    let mut schedules = Schedules::default();
    let is_it = |seed| {
        let violations = schedules.run(seed, options).unwrap().violations;
        violations.iter().any(|violation| violation.invariant == invariant)
    };
    assert!((0..SEEDS).any(is_it), "`{invariant}` was not found broken within {SEEDS} seeds");
}

fn tampered(invariant: &str, tamper: fn(&mut Plan)) {
    found(invariant, Options { tamper: Some(tamper), ..Options::default() });
}

fn decided(invariant: &str, decider: Decider) {
    found(invariant, Options { decider, ..Options::default() });
}

#[test]
fn more_targets_at_once() {
    tampered("blast radius", |plan| plan.stages.iter_mut().for_each(|stage| stage.max_concurrent += 1));
}

#[test]
fn more_failures() {
    tampered("order", |plan| plan.stages.iter_mut().for_each(|stage| stage.max_failures += 2));
    tampered("blast radius", |plan| plan.stages.iter_mut().for_each(|stage| stage.max_failures += 2));
}

#[test]
fn shorter_bakes() {
    tampered("order", |plan| plan.stages.iter_mut().for_each(|stage| stage.bake = Millis(stage.bake.0 / 2)));
}

#[test]
fn gates_left_out() {
    tampered("no gate fails open", |plan| plan.stages.iter_mut().for_each(|stage| stage.gates.clear()));
}

#[test]
fn approvals_of_anybody() {
    tampered("no gate fails open", |plan| {
        for Gate::Approval(gate) in plan.stages.iter_mut().flat_map(|stage| &mut stage.gates) {
            gate.from.clear();
        }
    });
}

#[test]
fn steps_all_at_once() {
    tampered("steps", |plan| {
        let steps = plan.stages.iter_mut().flat_map(|stage| &mut stage.targets).flat_map(|target| &mut target.steps);
        steps.for_each(|step| step.after.clear());
    });
}

#[test]
fn other_content_is_written() {
    // What runs is written again, instead of what was approved.
    tampered("what is said is what runs", |plan| {
        let targets = plan.stages.iter_mut().flat_map(|stage| &mut stage.targets);
        for service in targets.flat_map(|target| &mut target.services) {
            service.content = service.running.clone().unwrap_or_else(|| service.content.clone());
        }
    });
}

#[test]
fn patience_without_end() {
    tampered("nobody waits for a slow target", |plan| {
        let steps = plan.stages.iter_mut().flat_map(|stage| &mut stage.targets).flat_map(|target| &mut target.steps);
        steps.for_each(|step| step.limit = Millis(step.limit.0 * 100));
    });
}

#[test]
fn processes_that_never_ask_for_their_lease() {
    // Processes that often stand still while they write much, so that another takes over meanwhile.
    let stage = StageShape { targets: 4, ..StageShape::default() };
    let scenario = Shape { stages: vec![stage], services: 1, objects: 60 }.build();
    let starts = vec![Start { at_ms: 0, services: scenario.service_names(), version: 1, frame: None }];
    let chaos = Chaos { until_ms: 10_000, freezes: 3, ..Chaos::calm() };
    let is_broken = |seed, is_fenced| {
        let options = Options { is_fenced, ..Options::default() };
        let outcome = World::new(&scenario, starts.clone(), seed, chaos.clone(), options).unwrap().run();
        check(&outcome.evidence).iter().any(|violation| violation.invariant == "one rollout at a time")
    };
    assert!((0..300).any(|seed| is_broken(seed, false)));
    assert!(!(0..300).any(|seed| is_broken(seed, true)));
}

#[test]
fn answers_of_any_attempt_count() {
    decided("no gate fails open", |state, envelope| {
        let mut envelope = envelope.clone();
        if let Input::Step { step, attempt, epoch, .. } = &mut envelope.input {
            (*attempt, *epoch) = (state.steps[step.index()].attempt, state.epoch);
        }
        handle(state, &envelope)
    });
}

#[test]
fn failures_count_as_successes() {
    decided("no gate fails open", |state, envelope| {
        let mut envelope = envelope.clone();
        if let Input::Step { outcome, .. } = &mut envelope.input
            && matches!(outcome, Answer::Failed(_))
        {
            *outcome = Answer::Succeeded(Default::default());
        }
        handle(state, &envelope)
    });
}

#[test]
fn claims_that_are_not_waited_for() {
    decided("one rollout at a time", |state, envelope| {
        let mut envelope = envelope.clone();
        if let Input::Claim { answer, .. } = &mut envelope.input {
            *answer = ClaimAnswer::Granted;
        }
        handle(state, &envelope)
    });
}

#[test]
fn pauses_that_hold_nothing() {
    decided("a pause starts nothing", |state, envelope| {
        let paused = state.paused.take();
        let decision = handle(state, envelope);
        state.paused = paused;
        decision
    });
}

#[test]
fn stops_that_end_nothing() {
    decided("a stop is final", |state, envelope| {
        let stop = state.stop.take();
        let decision = handle(state, envelope);
        state.stop = stop;
        decision
    });
}

#[test]
fn bakes_that_count_what_nobody_watched() {
    decided("order", |state, envelope| {
        let mut envelope = envelope.clone();
        if let Input::Lead { unobserved_ms, .. } = &mut envelope.input {
            *unobserved_ms = 0;
        }
        handle(state, &envelope)
    });
}

#[test]
fn timers_that_are_not_heard() {
    let deaf: Decider = |state: &mut State, envelope: &Envelope| -> Result<Decision, Refusal> {
        if matches!(envelope.input, Input::Tick { .. }) { Ok(Decision::default()) } else { handle(state, envelope) }
    };
    decided("no spin", deaf);
    decided("it ends", deaf);
}

#[test]
fn targets_that_wait_for_no_reason() {
    // One step at a time in the whole fleet, whatever the plan allows.
    decided("nobody waits for a slow target", |state, envelope| {
        let frame = Arc::clone(&state.frame);
        let mut plan = frame.plan.clone();
        plan.stages.iter_mut().for_each(|stage| stage.max_concurrent = 1);
        let mut slow = Frame::new(plan).unwrap();
        Arc::get_mut(&mut slow).unwrap().hash = frame.hash.clone();
        state.frame = slow;
        let decision = handle(state, envelope);
        state.frame = frame;
        decision
    });
}

#[test]
fn decisions_by_chance() {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    decided("deterministic", |state, envelope| {
        let mut envelope = envelope.clone();
        envelope.by = Principal::new(format!("engine-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        handle(state, &envelope)
    });
}
