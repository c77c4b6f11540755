//! Steps: each starts after those that it needs, one attempt after the other, and succeeds only when it did.

use seaway_core::{execution::Event, ids::StepId};

use super::{
    Facts, Findings, kind,
    replay::{Replay, Stage, Step},
};
use crate::evidence::Entry;

const STEPS: &str = "steps";

pub(super) fn event(facts: &impl Facts, replay: &Replay, entry: &Entry, findings: &mut Findings<'_>) {
    match &entry.recorded.event {
        Event::StepStarted { step, attempt, .. } => started(replay, *step, *attempt, entry, findings),
        Event::StepProgressed { step, attempt, .. } | Event::StepFailed { step, attempt, .. } => {
            in_flight(replay, *step, *attempt, findings);
        }
        Event::StepSucceeded { step, attempt, .. } => {
            in_flight(replay, *step, *attempt, findings);
            let since = replay.since_order.get(step.index()).copied().unwrap_or(u64::MAX);
            let succeeded = facts.succeeded(*step, *attempt, replay.epoch, entry.order);
            let has_succeeded = succeeded.is_some_and(|order| order >= since);
            // No gate fails open (invariant 6): what the record says was seen, was seen.
            findings.require("no gate fails open", has_succeeded, || {
                format!("{:?} {step} did not succeed on the fleet", kind(replay, *step))
            });
        }
        _ => {}
    }
}

fn started(replay: &Replay, step: StepId, attempt: u32, entry: &Entry, findings: &mut Findings<'_>) {
    let Some(planned) = replay.frame.step(step) else { return };
    let status = replay.of(planned);
    let may_start = match status {
        Step::Idle => true,
        Step::Backoff { until_ms } => entry.recorded.at_ms >= until_ms,
        Step::Running | Step::Done | Step::Failed => false,
    };
    findings.require(STEPS, may_start, || format!("{step} starts, but it is {status:?}"));
    let before = replay.attempts[step.index()];
    findings.require(STEPS, attempt == before + 1, || format!("{step} attempt {attempt} follows {before}"));
    let is_ready = planned.after.iter().all(|after| replay.steps[after.index()] == Step::Done);
    findings.require(STEPS, is_ready, || format!("{step} starts before what it needs"));
    let stage = replay.frame.target_of(step).map(|target| replay.stages[replay.frame.stage_of(target)]);
    let is_open = match (planned.kind, stage) {
        (seaway_core::plan::StepKind::Bake, Some(Stage::Baking { .. })) => true,
        (seaway_core::plan::StepKind::Bake, _) => false,
        (_, stage) => stage == Some(Stage::Open),
    };
    findings.require(STEPS, is_open, || format!("{step} starts, but its stage is {stage:?}"));
}

fn in_flight(replay: &Replay, step: StepId, attempt: u32, findings: &mut Findings<'_>) {
    let is_known = replay.steps.get(step.index()) == Some(&Step::Running);
    let is_same = is_known && replay.attempts[step.index()] == attempt;
    findings.require(STEPS, is_same, || format!("{step} attempt {attempt} is answered, but not in flight"));
}
