//! Order (invariant 1): nothing of a later stage begins before every earlier stage is verified and has baked.

use seaway_core::{
    execution::{Event, StageEnd},
    ids::StepId,
    plan::StepKind,
};

use super::{
    Facts, Findings, kind,
    replay::{Replay, Stage, Step},
};
use crate::{
    evidence::{Entry, Written},
    fleet::Author,
};

const ORDER: &str = "order";

pub(super) fn event(facts: &impl Facts, replay: &Replay, entry: &Entry, findings: &mut Findings<'_>) {
    match &entry.recorded.event {
        Event::StepStarted { step, .. } => begins(replay, *step, findings),
        Event::StageOpened { stage } => {
            if let Some(stage) = replay.frame.stage_named(stage) {
                earlier_are_done(replay, stage, findings);
            }
        }
        Event::BakeStarted { stage, until_ms } => {
            let Some(at) = replay.frame.stage_named(stage) else { return };
            let is_settled = |target: usize| replay.is_verified(target) || replay.is_failed(target);
            findings.require(ORDER, replay.targets(at).all(is_settled), || format!("{stage} bakes too early"));
            let bake_ms = replay.frame.stage(at).bake.0 as i64;
            let planned_ms = entry.recorded.at_ms + bake_ms;
            findings.require(ORDER, *until_ms >= planned_ms, || format!("{stage} bakes shorter than planned"));
        }
        Event::StageCompleted { stage, end } => {
            if let Some(at) = replay.frame.stage_named(stage) {
                completed(replay, at, *end, findings);
            }
        }
        Event::StepSucceeded { step, .. } if kind(replay, *step) == Some(StepKind::Bake) => {
            baked(facts, replay, *step, entry, findings);
        }
        Event::Succeeded => {
            let is_done = |stage: &Stage| matches!(stage, Stage::Done(_));
            findings.require(ORDER, replay.stages.iter().all(is_done), || "it succeeded with stages left".to_owned());
        }
        _ => {}
    }
}

pub(super) fn write(replay: &Replay, written: &Written, author: &Author, findings: &mut Findings<'_>) {
    begins(replay, author.step, findings);
    let status = replay.steps.get(author.step.index());
    let is_in_flight = status == Some(&Step::Running) && replay.attempts[author.step.index()] == author.attempt;
    findings.require(ORDER, is_in_flight, || {
        format!("{:?} on {} by an attempt that is not in flight", written.write.wrote, written.write.target)
    });
}

fn begins(replay: &Replay, step: StepId, findings: &mut Findings<'_>) {
    let Some(target) = replay.frame.target_of(step) else {
        findings.add(ORDER, format!("step {step} is not in the plan"));
        return;
    };
    earlier_are_done(replay, replay.frame.stage_of(target), findings);
}

fn earlier_are_done(replay: &Replay, stage: usize, findings: &mut Findings<'_>) {
    let open = replay.stages[..stage].iter().position(|earlier| !matches!(earlier, Stage::Done(_)));
    if let Some(earlier) = open {
        let (name, earlier) = (&replay.frame.stage(stage).name, &replay.frame.stage(earlier).name);
        findings.add(ORDER, format!("{name} begins although {earlier} is not done"));
    }
}

fn completed(replay: &Replay, stage: usize, end: StageEnd, findings: &mut Findings<'_>) {
    let planned = replay.frame.stage(stage);
    let (mut is_meant_to_change, mut has_changed) = (false, false);
    for target in replay.targets(stage) {
        let plan = replay.frame.target(target);
        let is_verified = replay.is_verified(target);
        is_meant_to_change |= plan.is_changed();
        has_changed |= plan.is_changed() && is_verified;
        findings.require(ORDER, is_verified || replay.is_failed(target), || {
            format!("{} is done, but {} is neither verified nor failed", planned.name, plan.name)
        });
        let is_baked = plan.steps.iter().filter(|s| s.kind == StepKind::Bake).all(|s| replay.of(s) == Step::Done);
        findings.require(ORDER, is_baked || !is_verified, || format!("{} did not bake", plan.name));
    }
    let failed = replay.failed_in(stage);
    findings.require(ORDER, failed <= planned.max_failures as usize, || {
        format!("{} is done with {failed} failed targets", planned.name)
    });
    let expected = match (is_meant_to_change, has_changed, planned.bake.0 > 0) {
        (false, _, _) => StageEnd::NoChange,
        (true, false, _) => StageEnd::NoneVerified,
        (true, true, false) => StageEnd::NoBake,
        (true, true, true) => StageEnd::Baked,
    };
    findings.require(ORDER, end == expected, || format!("{} says {end:?}, it is {expected:?}", planned.name));
}

/// A bake counts only the time during which a process watched.
fn baked(facts: &impl Facts, replay: &Replay, step: StepId, entry: &Entry, findings: &mut Findings<'_>) {
    let Some(target) = replay.frame.target_of(step) else { return };
    let stage = replay.frame.stage_of(target);
    let Stage::Baking { from_ms } = replay.stages[stage] else {
        findings.add(ORDER, format!("{} baked while its stage does not bake", replay.frame.target(target).name));
        return;
    };
    let watched_ms = facts.watched_ms(from_ms, entry.recorded.at_ms);
    let bake_ms = replay.frame.stage(stage).bake.0 as i64;
    findings.require(ORDER, watched_ms >= bake_ms, || {
        format!("{} baked for {watched_ms} of {bake_ms} ms", replay.frame.target(target).name)
    });
}

/// How much of a time lies in any of the ranges.
pub(super) fn watched(ranges: &[std::ops::Range<i64>], from_ms: i64, to_ms: i64) -> i64 {
    let mut clipped: Vec<(i64, i64)> =
        ranges.iter().map(|range| (range.start.max(from_ms), range.end.min(to_ms))).filter(|(a, b)| a < b).collect();
    clipped.sort_unstable();
    let (mut total_ms, mut until_ms) = (0, from_ms);
    for (start_ms, end_ms) in clipped {
        total_ms += (end_ms - start_ms.max(until_ms)).max(0);
        until_ms = until_ms.max(end_ms);
    }
    total_ms
}

#[cfg(test)]
mod tests {
    use super::watched;

    #[test]
    fn overlapping_watches_count_once() {
        assert_eq!(watched(&[0..10, 5..20, 30..40], 8, 35), 12 + 5);
        assert_eq!(watched(&[], 0, 10), 0);
    }
}
