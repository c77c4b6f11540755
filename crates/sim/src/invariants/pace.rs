//! Pace (invariant 7): a slow or dead target holds its own slot for its own limit, and nobody else's.

use super::{
    Findings,
    replay::{Replay, Stage, Step},
};

const PACE: &str = "nobody waits for a slow target";

/// How long after its limit an attempt without an answer must have ended, in milliseconds: the decider's own grace,
/// and the longest time for which a simulated process stands still.
const GRACE_MS: i64 = 5_000 + 15_000;

pub(super) fn after_decision(replay: &Replay, now_ms: i64, findings: &mut Findings<'_>) {
    if replay.end.is_some() || replay.is_stopping {
        return;
    }
    for (index, status) in replay.steps.iter().enumerate() {
        if *status != Step::Running {
            continue;
        }
        let step = seaway_core::ids::StepId(index as u32);
        let Some((planned, target)) = replay.frame.step(step).zip(replay.frame.target_of(step)) else { continue };
        // A bake's end moves with the time that nobody watched; that it ends at all is seen by the rollout's end.
        if matches!(replay.stages[replay.frame.stage_of(target)], Stage::Baking { .. }) {
            continue;
        }
        let ends_ms = replay.since_ms[index] + planned.limit.0 as i64 + GRACE_MS;
        findings.require(PACE, now_ms <= ends_ms, || format!("{step} is in flight long after its limit"));
    }
    if replay.has_claim && !replay.is_paused {
        work_goes_on(replay, findings);
    }
}

/// A free slot is used at once.
fn work_goes_on(replay: &Replay, findings: &mut Findings<'_>) {
    let Some(stage) = replay.stages.iter().position(|stage| !matches!(stage, Stage::Done(_))) else { return };
    if replay.stages[stage] != Stage::Open {
        return;
    }
    let planned = replay.frame.stage(stage);
    let in_flight = replay.targets(stage).filter(|target| replay.is_in_flight(*target)).count();
    let is_settled = |target: &usize| replay.is_verified(*target) || replay.is_failed(*target);
    let waiting = replay.targets(stage).filter(|target| !is_settled(target)).count() - in_flight;
    let is_over = replay.failed_in(stage) > planned.max_failures as usize;
    findings.require(PACE, waiting == 0 || is_over || in_flight >= planned.max_concurrent as usize, || {
        format!("{waiting} targets of {} wait although only {in_flight} are in flight", planned.name)
    });
}
