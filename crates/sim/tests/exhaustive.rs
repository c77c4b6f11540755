//! Every order of everything in a small fleet: two stages of two targets, the real decider, every interleaving of
//! answers, time, people and a bounded number of faults.
//!
//! `SEAWAY_SIM_FAULTS` says how many faults may happen on the way to one state.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Instant;

use seaway_core::{
    duration::Millis,
    execution::{
        Command, Decision, Effect, Envelope, Event, FailureKind, Input, Outcome as Said, Refusal, State, handle,
    },
};
use seaway_sim::{
    fixture::{Scenario, Shape, StageShape},
    model::{Bounds, Model, Report, search},
    world::Decider,
};

/// Most states of one search: about six gigabytes.
const STATES_MAX: usize = 8_000_000;

/// Faults on the way to one state: so many in an optimised build, one in another.
fn faults(optimised: u8) -> u8 {
    let set = std::env::var("SEAWAY_SIM_FAULTS").ok();
    set.map_or(if cfg!(debug_assertions) { 1 } else { optimised }, |text| text.parse().unwrap())
}

/// Both targets of the first stage at once, with a bake; one after the other in the second, which needs approval and
/// bears a failure.
fn side_by_side() -> Scenario {
    let first = StageShape { max_concurrent: 2, bake: Millis::secs(10), ..StageShape::default() };
    let second = StageShape { max_failures: 1, approvals: vec![(1, vec!["ann"])], ..StageShape::default() };
    scenario(vec![first, second])
}

/// One after the other in the first stage, which bears a failure; in the second both at once, one of them unchanged,
/// with a bake, approved by anybody.
fn one_by_one() -> Scenario {
    let first = StageShape { max_failures: 1, ..StageShape::default() };
    let bake = Millis::secs(10);
    let approvals = vec![(1, vec![])];
    let second = StageShape { max_concurrent: 2, unchanged: 1, bake, approvals, ..StageShape::default() };
    scenario(vec![first, second])
}

fn scenario(stages: Vec<StageShape>) -> Scenario {
    let mut scenario = Shape { stages, services: 1, objects: 1 }.build();
    // Patience for one more attempt, not for two.
    scenario.environment.unreachable.give_up_after = Millis(2_000);
    scenario
}

fn run(scenario: &Scenario, decider: Decider, all: u8) -> (Model, Report) {
    // Crash, timeout, stray, transient, permanent, held, pause, stop, retry.
    let bounds = Bounds { each: [2, 1, 1, 1, 1, 1, 1, 1, 1], all };
    let model = Model::new(scenario, decider, bounds).unwrap();
    let report = search(&model, STATES_MAX).unwrap();
    (model, report)
}

fn nothing_breaks(name: &str, scenario: &Scenario, all: u8) {
    let started = Instant::now();
    let (model, report) = run(scenario, handle, all);
    println!(
        "{name}: {} states and {} moves visited in {:.1} s, every order of at most {all} faults, up to {} moves deep; \
         states that rest: {:?}, {} wait for a person; {} samples",
        report.states,
        report.moves,
        started.elapsed().as_secs_f64(),
        report.depth,
        report.ends,
        report.waits,
        report.samples,
    );
    if let Some(broken) = &report.broken {
        panic!("{}", broken.tell(&model).unwrap());
    }
    assert!(!report.is_cut, "more than {STATES_MAX} states");
    let ends = if all == 0 { &["Succeeded"][..] } else { &["Succeeded", "Failed", "Stopped"] };
    assert!(ends.iter().all(|end| report.ends.contains_key(*end)), "{:?}", report.ends);
    assert!(report.waits > 0 && (report.samples > 0 || all == 0));
}

#[test]
fn nothing_breaks_side_by_side() {
    nothing_breaks("two at once, a bake, then one by one", &side_by_side(), faults(3));
}

#[test]
fn nothing_breaks_one_by_one() {
    nothing_breaks("one by one, then both, one unchanged, and a bake", &one_by_one(), faults(2));
}

/// The search itself can fail: a broken decider must be found, and the shortest way to what it does wrong be told.
/// `moves` is how long that way may be, with so many faults.
fn found(invariant: &str, moves: usize, faults: u8, decider: Decider) {
    let (model, report) = run(&side_by_side(), decider, faults);
    let broken =
        report.broken.unwrap_or_else(|| panic!("`{invariant}` was not found broken in {} states", report.states));
    let told = broken.tell(&model).unwrap();
    assert_eq!(broken.violation.invariant, invariant, "{told}");
    assert!(told.lines().count() > broken.path.len() && broken.path.len() <= moves, "{told}");
}

fn changed(envelope: &Envelope, change: impl FnOnce(&mut Input)) -> Envelope {
    let mut envelope = envelope.clone();
    change(&mut envelope.input);
    envelope
}

#[test]
fn a_decider_that_counts_failures_as_successes_is_found() {
    found("no gate fails open", 3, 1, |state, envelope| {
        let envelope = changed(envelope, |input| {
            if let Input::Step { outcome, .. } = input
                && matches!(outcome, Said::Failed(_))
            {
                *outcome = Said::Succeeded(Default::default());
            }
        });
        handle(state, &envelope)
    });
}

#[test]
fn a_decider_that_takes_answers_of_any_attempt_is_found() {
    found("no gate fails open", 6, 2, |state, envelope| {
        let envelope = changed(envelope, |input| {
            if let Input::Step { step, attempt, epoch, .. } = input {
                (*attempt, *epoch) = (state.steps[step.index()].attempt, state.epoch);
            }
        });
        handle(state, &envelope)
    });
}

#[test]
fn a_decider_that_counts_what_nobody_watched_is_found() {
    found("order", 18, 1, |state, envelope| {
        let envelope = changed(envelope, |input| {
            if let Input::Lead { unobserved_ms, .. } = input {
                *unobserved_ms = 0;
            }
        });
        handle(state, &envelope)
    });
}

#[test]
fn a_decider_that_goes_on_during_a_pause_is_found() {
    found("a pause starts nothing", 2, 1, |state, envelope| {
        let paused = if matches!(envelope.input, Input::Command(_)) { None } else { state.paused.take() };
        let decision = handle(state, envelope);
        state.paused = paused.or(state.paused.take());
        decision
    });
}

#[test]
fn a_decider_that_takes_any_approval_is_found() {
    found("the approved plan", 1, 1, |state, envelope| {
        let hash = state.frame.hash.clone();
        let mut other = None;
        let envelope = changed(envelope, |input| {
            if let Input::Command(Command::Approve { plan, .. }) = input {
                other = Some(std::mem::replace(plan, hash));
            }
        });
        let mut decision = handle(state, &envelope)?;
        for recorded in &mut decision.events {
            if let (Event::Approved { plan, .. }, Some(other)) = (&mut recorded.event, &other) {
                *plan = other.clone();
            }
        }
        Ok(decision)
    });
}

#[test]
fn a_decider_that_is_deaf_to_time_is_found() {
    found("no hang", 1, 1, |state, envelope| match envelope.input {
        Input::Tick { .. } => Ok(Decision::default()),
        _ => handle(state, envelope),
    });
}

#[test]
fn a_decider_that_forgets_what_is_in_flight_after_a_crash_is_found() {
    found("the same end as without trouble", 3, 1, |state, envelope| {
        let mut decision = handle(state, envelope)?;
        if matches!(envelope.input, Input::Lead { .. }) {
            decision.effects.retain(|effect| matches!(effect, Effect::Claim { .. }));
        }
        Ok(decision)
    });
}

#[test]
fn a_decider_without_patience_is_found() {
    found("the same end as without trouble", 10, 1, |state, envelope| {
        let envelope = changed(envelope, |input| {
            if let Input::Step { outcome: Said::Failed(failure), .. } = input {
                failure.kind = FailureKind::Unhealthy;
            }
        });
        handle(state, &envelope)
    });
}

#[test]
fn a_decider_that_folds_otherwise_than_its_events_is_found() {
    found("fold", 3, 1, |state, envelope| -> Result<Decision, Refusal> {
        let decision = handle(state, envelope)?;
        let state: &mut State = state;
        state.retrying.clear();
        Ok(decision)
    });
}
